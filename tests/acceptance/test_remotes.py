"""What gitlanes promises about several machines, through the command line."""

from __future__ import annotations

from pathlib import Path

from tests.support.cli import Ran, run_cli
from tests.support.clones import Clones


def test_two_machines(tmp_path: Path, environ: dict[str, str]) -> None:
    """30. Machines A and B push different lanes, both converge.

    On one lane with colliding paths the pull reports it diverged with both heads kept; pulling
    twice is a no-op.
    """
    clones = Clones(tmp_path, environ, "a")
    a = clones[0]
    done = run_cli(tmp_path, environ, "clone", str(clones.server), "b")
    assert (done.code, done.out) == (
        0,
        f"cloned into {tmp_path}/b with 1 lane, its directory belongs to lane main\n",
    )
    places = {"a": a.path, "b": tmp_path / "b"}

    def cli(machine: str, *args: str) -> Ran:
        return run_cli(places[machine], environ, *args)

    for machine, lane in (("a", "auth"), ("b", "docs")):
        assert cli(machine, "new", lane).code == 0
        where = Path(cli(machine, "path", lane).out.strip())
        (where / f"{lane}.txt").write_text("new\n")
        assert cli(machine, "commit", lane, "-m", f"work of {lane}").code == 0
        assert cli(machine, "push").code == 0
    assert cli("a", "pull").code == 0
    assert cli("a", "list").out == cli("b", "list").out
    assert cli("a", "history").out == cli("b", "history").out
    assert cli("b", "workspace", "create", "auth").code == 0

    for machine in "ba":
        where = Path(cli(machine, "path", "auth").out.strip())
        (where / "same.txt").write_text(f"{machine}\n")
        assert cli(machine, "commit", "auth", "-m", f"of {machine}").code == 0
    ours, theirs = (cli(x, "show", "auth", "--json").json["lane"]["head"] for x in "ab")
    assert cli("b", "push").code == 0
    first = cli("a", "pull")
    assert first.code == 1
    assert "collision: 'same.txt': this clone added it in auth/2" in first.err
    said = f"error: lane 'auth' has diverged: {ours[:12]} here, {theirs[:12]} on 'origin'"
    assert said in first.err
    before = a.refs()
    again = cli("a", "pull")
    assert (again.code, again.err, again.out) == (1, first.err, "")
    assert a.refs() == before
    assert a.files(ours)["same.txt"] == "a"
    assert a.files(theirs)["same.txt"] == "b"
    assert f"  on 'origin': {theirs}\n" in cli("a", "show", "auth").out
    status = cli("a", "remote", "status", "--json").json["lanes"]
    auth = next(x for x in status if x["lane"] == "auth")
    assert (auth["state"], auth["here"], auth["there"]) == ("diverged", ours, theirs)
    a.fsck()
    clones.close()
