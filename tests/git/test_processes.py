"""Which git processes are at work in a repository."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Iterator

import pytest

from gitlanes.git.processes import any_git_process, stays_busy
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


def test_one_that_goes_on(repo: TestRepo, until: int) -> None:
    """It is waited for, and then the repository is busy."""
    del until
    assert stays_busy(str(repo.path / ".git"))


def test_one_that_is_about_to_end(repo: TestRepo, until: int) -> None:
    """It is waited for until it has."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    timer = threading.Timer(0.5, os.dup2, (nothing, until))
    timer.start()
    assert not stays_busy(str(repo.path / ".git"))
    timer.join()
    os.close(nothing)
