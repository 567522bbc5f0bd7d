"""Gates that are Python entry points: called in a process of their own, which can be ended."""

from __future__ import annotations

import os
from io import BytesIO
from pathlib import Path

import pytest

from gitlanes.gates.python_gates import Answers
from tests.gates.test_flow import attempt, judged
from tests.support.cli import Ran, spawn_cli
from tests.support.gates import set_gates
from tests.support.packages import install
from tests.support.repos import TestRepo

SOURCE = """
import os, sys, time

def yes(context):
    return True

def no(context):
    print("looked at", context.changed, "of", context.lane)
    return False

def told(context):
    content = (context.path / "auth.py").read_text()
    return {"passed": "BAD" not in content, "reason": "it has BAD", "score": len(content),
            "here": os.getcwd() == str(context.path), "name": context.name, "tree": context.tree}

def odd(context):
    return "yes"

def broken(context):
    raise RuntimeError("out of order")

def slow(context):
    time.sleep(300)

def liar(context):
    os.write(1, b"x"); return {"passed": True, "data": object()}

def nan(context):
    return {"passed": True, "score": float("nan")}

def torn(context):
    return {"passed": True, "reason": "\\ud800"}

def huge(context):
    return {"passed": True, "data": "x" * 70000}

def wordy(context):
    return {"passed": False, "reason": "no " * 9000}
"""
NAMES = ("yes", "no", "told", "odd", "broken", "slow", "liar", "nan", "torn", "huge", "wordy")


@pytest.fixture
def environ(environ: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """The hermetic environment, with a package of gates installed."""
    place = tmp_path / "site"
    install(place, "ourgates", SOURCE, {"gitlanes.gates": {x: f":{x}" for x in NAMES}})
    return {**environ, "PYTHONPATH": f"{place}{os.pathsep}{environ['PYTHONPATH']}"}


def commit(repo: TestRepo, name: str, text: str = "1\n", **more: object) -> Ran:
    """Commit in lane auth with that gate alone."""
    repo.lanes.new("auth", exist_ok=True)
    set_gates(repo, {"name": "g", "python": name, **more})
    place = repo.workspace("auth")
    repo.write({"auth.py": text}, place)
    # As the installed command: what lies in the workspace is none of its modules.
    return spawn_cli(place, {**repo.environ, "PYTHONSAFEPATH": "1"}, "commit", "-m", "w")


def test_yes_and_no(repo: TestRepo) -> None:
    """What it returns is the verdict; what it prints is kept."""
    assert commit(repo, "yes").code == 0
    done = commit(repo, "no", "2\n")
    assert (done.code, done.err.splitlines()[:2]) == (
        1,
        ["gate 'g':", "  looked at ('auth.py',) of auth"],
    )


def test_a_reason_and_data(repo: TestRepo) -> None:
    """A dict has the verdict, a reason, and whatever it wants to have recorded."""
    assert commit(repo, "told", "12\n").code == 0
    head = repo.lanes.head("auth")
    (said,) = judged(repo, head)
    tree = repo.rev(f"{head}^{{tree}}")
    assert said["data"] == {"score": 3, "here": True, "name": "g", "tree": tree}
    done = commit(repo, "told", "BAD\n", retries=1)
    assert (done.code, "gate 'g' failed: it has BAD" in done.err) == (1, True)


@pytest.mark.parametrize("name", ["odd", "broken", "liar", "nan", "torn", "huge"])
def test_what_is_no_yes_is_a_no(repo: TestRepo, name: str) -> None:
    """Another value, an exception, an answer that cannot be told: none of them lets pass."""
    done = commit(repo, name)
    assert done.code == 1
    assert attempt(repo, "auth/1").status == "rejected"
    assert name != "broken" or "RuntimeError: out of order" in done.err
    assert judged(repo, attempt(repo, "auth/1").commit)[-1]["passed"] is False


def test_a_long_reason_is_cut(repo: TestRepo) -> None:
    """A reason is a line or two; what is longer is its beginning."""
    assert commit(repo, "wordy").code == 1
    said = judged(repo, attempt(repo, "auth/1").commit)
    assert [len(x["reason"]) for x in said if x["name"] == "g"] == [1000]


def test_an_answer_that_another_hand_wrote() -> None:
    """Of what could not be recorded nothing is taken."""
    for said in (b'{"reason": "\\ud800"}', b'{"x": NaN}', b"[1]", b'"' + b"x" * 70000 + b'"'):
        assert Answers(BytesIO(), BytesIO(said)).read() == {}
    assert Answers(BytesIO(), BytesIO(b'{"x": 1}')).read() == {"x": 1}


def test_it_can_be_ended(repo: TestRepo) -> None:
    """Its timeout ends it as it ends any command."""
    done = commit(repo, "slow", timeout="2s")
    assert (done.code, "not done after 2 s" in done.err) == (1, True)


def test_one_that_is_not_installed(repo: TestRepo) -> None:
    """That says nothing about the work: the attempt waits."""
    done = commit(repo, "absent")
    assert (done.code, done.err.splitlines()[0]) == (
        128,
        "error: gate 'g' cannot run: no entry point 'absent' is installed",
    )
    assert attempt(repo, "auth/1").status == "proposed"


def test_judged_work_is_not_imported(repo: TestRepo) -> None:
    """A module of the judged work takes no library's place, nor the gates' own."""
    for name in ("json.py", "ourgates.py", "gitlanes.py"):
        (repo.path / name).write_text("raise SystemExit(0)\n")
    repo.save({})
    assert commit(repo, "no").code == 1
