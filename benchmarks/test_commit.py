"""Committing a workspace's changes, beside `git add -A && git commit`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.kit import git_side
from benchmarks.kit.forests import path_of
from benchmarks.kit.landings import contents
from benchmarks.kit.measuring import BY_SIDES, NO_BAR, Bench, Side
from tests.support.repos import TestRepo


@pytest.mark.parametrize("files", [1_000, 50_000])
def test_commit(bench: Bench, forest: Callable[..., TestRepo], files: int) -> None:
    """Three changed files, in two work trees of the same repository."""
    repo = forest(files)
    ours, theirs = places(repo)

    def prepare(number: int) -> None:
        for where in (ours, theirs):
            repo.write(contents(path_of, number, range(3)), where)

    def check(_: None) -> None:
        head = repo.lanes.head("commits")
        assert repo.rev(f"{head}^{{tree}}") == repo.git("write-tree", cwd=theirs)

    bench.compare(
        f"commit 3 files in process, {files:,} in the workspace",
        lambda _: repo.lanes.commit("commits", message="work"),
        Side("git add -A && git commit", lambda _: commit(repo, theirs), times=1.3),
        prepare=prepare,
        check=check,
        bar=BY_SIDES if files >= 10_000 else NO_BAR,
        rounds=15,
    )
    repo.lanes.remove_workspace("commits", force=True)


def places(repo: TestRepo) -> tuple[Path, Path]:
    """Make a lane's workspace, and a plain work tree of the same commit."""
    repo.lanes.new("commits")
    theirs = repo.path.with_name("commits-by-git")
    repo.git("worktree", "add", "--quiet", "--detach", str(theirs), repo.lanes.head("commits"))
    return repo.workspace("commits"), theirs


def commit(repo: TestRepo, where: Path) -> None:
    """Commit everything with git."""
    git_side.run(["git", "add", "-A"], where, repo.environ)
    git_side.run(["git", "commit", "--quiet", "-m", "work"], where, repo.environ)
