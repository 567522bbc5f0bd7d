"""Workspaces that are given what the team's file orders, once somebody trusts it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from gitlanes import Waiver, clock
from gitlanes.config import workspace
from gitlanes.config.gates import line_of
from gitlanes.errors import Negative, Refused, SetupFailed
from gitlanes.models.records import DELETED
from gitlanes.workspaces import bringing, finding, ports, removal
from tests.support.cli import Ran
from tests.support.gates import set_gates
from tests.support.repos import TestRepo

SHELL = ("sh", "-c")


def order(repo: TestRepo, *, trusted: bool = True, **keys: Any) -> None:
    """Let a person commit what workspaces are given, and trust it."""
    set_gates(repo, workspace=keys)
    if trusted:
        repo.lanes.trust()


def lie(repo: TestRepo, files: Mapping[str, str]) -> None:
    """Put files into the repository's own directory that no commit gets."""
    (repo.path / ".git/info/exclude").write_text("".join(f"/{x}\n" for x in files))
    repo.write(files)


def record_of(place: Path) -> Any:
    """Return what a workspace's record says that it was given."""
    git_dir = (place / ".git").read_text().removeprefix("gitdir: ").strip()
    return json.loads(Path(git_dir, "lanes.json").read_text())["given"]


def test_files_come_and_no_attempt_has_them(repo: TestRepo) -> None:
    """Copies, clones, links and what commands made are there, and are nobody's work."""
    kept = {".env": "key\n", "conf/a.local": "a\n", "deps/m/x": "x\n", "shared/y": "y\n"}
    repo.write(kept)
    (repo.path / "deps/away").symlink_to("/etc")
    (repo.path / "deps/.git").write_text("gitdir: elsewhere\n")
    repo.git("config", "advice.addEmbeddedRepo", "false")
    text = {
        "copy": [".env", "conf/*.local"],
        "link": ["shared"],
        "clone": ["deps"],
        "setup": [[*SHELL, "mkdir out; echo $K > out/k; echo more > kept.txt"]],
        "env": {"K": "v w"},
    }
    (repo.path / ".git/info/exclude").write_text("".join(f"/{x.split('/')[0]}\n" for x in kept))
    (repo.path / ".worktreeinclude").write_text("# files\n\nextra\n")
    rows = [f"{key} = {json.dumps(value)}" for key, value in text.items() if key != "env"]
    rows += ["env = {K = 'v w'}"]
    (repo.path / ".gitlanes.toml").write_text("\n".join(["[workspace]", *rows, ""]))
    repo.save({})
    repo.write({"extra": "e\n"})
    (repo.path / ".git/info/exclude").write_text("")  # what is untracked comes, too
    repo.lanes.trust()
    place = repo.lane("auth")
    assert (place / ".env").read_text() == "key\n"
    assert (place / "extra").read_text() == "e\n"
    assert (place / "out/k").read_text() == "v w\n"
    assert (place / "deps/m/x").read_text() == "x\n"
    assert os.readlink(place / "deps/away") == "/etc"
    assert not (place / "deps/.git").exists()
    assert os.readlink(place / "shared") == str(repo.path / "shared")
    repo.git("add", "--all", "--force", cwd=place)  # as an agent may
    repo.lanes.commit("auth", message="w")
    added = set(repo.files("refs/lanes/head/auth")) - set(repo.files("main"))
    assert added == {"kept.txt", "out/k"}
    assert repo.lanes.status("auth").unsaved == ()


