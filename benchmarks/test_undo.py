"""Taking a commit of a lane back, workspace included, beside `git reset --keep HEAD^`."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.kit import git_side
from benchmarks.kit.forests import path_of
from benchmarks.kit.measuring import Bar, Bench, Side
from tests.support.repos import TestRepo


@pytest.mark.parametrize("files", [1_000, 50_000])
def test_undo(bench: Bench, forest: Callable[..., TestRepo], files: int) -> None:
    """Three changed files in a workspace of its own, and in a plain work tree."""
    repo = forest(files)
    repo.lanes.new("back")
    ours, theirs = repo.workspace("back"), repo.path.with_name("back-by-git")
    head = repo.lanes.head("back")
    repo.git("worktree", "add", "--quiet", "--detach", str(theirs), head)

    def prepare(number: int) -> str:
        edits = {path_of(x): f"{number}\n" for x in range(3)}
        repo.commit("back", edits)
        repo.write(edits, theirs)
        repo.git("commit", "--quiet", "--all", "--message=work", cwd=theirs)
        return head

    def check(head: str) -> None:
        for where in (ours, theirs):
            assert repo.git("rev-parse", "HEAD", cwd=where) == head
            assert repo.git("status", "--porcelain", cwd=where) == ""

    bench.compare(
        f"undo a commit of 3 files in process, {files:,} in the workspace",
        lambda _: repo.lanes.undo(lane="back"),
        Side(
            "git reset --keep",
            lambda _: git_side.run(
                ["git", "reset", "--quiet", "--keep", "HEAD^"], theirs, repo.environ
            ),
        ),
        prepare=prepare,
        check=check,
        bar=Bar(at_most_ms=50),
    )
    repo.lanes.remove_workspace("back", force=True)
