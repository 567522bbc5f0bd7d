"""Mending by a command that git itself started, and what stands in its way."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.killed.scenes import Stage, stage_of
from tests.support.crashing import Crashes


@pytest.fixture
def cut(tmp_path: Path, environ: dict[str, str], crashes: Crashes) -> Stage:
    """A promotion killed with its files half moved, and the index lock of the killed git."""
    stage = stage_of("promote", tmp_path / "stage", environ, crashes)
    stage.reset()
    assert stage.run("promote", "auth", before="git read-tree").killed
    (stage.repo.path / ".git/index.lock").touch()
    (stage.repo.path / "auth.py").unlink()
    return stage


def _git_lanes(stage: Stage, *args: str) -> subprocess.CompletedProcess[str]:
    scripts = Path(sys.executable).parent
    environ = {**stage.repo.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        ["git", "lanes", *args],
        cwd=stage.repo.path,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )


def test_git_lanes_is_no_git_command_at_work(cut: Stage) -> None:
    """`git lanes` does not take itself, or another one, for a git that holds the stale lock."""
    other = subprocess.Popen(
        ["git", "cat-file", "--batch"], cwd=cut.repo.path, stdin=subprocess.PIPE
    )
    done = _git_lanes(cut, "promote", "auth")
    other.communicate()
    assert (done.returncode, done.stderr.count("error")) == (1, 1)
    assert "snapshot main/s1" in done.stderr
    assert (cut.repo.path / "auth.py").read_text() == "login, better\n"
    assert cut.repo.git("status", "--porcelain") == ""
    assert cut.repo.rev("refs/heads/main") == cut.repo.rev("refs/lanes/head/main")
    cut.use_git()


def test_a_lock_stays_while_git_runs(cut: Stage) -> None:
    """While a git command runs here that may hold the lock, it stays; then it goes."""
    other = subprocess.Popen(
        ["git", "update-index", "--stdin"], cwd=cut.repo.path, stdin=subprocess.PIPE
    )
    time.sleep(0.1)
    _git_lanes(cut, "promote", "auth")
    assert (cut.repo.path / ".git/index.lock").exists()
    other.communicate()
    _git_lanes(cut, "promote", "auth")
    assert cut.repo.git("status", "--porcelain") == ""
    cut.use_git()


def test_an_edit_in_the_way_is_no_torn_file(
    tmp_path: Path, environ: dict[str, str], crashes: Crashes
) -> None:
    """Killed before git began to move files, the edit in the way stays as it is."""
    stage = stage_of("promote", tmp_path / "stage", environ, crashes)
    stage.reset()
    stage.repo.write({"auth.py": "my own edit\n"})
    assert stage.run("promote", "auth", before="git read-tree").killed
    assert stage.run("promote", "auth").code == stage.scene.done
    assert (stage.repo.path / "auth.py").read_text() == "my own edit\n"
    assert stage.repo.git("status", "--porcelain") == " M auth.py"
