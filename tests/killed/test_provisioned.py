"""Workspaces that are set up: killed on the way, by one's own hand and by a failing command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.killed.scenes import FILES, failing
from tests.support.crashing import Crashes, places
from tests.support.observed import left_behind
from tests.support.repos import TestRepo


@pytest.mark.slow
def test_killed_while_a_creation_is_taken_back(
    tmp_path: Path, environ: dict[str, str], crashes: Crashes
) -> None:
    """Killed at any step, nothing of it is there after the command repeated, or all, and marked."""
    repo = TestRepo.make(tmp_path / "first", environ, FILES)
    failing(repo)
    steps = crashes.run(repo.path, environ, "new", "auth").steps
    known = places(steps)
    # The taking back begins with the end of the last state that the making wrote.
    begin = max(i for i, x in enumerate(steps) if x.startswith("replace lanes.json")) - 12
    for number in range(max(begin, 0), len(steps), 9):
        repo = TestRepo.make(tmp_path / str(number), environ, FILES)
        failing(repo)
        assert crashes.run(repo.path, environ, "new", "auth", before=known[number]).killed
        for _ in range(3):
            again = crashes.run(repo.path, environ, "new", "auth")
            if again.code != 75:
                break
        step = steps[number]
        assert (again.code, "could not be set up" in again.err) == (128, True), (step, again.err)
        if "auth" in [x.name for x in repo.lanes.lanes().lanes]:  # somebody may have worked there
            assert (repo.workspace("auth") / "kept.txt").exists(), step
            repo.lanes.delete("auth", force=True)
        assert [x.name for x in repo.lanes.lanes().lanes] == ["main"], step
        assert len(repo.git("worktree", "list").splitlines()) == 1, step
        assert left_behind(repo) == []
        repo.close()
