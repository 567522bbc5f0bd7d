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


@pytest.mark.parametrize(
    ("files", "lane"), [(1_000, "rows"), (1_000, "rows-alone"), (100_000, "rows")]
)
def test_sync(bench: Bench, forest: Callable[..., TestRepo], files: int, lane: str) -> None:
    """Twenty attempts of one file each; the parent has 3 others; workspaces go along."""
    repo, alone = forest(files), lane == "rows-alone"
    theirs = places(repo, lane, alone=alone)

    def prepare(number: int) -> str:
        head = repo.lanes.head("ground")
        work = change(repo, head, contents(path_of, number, range(3)))
        repo.lanes.new("source", start=work, workspace=False)
        repo.lanes.promote("source", into="ground", mode="squash")
        repo.lanes.delete("source")
        return repo.lanes.head("ground")

    def check(head: str) -> None:
        ours = repo.path if alone else repo.workspace(lane)
        where = {ours: repo.lanes.head(lane), theirs: repo.git("rev-parse", "HEAD", cwd=theirs)}
        for place, commit in where.items():
            assert repo.rev(f"{commit}~{ATTEMPTS}") == head
            assert repo.git("status", "--porcelain", cwd=place) == ""
        assert len({repo.rev(f"{x}^{{tree}}") for x in where.values()}) == 1
        assert alone or repo.git("rev-parse", "HEAD", cwd=ours) == where[ours]

    bench.compare(
        f"sync {ATTEMPTS} attempts in process, {'no workspace' if alone else f'{files:,} files'}",
        lambda _: repo.lanes.sync(lane),
        Side("git rebase", lambda head: rebase(repo, theirs, head), times=0.2),
        prepare=prepare,
        check=check,
    )
    if not alone:
        repo.lanes.remove_workspace(lane, force=True)


def places(repo: TestRepo, lane: str, *, alone: bool) -> Path:
    """Make a lane with its attempts, and a plain work tree of the same commits; return that."""
    repo.lanes.new("ground", workspace=False, exist_ok=True)
    repo.lanes.new(lane, on="ground", workspace=not alone)
    for number in range(ATTEMPTS):
        name = f"{lane}/{number}.txt"
        if alone:
            repo.lanes.put_file(lane, name, b"%d\n" % number)
        else:
            repo.commit(lane, {name: f"{number}\n"})
    theirs = repo.path.with_name(f"{lane}-by-git")
    repo.git("worktree", "add", "--quiet", "--detach", str(theirs), repo.lanes.head(lane))
    return theirs


def rebase(repo: TestRepo, where: Path, commit: str) -> None:
    """Rebase the work tree's commits with git."""
    git_side.run(["git", "rebase", "--quiet", commit], where, repo.environ)