def test_without_trust_there_is_a_workspace_and_nothing_more(repo: TestRepo, cli: Any) -> None:
    """Nothing runs, nothing is copied, and it is said how to go on; then that works."""
    lie(repo, {".env": "key\n"})
    order(repo, trusted=False, copy=[".env"], setup=[["touch", "ran"]], ports=["PORT"])
    made = cli("new", "auth")
    assert made.code == 0
    assert made.err == (
        "warning: '.gitlanes.toml' in lane 'main' is not trusted yet, so no workspace is set up by "
        "it; read it, then: git lanes trust main && git lanes workspace provision auth\n"
    )
    place = repo.workspace("auth")
    assert not (place / ".env").exists()
    assert not (place / "ran").exists()
    assert cli("workspace", "env", "auth") == Ran(0, "", "")
    with pytest.raises(Refused, match="not trusted yet"):
        repo.lanes.provision_workspace("auth")
    shown = "copy: .env\nsetup: touch ran\nports: PORT\n"
    assert cli("trust", "--show").out.startswith(shown)
    repo.lanes.trust()
    done = repo.lanes.provision_workspace("auth")
    assert (done.copied, done.ran, list(done.ports)) == (1, ("touch ran",), ["PORT"])
    assert repo.lanes.provision_workspace("auth").copied == 0
    # A lane cannot order anything for itself, nor for those made from it.
    repo.write({".gitlanes.toml": "[workspace]\nsetup = [['touch', 'evil']]\n"}, place)
    repo.lanes.commit("auth", message="w", waiver=Waiver(allow_protected=True))
    assert not (repo.lane("other") / "evil").exists()
    repo.lanes.new("from", start="auth")
    assert not (repo.workspace("from") / "evil").exists()
    repo.lanes.distrust()
    assert repo.lanes.workspace_environment("auth") == {}


def test_nothing_leads_out_and_nothing_is_overwritten(repo: TestRepo, tmp_path: Path) -> None:
    """Links are not followed on either side, and what a lane has stays as it is."""
    outside = tmp_path / "outside"
    repo.write({"secret": "s\n"}, outside)
    order(repo, copy=["*.key", "auth.py", "in/x"], link=["away", "src"], clone=["gone", "via/d"])
    (repo.path / "a.key").symlink_to(outside / "secret")
    (repo.path / "away").symlink_to(outside)
    (repo.path / "via").symlink_to(outside)
    repo.write({"in/x": "x\n", "b.key": "b\n"})
    repo.lanes.new("here", workspace=False)
    place = tmp_path / "repo.lanes/auth"
    repo.git("rm", "--quiet", "--cached", "auth.py")  # untracked there, and the lane's own
    repo.write({"auth.py": "theirs\n"})
    repo.lanes.new("auth")
    repo.git("reset", "--quiet")
    place = repo.workspace("auth")
    assert sorted(os.listdir(place)) == [".git", ".gitlanes.toml", "auth.py", "b.key", "in", "src"]
    assert (place / "auth.py").read_text() == "login\n"
    assert not (place / "src").is_symlink()
    told = repo.lanes.take_warnings()
    assert [x.split("' is not ")[0] for x in told] == ["'a.key", "'src", "'away", "'gone", "'via/d"]
    # In the workspace a link may stand in the way.
    (place / "in/x").unlink()
    (place / "in").rmdir()
    (place / "in").symlink_to(outside)
    repo.lanes.provision_workspace("auth")
    assert os.listdir(outside) == ["secret"]


WRONG = (
    ("link = ['../x']", 2, "workspace.link: '../x' leads out"),
    ("clone = ['/etc']", 2, "workspace.clone: '/etc' leads out"),
    ("link = ['a/.GIT']", 2, "workspace.link: 'a/.GIT' is git's own"),
    ("\nsetup = ['npm ci']", 3, "workspace.setup: not a command"),
    ("setup = [[]]", 2, "workspace.setup: a command names no program"),
    ("setup = [{args = ['a'], makes = ['b']}]", 2, "makes and inputs go together"),
    ("ports = ['A-B']", 2, "'A-B' is no name of a variable"),
    ("env = {A = 1}", 2, "workspace.env: a variable's value is a text"),
    ("copy = 'x'", 2, "workspace.copy: not a list of texts"),
    ("other = 1", 2, "workspace.other: unknown setting"),
    ("timeout = 'x'", 2, "workspace.timeout: not a duration"),
)


def test_what_cannot_be_understood(repo: TestRepo, cli: Any) -> None:
    """The line of a fault is told, nothing is made, and `config --validate` tells, too."""
    for text, line, problem in WRONG:
        data = f"[workspace]\n{text}\n"
        (wrong,) = workspace.read(tomllib.loads(data)).misfits
        assert (line_of(data, wrong), problem in f"{wrong.where}: {wrong.problem}") == (line, True)
    repo.save({".gitlanes.toml": data})
    done = cli("new", "auth")
    assert (done.code, done.out) == (128, "")
    assert f".gitlanes.toml:{line} in lane 'main': {problem}" in done.err
    assert [x.name for x in repo.lanes.lanes().lanes] == ["main"]
    assert problem in cli("config", "--validate").out


