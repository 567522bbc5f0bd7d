"""`put`, `wait` and `propose --rejected` at the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.support.cli import Ran, spawn_cli, start_cli
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def test_put(repo: TestRepo, cli: Cli, tmp_path: Path) -> None:
    """A file or standard input is put, proposed or deleted; errors name what is wrong."""
    repo.lanes.new("docs", workspace=False)
    (tmp_path / "page").write_bytes(b"\xff\0page\n")
    done = cli("put", "docs", "docs/page", str(tmp_path / "page"), "--agent", "w", "--tag", "t")
    assert (done.code, done.out.split(" ")[:2]) == (0, ["accepted", "docs/1"])
    assert repo.lanes.cat("docs", "docs/page") == b"\xff\0page\n"
    piped = spawn_cli(
        repo.path, repo.environ, "put", "docs", "b", "--no-accept", "--json", stdin="b\n"
    )
    made = json.loads(piped.out)
    assert (made["schema"], made["attempt"]["status"]) == ("gitlanes.proposal/1", "proposed")
    assert cli("put", "docs", "auth.py", "--delete", "-m", "Away").code == 0
    assert "auth.py" not in repo.files("refs/lanes/head/docs")
    same = cli("put", "docs", "docs/page", str(tmp_path / "page"))
    assert (same.code, same.err.splitlines()[0]) == (
        1,
        "error: nothing to propose: lane 'docs' has this content already",
    )
    for args, code, error in (
        (("../x", str(tmp_path / "page")), 129, "error: bad path '../x'"),
        (("x", "nowhere"), 128, "error: no such file or directory 'nowhere'"),
        (
            (".env", str(tmp_path / "page")),
            128,
            "error: '.env' may hold secrets, so it is not taken in",
        ),
        (("x", "y", "--delete"), 129, "error: --delete and FILE exclude each other"),
    ):
        ran = cli("put", "docs", *args)
        assert (ran.code, ran.err.splitlines()[0]) == (code, error)


def test_wait(repo: TestRepo, cli: Cli) -> None:
    """It ends with what changed, as text or JSON, and with 1 when time is up."""
    repo.lane("auth")
    repo.propose("auth", {"auth.py": "1\n"})
    assert cli("wait", "auth/1", "main", "--timeout", "1s").err.startswith(
        "error: nothing changed in 1s\n"
    )
    waiting = start_cli(repo.path, repo.environ, "wait", "auth/1", "--json", "--timeout", "60s")
    repo.lanes.accept("auth/1")
    out, _ = waiting.communicate()
    found = json.loads(out)
    assert (found["schema"], len(found["changes"])) == ("gitlanes.changes/1", 1)
    (one,) = found["changes"]
    assert (one["name"], one["attempt"]["status"], one["lane"]["name"]) == (
        "auth/1",
        "accepted",
        "auth",
    )
    assert cli("wait", "auth/1").out == "auth/1 accepted\n"
    assert cli("wait", "nowhere").code == 128
    assert cli("wait").code == 129


def test_what_broke_off(repo: TestRepo, cli: Cli) -> None:
    """It was never open, HEAD and files stay, and it takes nobody's place."""
    place = repo.lane("auth")
    repo.propose("auth", {"good.py": "g\n"})
    repo.write({"half.py": "h\n"}, place)
    repo.git("add", "half.py", cwd=place)
    repo.git("commit", "--quiet", "--message=own", cwd=place)
    before = repo.lanes.show("auth/1").attempts[0].attempt.commit
    done = cli("propose", "auth", "--rejected", "connection lost", "--agent", "c")
    assert (done.code, done.out.split(" ")[:2]) == (0, ["rejected", "auth/2"])
    assert repo.git("rev-parse", "HEAD", cwd=place) == before
    assert repo.git("status", "--porcelain", cwd=place) == "?? half.py"
    told = repo.lanes.show("auth/2").attempts[0]
    assert (told.attempt.by, told.attempt.reason) == ("c", "connection lost")
    assert [x.id for x in repo.lanes.lane("auth").open] == ["auth/1"]
    again = cli("propose", "auth", "--rejected", "again")
    assert again.err.startswith("error: nothing to propose: auth/2 has this content, and is rej")
    assert repo.lanes.propose("auth").superseded == ("auth/1",)
