"""Listeners of other packages: called before and after, outside of locks; only Refuse stops."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.cli import Ran, spawn_cli
from tests.support.gates import gate, set_gates
from tests.support.packages import install
from tests.support.repos import TestRepo

SOURCE = """
import fcntl, json, os
import gitlanes

def _note(name):
    def listen(event):
        with open(os.path.join(event.repository, "lanes", "lock"), "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # nobody holds it
        result = event.result and event.result.to_dict()["schema"]
        with open(os.environ["HEARD"], "a") as file:
            row = [name, event.lane, event.attempt, event.into, event.agent, result]
            file.write(json.dumps(row) + "\\n")
        _act(os.environ.get("ACT", ""), name)
    return listen

def _act(act, name):
    what, _, when = act.partition(" ")
    if when == name and what == "refuse":
        raise gitlanes.Refuse("not on a friday", hint="wait")
    if when == name and what == "exit":
        raise SystemExit("bye")
    if when == name:
        raise RuntimeError("no telephone")

for verb in ("propose", "accept", "reject", "promote", "push"):
    for phase in ("pre", "post"):
        globals()[f"{phase}_{verb}"] = _note(f"{phase}_{verb}")
"""


@pytest.fixture
def environ(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The hermetic environment, with a package of listeners installed."""
    place = tmp_path / "site"
    install(place, "listeners", SOURCE, {"gitlanes.hooks": {"ears": ""}})
    paths = f"{place}{os.pathsep}{environ['PYTHONPATH']}"
    return {**environ, "PYTHONPATH": paths, "HEARD": str(tmp_path / "heard")}


def lanes(repo: TestRepo, *args: str, act: str = "") -> Ran:
    """Run a command in a process of its own, where listeners do that."""
    return spawn_cli(repo.path, {**repo.environ, "ACT": act}, *args)


def heard(tmp_path: Path) -> list[list[str | None]]:
    """Return what was heard, and forget it."""
    place = tmp_path / "heard"
    rows = [json.loads(x) for x in place.read_text().splitlines()] if place.exists() else []
    place.unlink(missing_ok=True)
    return rows


def test_what_listeners_are_told(repo: TestRepo, tmp_path: Path) -> None:
    """Each verb tells before and after itself, with names and, after it, the result."""
    repo.write({"a.py": "1\n"}, repo.lane("auth"))
    assert lanes(repo, "propose", "auth", "-m", "w", "--agent", "me").code == 0
    assert heard(tmp_path) == [
        ["pre_propose", "auth", None, None, "me", None],
        ["post_propose", "auth", None, None, "me", "gitlanes.proposal/1"],
    ]
    assert lanes(repo, "reject", "auth/1", "--by", "boss").code == 0
    assert heard(tmp_path) == [
        ["pre_reject", None, "auth/1", None, "boss", None],
        ["post_reject", None, "auth/1", None, "boss", "gitlanes.decision/1"],
    ]
    lanes(repo, "propose", "auth", "-m", "w")
    heard(tmp_path)
    assert lanes(repo, "accept", "auth/2").code == 0
    assert heard(tmp_path) == [
        ["pre_accept", "auth", "auth/2", None, None, None],
        ["post_accept", "auth", "auth/2", None, None, "gitlanes.decision/1"],
    ]
    assert lanes(repo, "promote", "auth", "--into", "main").code == 0
    assert heard(tmp_path) == [
        ["pre_promote", "auth", None, "main", None, None],
        ["post_promote", "auth", None, "main", None, "gitlanes.promotion/1"],
    ]


def test_a_push(repo: TestRepo, tmp_path: Path) -> None:
    """It tells where to, and may be refused; a refused one has moved nothing."""
    remote = tmp_path / "remote.git"
    repo.git("clone", "--quiet", "--bare", ".", str(remote))
    repo.git("remote", "add", "origin", str(remote))
    refused = lanes(repo, "push", act="refuse pre_push")
    assert (refused.code, refused.err) == (128, "error: not on a friday\nhint: wait\n")
    assert repo.git("ls-remote", "origin", "refs/lanes/*") == ""
    assert heard(tmp_path) == [["pre_push", None, None, "origin", None, None]]
    assert lanes(repo, "push").code == 0
    assert heard(tmp_path) == [
        ["pre_push", None, None, "origin", None, None],
        ["post_push", None, None, "origin", None, "gitlanes.pushed/1"],
    ]


def test_a_commit_is_both(repo: TestRepo, tmp_path: Path) -> None:
    """It proposes and accepts, amending too, and where gates say no, it rejects."""
    place = repo.lane("auth")
    repo.write({"a.py": "1\n"}, place)
    assert lanes(repo, "commit", "auth", "-m", "w").code == 0
    names = [x[0] for x in heard(tmp_path)]
    assert names == ["pre_propose", "pre_accept", "post_accept", "post_propose"]
    assert lanes(repo, "commit", "auth", "--amend", "-m", "v").code == 0
    assert [x[0::2] for x in heard(tmp_path)] == [
        ["pre_propose", "auth/1", None],
        ["pre_accept", "auth/1", None],
        ["post_accept", "auth/1", None],
        ["post_propose", "auth/1", None],
    ]
    set_gates(repo, gate("g", "false"))
    repo.write({"a.py": "2\n"}, place)
    assert lanes(repo, "commit", "auth", "-m", "w").code == 1
    names = [x[0] for x in heard(tmp_path)]
    assert names == ["pre_propose", "pre_accept", "pre_reject", "post_reject"]


@pytest.mark.parametrize(
    ("verb", "args"),
    [
        ("propose", ("propose", "auth", "-m", "w")),
        ("accept", ("commit", "auth", "-m", "w")),
        ("accept", ("commit", "auth", "--amend", "-m", "w")),
        ("promote", ("promote", "auth")),
    ],
)
def test_refusing(repo: TestRepo, verb: str, args: tuple[str, ...]) -> None:
    """A listener that refuses stops the verb before anything happened."""
    repo.write({"b.py": "1\n"}, repo.lane("auth", {"a.py": "1\n"}))
    refs = repo.refs()
    done = lanes(repo, *args, act=f"refuse pre_{verb}")
    assert done == Ran(128, "", "error: not on a friday\nhint: wait\n")
    assert repo.refs() == refs


def test_a_late_refusal_changes_nothing(repo: TestRepo) -> None:
    """After the verb it is told, and that is all."""
    repo.work("auth", {"a.py": "1\n"})
    done = lanes(repo, "promote", "auth", act="refuse post_promote")
    assert (done.code, done.err) == (
        0,
        "warning: hook 'ears' cannot refuse what has happened: not on a friday\n",
    )


@pytest.mark.parametrize(
    ("phase", "act", "said"),
    [("pre", "exit", "SystemExit: bye"), ("post", "fail", "RuntimeError: no telephone")],
)
def test_a_listener_s_failure_stops_nobody(repo: TestRepo, phase: str, act: str, said: str) -> None:
    """It is told in a warning, and the verb goes on; so it does if the listener wants to end it."""
    repo.work("auth", {"a.py": "1\n"})
    done = lanes(repo, "promote", "auth", act=f"{act} {phase}_promote")
    assert (done.code, done.err) == (
        0,
        f"warning: hook 'ears' failed in {phase}_promote: {said}\n",
    )


def test_a_listener_that_cannot_be_loaded(repo: TestRepo, tmp_path: Path) -> None:
    """It is told, the others hear, and the work goes on."""
    install(tmp_path / "site", "wrong", "import nothing_like_it\n", {"gitlanes.hooks": {"x": ""}})
    repo.work("auth", {"a.py": "1\n"})
    done = lanes(repo, "promote", "auth")
    assert (done.code, done.err) == (
        0,
        (
            "warning: hook 'x' cannot be loaded: ModuleNotFoundError: "
            "No module named 'nothing_like_it'\n"
        ),
    )
    assert [x[0] for x in heard(tmp_path)] == ["pre_promote", "post_promote"]


def test_that_nobody_listens_is_remembered(repo: TestRepo, tmp_path: Path) -> None:
    """Where there are none, nothing is looked for again until packages come or go."""
    plain = {**repo.environ, "PYTHONPATH": str(Path(__file__).parent.parent)}
    script = (
        "import sys; from gitlanes.cli.main import call\n"
        "code = call(['propose', 'auth', '-m', 'w'])\n"
        "print(code, 'importlib.metadata' in sys.modules)\n"
    )
    place, said, late = repo.lane("auth"), [], tmp_path / "late"
    late.mkdir()
    ours, more = plain["PYTHONPATH"], f"{plain['PYTHONPATH']}{os.pathsep}{late}"
    for number, paths in enumerate((ours, ours, more, ours, more)):
        if number == 4:  # a package comes
            install(late, "other", SOURCE, {"gitlanes.hooks": {"late": ""}})
        repo.write({"a.py": f"{number}\n"}, place)
        command = [sys.executable, "-c", script]
        environ = {**plain, "PYTHONPATH": paths}
        done = subprocess.run(
            command, cwd=repo.path, env=environ, capture_output=True, text=True, check=True
        )
        said.append(done.stdout.splitlines()[-1])
    assert said == ["0 True", "0 False", "0 True", "0 False", "0 True"]
    assert [x[0] for x in heard(tmp_path)] == ["pre_propose", "post_propose"]