def test_a_failure_takes_the_creation_back(repo: TestRepo, cli: Any) -> None:
    """What was just made goes again, what was there stays, and the output is shown."""
    lie(repo, {".env": "key\n"})
    repo.lanes.new("before", workspace=False)
    order(repo, copy=[".env"], setup=[["true"], [*SHELL, "sleep 300 & echo boo; exit 3"]])
    done = cli("new", "auth")
    shown = "sh -c 'sleep 300 & echo boo; exit 3'"
    assert done == Ran(
        128,
        "",
        f"'{shown}':\n  boo\nerror: workspace 'auth' could not be set up: '{shown}': exit code 3\n"
        "hint: see [workspace] of '.gitlanes.toml'\n",
    )
    with pytest.raises(SetupFailed):
        repo.lanes.create_workspace("before")
    assert [x.name for x in repo.lanes.lanes().lanes] == ["before", "main"]
    assert len(repo.git("worktree", "list").splitlines()) == 1
    place = repo.path.with_name("repo.lanes")
    assert not place.is_dir() or os.listdir(place) == []
    with repo.inner() as inner:
        assert inner.view.find("auth").record.status == DELETED  # type: ignore[union-attr]
    order(repo, setup=[["true"]])
    assert repo.lanes.new("auth").created
    # A file that cannot be written stops it as well.
    order(repo, copy=["x" * 250])
    repo.write({"x" * 250: "too long a name until it is whole\n"})
    with pytest.raises(SetupFailed, match="file name too long"):
        repo.lanes.new("long")
    assert "long" not in [x.name for x in repo.lanes.lanes().lanes]


def test_removal_knows_what_it_brought(repo: TestRepo) -> None:
    """Copies as they were go silently, a changed one is the user's, and no link is followed."""
    lie(repo, {".env": "key\n", "conf/x": "x\n", "shared/y": "y\n"})
    with (repo.path / ".git/info/exclude").open("a") as file:
        file.write("/conf\n")
    order(repo, copy=[".env", "conf/x"], link=["shared"])
    place = repo.lane("auth")
    repo.write({".env": "mine\n"}, place)
    with pytest.raises(Refused, match=r"may hold secrets: '\.env'"):
        repo.lanes.remove_workspace("auth")
    (place / ".env").unlink()
    repo.lanes.remove_workspace("auth")
    assert (repo.path / "shared/y").read_text() == "y\n"
    place = repo.lane("careful")
    with repo.inner() as inner:
        found = finding.named(inner, "careful")
        repo.write({"conf/other": "mine\n"}, place)
        with (
            pytest.raises(Refused, match="has ignored files: 'conf/'"),
            removal.removing(inner, found, force=False, careful=True),
        ):
            pass
        (place / "conf/other").unlink()
        with removal.removing(inner, found, force=False, careful=True):
            pass
    assert not place.exists()


def test_what_was_made_of_the_same_inputs_is_kept(repo: TestRepo) -> None:
    """A command need not run again until one of its inputs, or itself, is another one."""
    step = {"args": [*SHELL, "mkdir -p out; echo x >> out/n"], "makes": ["out"], "inputs": ["lock"]}
    text = json.dumps(step["args"])
    toml = f"[workspace]\nsetup = [{{args = {text}, makes = ['out'], inputs = ['lock']}}]\n"
    repo.save({".gitlanes.toml": toml, "lock": "1\n"})
    repo.lanes.trust()
    place = repo.lane("auth")
    done = repo.lanes.provision_workspace("auth")
    assert (done.ran, len(done.kept)) == ((), 1)
    repo.write({"lock": "2\n"}, place)
    assert len(repo.lanes.provision_workspace("auth").ran) == 1
    assert (place / "out/n").read_text() == "x\n"  # begun anew


