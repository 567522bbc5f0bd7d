"""Bringing a workspace to the lane's head, beside `git checkout` of the same commit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.kit import git_side
from benchmarks.kit.forests import change, path_of
from benchmarks.kit.landings import contents
from benchmarks.kit.measuring import BY_SIDES, NO_BAR, Bar, Bench, Side
from tests.support.repos import TestRepo


@pytest.mark.parametrize(("files", "bar"), [(1_000, NO_BAR), (50_000, BY_SIDES)])
def test_update(bench: Bench, forest: Callable[..., TestRepo], files: int, bar: Bar) -> None:
    """Three changed files, in two work trees of the same repository."""
    repo = forest(files)
    ours, theirs = places(repo)

    def prepare(number: int) -> str:
        head = repo.lanes.head("updates")
        work = change(repo, head, contents(path_of, number, range(3)))
        repo.lanes.new("source", start=work, workspace=False)
        repo.lanes.promote("source", into="updates")
        repo.lanes.delete("source")
        return repo.lanes.head("updates")

    def check(head: str) -> None:
        for where in (ours, theirs):
            assert repo.git("rev-parse", "HEAD", cwd=where) == head
            assert repo.git("status", "--porcelain", cwd=where) == ""

    bench.compare(
        f"update 3 files in process, {files:,} in the workspace",
        lambda _: repo.lanes.update_workspace("updates"),
        Side("git checkout", lambda head: checkout(repo, theirs, head), times=1.3),
        prepare=prepare,
        check=check,
        bar=bar,
        rounds=15,
    )
    repo.lanes.remove_workspace("updates", force=True)


def places(repo: TestRepo) -> tuple[Path, Path]:
    """Make a lane's workspace, and a plain work tree of the same commit."""
    repo.lanes.new("updates")
    theirs = repo.path.with_name("updates-by-git")
    repo.git("worktree", "add", "--quiet", "--detach", str(theirs), repo.lanes.head("updates"))
    return repo.workspace("updates"), theirs


def checkout(repo: TestRepo, where: Path, commit: str) -> None:
    """Check a commit out with git."""
    git_side.run(["git", "checkout", "--quiet", "--detach", commit], where, repo.environ)
