"""Git's lock files: those that a killed command left go, those in use are waited for."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitlanes.errors import Locked
from gitlanes.git import lock_files
from gitlanes.git.processes import any_git_process
from tests.support.repos import TestRepo


@pytest.fixture
def until(repo: TestRepo) -> Iterator[int]:
    """Leave a git there that waits for input, as a killed command does, until this is closed."""
    its, ours = os.pipe()
    script = "exec 3<&0; git update-ref --stdin <&3 &"
    with os.fdopen(ours, "wb"):
        subprocess.run(["sh", "-c", script], cwd=repo.path, env=repo.environ, stdin=its, check=True)
        os.close(its)
        while not any_git_process(str(repo.path / ".git")):
            pass
        yield ours


@pytest.fixture
def lock(repo: TestRepo) -> Path:
    """A lock that some git took on HEAD."""
    path = repo.path / ".git/HEAD.lock"
    path.touch()
    return path


def removed(repo: TestRepo, lock: Path) -> bool:
    """Remove the lock as what a killed command left."""
    return lock_files.remove_named([str(lock)], str(repo.path / ".git"))


def test_a_git_that_goes_on(
    repo: TestRepo, lock: Path, until: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lock stays, and whoever needs it is told to try again."""
    del until
    monkeypatch.setattr(lock_files, "_PATIENCE", 0.2)
    with pytest.raises(Locked, match=r"HEAD\.lock' is held"):
        removed(repo, lock)
    assert lock.exists()


def test_a_git_that_is_about_to_end(repo: TestRepo, lock: Path, until: int) -> None:
    """It is waited for, then its lock goes."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    timer = threading.Timer(0.5, os.dup2, (nothing, until))
    timer.start()
    assert removed(repo, lock)
    timer.join()
    os.close(nothing)
    assert not lock.exists()


def test_a_git_that_lets_go(repo: TestRepo, lock: Path, until: int) -> None:
    """It may go on running: nothing of a killed command was there."""
    del until
    timer = threading.Timer(0.5, lock.unlink)
    timer.start()
    assert not removed(repo, lock)
    timer.join()
