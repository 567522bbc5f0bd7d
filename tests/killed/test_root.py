"""The repository's own directory, after a command in it was killed."""

from __future__ import annotations

import pytest

from tests.support.crashing import Crashes
from tests.support.observed import left_behind
from tests.support.repos import TestRepo


@pytest.mark.parametrize("step", ["git read-tree", "replace index.lock"])
def test_a_snapshot_finishes_a_following_first(repo: TestRepo, crashes: Crashes, step: str) -> None:
    """What is saved is what the command would have left, and git works again."""
    repo.write({"auth.py": "2\n"})
    ended = crashes.run(repo.path, repo.environ, "commit", "main", before=step)
    assert ended.killed, ended.err
    repo.lanes.snapshot("main")
    assert (repo.git("status", "--porcelain"), left_behind(repo)) == ("", [])
    assert repo.rev("main") == repo.rev("refs/lanes/head/main")
