"""The kit itself: a lane's whole way, so that a broken kit is seen first."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.cli import Ran
from tests.support.repos import TestRepo


def test_a_lane_lands_on_main(repo: TestRepo, cli: Callable[..., Ran]) -> None:
    """A lane's committed work is on the branch, in the files and in git's own log."""
    repo.lane("auth", {"new.txt": "new\n"})
    done = cli("promote", "auth")
    assert (done.code, done.err) == (0, "")
    assert (repo.path / "new.txt").read_text() == "new\n"
    assert repo.git("status", "--porcelain") == ""
    repo.fsck()