def test_ports_are_leased(repo: TestRepo, tmp_path: Path, cli: Any) -> None:
    """Each can be bound and is one workspace's own, in all repositories, until that goes."""
    order(repo, ports=["PORT", "DB"], env={})
    repo.lane("auth")
    first = repo.lanes.workspace_environment("auth")
    other = TestRepo.make(tmp_path / "other", repo.environ)
    order(other, ports=["PORT"])
    other.lane("auth")
    second = other.lanes.workspace_environment("auth")
    assert len({first["PORT"], first["DB"], second["PORT"]}) == 3
    assert cli("workspace", "env", "auth").out == (
        f"export PORT={first['PORT']}\nexport DB={first['DB']}\n"
    )
    with socket.socket() as held:
        held.bind(("", int(first["PORT"])))
        held.listen()
        repo.lanes.remove_workspace("auth")
        repo.lanes.create_workspace("auth")
        again = repo.lanes.workspace_environment("auth")
    assert again["PORT"] != first["PORT"]  # somebody listens there
    assert again["DB"] in (first["DB"], str(int(first["DB"]) + 1))
    listed = json.loads(cli("workspace", "list", "--json").out)["workspaces"]
    assert {x["lane"]: x["ports"] for x in listed}["auth"] == {
        name: int(port) for name, port in again.items()
    }
    assert ports.FIRST <= int(again["PORT"]) <= ports.LAST
    other.close()


def test_a_kill_leaves_a_mark_that_is_gone_on_from(repo: TestRepo) -> None:
    """What was begun is finished by the next command that makes that workspace."""
    lie(repo, {".env": "key\n"})
    order(repo, copy=[".env"], setup=[[*SHELL, "test -e go"]])
    with pytest.raises(SetupFailed):
        repo.lanes.new("auth")
    order(repo, copy=[".env"], setup=[["true"]])
    place = repo.lane("auth")
    half = place / (".env" + os.fsdecode(bringing.HALF))
    half.write_text("k")
    git_dir = Path((place / ".git").read_text().removeprefix("gitdir: ").strip())
    body = json.loads((git_dir / "lanes.json").read_text())
    body["given"]["begun"] = True
    (git_dir / "lanes.json").write_text(json.dumps(body))
    (place / ".env").unlink()
    assert repo.lanes.status("auth").unsaved == ()  # half a file is no work
    repo.lanes.create_workspace("auth")
    assert not half.exists()
    assert (place / ".env").read_text() == "key\n"
    assert not record_of(place)["begun"]


def test_nothing_is_ordered(repo: TestRepo) -> None:
    """Then there is nothing to do, and it is said."""
    repo.lane("auth")
    with pytest.raises(Negative, match="nothing is ordered"):
        repo.lanes.provision_workspace("auth")


def start(repo: TestRepo, *args: str) -> subprocess.Popen[bytes]:
    """Start a command in a process of its own."""
    command = [sys.executable, "-m", "gitlanes", *args]
    return subprocess.Popen(
        command, cwd=repo.path, env=repo.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_several_at_once(repo: TestRepo) -> None:
    """Each gets its own; one that fails takes back nothing but itself."""
    order(repo, setup=[[*SHELL, 'test "$(basename "$PWD")" != bad']], ports=["PORT"])
    running = {name: start(repo, "new", name) for name in ("one", "two", "bad", "three")}
    codes = {name: (x.communicate(), x.returncode)[1] for name, x in running.items()}
    assert codes == {"one": 0, "two": 0, "bad": 128, "three": 0}
    assert {x.name for x in repo.lanes.lanes().lanes} == {"main", "one", "two", "three"}
    assert sorted(os.listdir(repo.path.with_name("repo.lanes"))) == ["one", "three", "two"]
    leased = {repo.lanes.workspace_environment(x)["PORT"] for x in ("one", "two", "three")}
    assert len(leased) == 3


def test_ctrl_c_leaves_nothing(repo: TestRepo, tmp_path: Path) -> None:
    """What runs is ended with all that it started, and the creation is taken back."""
    mark = tmp_path / "mark"
    order(repo, setup=[[*SHELL, f"echo $$ > {mark}.new; mv {mark}.new {mark}; sleep 300; true"]])
    running = start(repo, "new", "auth")
    while not mark.exists():
        assert running.poll() is None
        clock.sleep(0.01)
    running.send_signal(signal.SIGINT)
    running.communicate()
    assert running.returncode == 130
    assert not psutil.pid_exists(int(mark.read_text()))
    assert [x.name for x in repo.lanes.lanes().lanes] == ["main"]
    assert len(repo.git("worktree", "list").splitlines()) == 1
