"""Laying a lane's attempts on a head that moved on, beside `git rebase` of the same commits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.kit import git_side
from benchmarks.kit.forests import change, path_of
from benchmarks.kit.landings import contents
from benchmarks.kit.measuring import Bench, Side
from tests.support.repos import TestRepo

ATTEMPTS = 20


@pytest.mark.parametrize("files", [1_000, 100_000])
def test_sync(bench: Bench, forest: Callable[..., TestRepo], files: int) -> None:
    """Twenty attempts of one file each; the parent has 3 others; both workspaces go along."""
    repo = forest(files)
    theirs = places(repo)

    def prepare(number: int) -> str:
        head = repo.lanes.head("ground")
        work = change(repo, head, contents(path_of, number, range(3)))
        repo.lanes.new("source", start=work, workspace=False)
        repo.lanes.promote("source", into="ground", mode="squash")
        repo.lanes.delete("source")
        return repo.lanes.head("ground")

    def check(head: str) -> None:
        ours = repo.workspace("rows")
        for where in (ours, theirs):
            assert repo.git("rev-parse", f"HEAD~{ATTEMPTS}", cwd=where) == head
            assert repo.git("status", "--porcelain", cwd=where) == ""
        trees = [repo.git("rev-parse", "HEAD^{tree}", cwd=where) for where in (ours, theirs)]
        assert trees[0] == trees[1]

    bench.compare(
        f"sync {ATTEMPTS} attempts in process, {files:,} files",
        lambda _: repo.lanes.sync("rows"),
        Side("git rebase", lambda head: rebase(repo, theirs, head), times=0.2),
        prepare=prepare,
        check=check,
    )
    repo.lanes.remove_workspace("rows", force=True)


def places(repo: TestRepo) -> Path:
    """Make a lane with its attempts, and a plain work tree of the same commits; return that."""
    repo.lanes.new("ground", workspace=False)
    repo.lanes.new("rows", on="ground")
    for number in range(ATTEMPTS):
        repo.commit("rows", {f"rows/{number}.txt": f"{number}\n"})
    theirs = repo.path.with_name("rows-by-git")
    repo.git("worktree", "add", "--quiet", "--detach", str(theirs), repo.lanes.head("rows"))
    return theirs


def rebase(repo: TestRepo, where: Path, commit: str) -> None:
    """Rebase the work tree's commits with git."""
    git_side.run(["git", "rebase", "--quiet", commit], where, repo.environ)
