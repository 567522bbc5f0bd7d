"""Commands that end while gates run: by Ctrl-C, by SIGKILL; and what the next command finds."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path

import psutil
import pytest

from tests.gates.test_flow import attempt, judged, runs
from tests.support.cli import start_cli
from tests.support.gates import gate, set_gates
from tests.support.repos import TestRepo


@pytest.fixture
def place(repo: TestRepo, tmp_path: Path) -> Path:
    """The workspace of lane auth, with work that a gate judges as long as there is no file 'go'."""
    script = (
        f"echo run >> {tmp_path}/runs; echo $$ > {tmp_path}/pid; "
        f"while [ ! -e {tmp_path}/go ]; do sleep 0.05; done"
    )
    set_gates(repo, gate("g", script), gates={"jobs": 1})
    found = repo.lane("auth")
    repo.write({"auth.py": "1\n"}, found)
    return found


def begun(repo: TestRepo, place: Path, tmp_path: Path, *args: str) -> subprocess.Popen[str]:
    """Start a command and wait until its gate runs."""
    (tmp_path / "pid").unlink(missing_ok=True)
    process = start_cli(place, repo.environ, *args)
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text().strip():
        assert process.poll() is None, process.communicate()
        time.sleep(0.01)
    return process


def gate_lives(tmp_path: Path) -> bool:
    """Say whether the gate runs."""
    pid = int((tmp_path / "pid").read_text())
    if not psutil.pid_exists(pid):
        return False
    return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)


def test_an_interrupted_commit(repo: TestRepo, place: Path, tmp_path: Path) -> None:
    """Ctrl-C ends the gate; the attempt is open, and another commit takes its place."""
    process = begun(repo, place, tmp_path, "commit", "-m", "w")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate()
    assert (process.returncode, err) == (130, "error: interrupted\n")
    assert not gate_lives(tmp_path)
    assert attempt(repo, "auth/1").status == "proposed"
    assert repo.git("status", "--porcelain", cwd=place) == ""
    (tmp_path / "go").touch()
    made = repo.lanes.commit("auth", message="w")
    assert (made.attempt.id, made.attempt.status, made.superseded) == (
        "auth/2",
        "accepted",
        ("auth/1",),
    )
    repo.fsck()


def test_a_killed_commit(repo: TestRepo, place: Path, tmp_path: Path) -> None:
    """After SIGKILL the attempt is open and can be accepted, though the gate runs on somewhere."""
    process = begun(repo, place, tmp_path, "commit", "-m", "w")
    process.kill()
    process.communicate()
    assert attempt(repo, "auth/1").status == "proposed"
    assert gate_lives(tmp_path)
    pid = int((tmp_path / "pid").read_text())
    other = begun(repo, place, tmp_path, "accept", "auth/1")  # in another directory: that is in use
    assert int((tmp_path / "pid").read_text()) != pid
    (tmp_path / "go").touch()
    out, err = other.communicate()
    assert (other.returncode, out[:15], err) == (0, "accepted auth/1", "")
    assert runs(tmp_path, "runs") == 2
    assert [x["passed"] for x in judged(repo, repo.lanes.head("auth"))] == [True]
    assert sorted(x.name for x in place.parent.iterdir()) == ["@gates-1", "@gates-2", "auth"]
    repo.fsck()


def test_a_killed_promotion(repo: TestRepo, place: Path, tmp_path: Path) -> None:
    """Nothing has happened, and it is repeated."""
    (tmp_path / "go").touch()
    repo.lanes.commit("auth", message="w")
    (tmp_path / "go").unlink()
    repo.save({"other.py": "1\n"})
    process = begun(repo, place, tmp_path, "promote")
    refs = repo.refs()
    process.kill()
    process.communicate()
    assert repo.refs() == refs
    (tmp_path / "go").touch()
    assert repo.lanes.promote("auth").head == repo.rev("main")


def test_a_rejection_that_came_meanwhile(repo: TestRepo, place: Path, tmp_path: Path) -> None:
    """While gates run others decide as they like: the verdict comes too late."""
    process = begun(repo, place, tmp_path, "commit", "-m", "w")
    repo.lanes.reject("auth/1")
    (tmp_path / "go").touch()
    _, err = process.communicate()
    assert (process.returncode, err.splitlines()[0]) == (128, "error: auth/1 is rejected already")
