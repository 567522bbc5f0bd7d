"""A new lane with its workspace, beside `git worktree add`."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.kit import git_side
from benchmarks.kit.forests import path_of
from benchmarks.kit.measuring import BY_SIDES, NO_BAR, Bench, Side
from tests.support.repos import TestRepo


@pytest.mark.parametrize("files", [1_000, 10_000, 50_000])
def test_new(bench: Bench, forest: Callable[..., TestRepo], files: int) -> None:
    """Both write all the files."""
    repo = forest(files)
    theirs = repo.path.with_name("new-by-git")

    def with_git(_: int) -> None:
        add = ["git", "worktree", "add", "--quiet", "--detach", str(theirs), "main"]
        git_side.run(add, repo.path, repo.environ)

    def check(_: int) -> None:
        ours = repo.workspace("fresh")
        assert (ours / path_of(0)).read_bytes() == (theirs / path_of(0)).read_bytes()
        assert repo.git("status", "--porcelain", cwd=ours) == ""
        repo.lanes.delete("fresh")
        discard(repo, theirs)

    bench.compare(
        f"new lane with a workspace of {files:,} files, in process",
        lambda _: repo.lanes.new("fresh"),
        Side("git worktree add", with_git, times=1.2),
        check=check,
        bar=BY_SIDES if files >= 10_000 else NO_BAR,
        rounds=5,
    )


def discard(repo: TestRepo, where: Path) -> None:
    """Remove a plain work tree."""
    shutil.rmtree(where)
    repo.git("worktree", "prune")
