"""Promotion of three files in process where the target moved on, beside git's own merge."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from benchmarks.kit import git_side
from benchmarks.kit.forests import path_of, wide_path_of
from benchmarks.kit.landings import Waiting, ready, trunk
from benchmarks.kit.measuring import Bench, Side
from tests.support.repos import TestRepo

PIPELINE = "merge-tree, commit-tree, update-ref"
ROUNDS = 25


@pytest.mark.parametrize("files", [1_000, 50_000])
def test_by_size(bench: Bench, forest: Callable[..., TestRepo], files: int) -> None:
    """A promotion costs no more than git's three processes."""
    repo = forest(files, bare=True)
    into = trunk(repo)
    bench.compare(
        f"promote in process, {files:,} files",
        Waiting.with_lanes,
        Side(PIPELINE, Waiting.with_git),
        prepare=lambda number: ready(repo, into, path_of, number),
        check=Waiting.check,
        rounds=ROUNDS,
    )


def test_million(bench: Bench, wide: tuple[TestRepo, int]) -> None:
    """A promotion among a million files costs no more than git's three processes."""
    repo, side = wide
    into = trunk(repo)
    bench.compare(
        f"promote in process, {side**3:,} files",
        Waiting.with_lanes,
        Side(PIPELINE, Waiting.with_git),
        prepare=lambda number: ready(repo, into, far_apart(side), number),
        check=Waiting.check,
        rounds=ROUNDS,
    )


def test_growth(bench: Bench, forest: Callable[..., TestRepo], wide: tuple[TestRepo, int]) -> None:
    """A promotion among a million files costs at most twice one among a thousand."""
    (large, side), small = wide, forest(1_000, bare=True)
    targets = trunk(large), trunk(small)

    def prepare(number: int) -> tuple[Waiting, Waiting]:
        in_large = ready(large, targets[0], far_apart(side), number)
        return in_large, ready(small, targets[1], path_of, number)

    bench.compare(
        f"promote in process, {side**3:,} files",
        lambda both: both[0].with_lanes(),
        Side("ours, 1,000 files", lambda both: both[1].with_lanes(), times=2),
        prepare=prepare,
        rounds=ROUNDS,
    )


def test_bound(bench: Bench, forest: Callable[..., TestRepo]) -> None:
    """A promotion whose branch follows costs at most twice what git takes to move both."""
    repo = forest(1_000, bare=True)

    def with_git(waiting: Waiting) -> None:
        waiting.with_git()
        command = ["git", "update-ref", "refs/heads/follows", waiting.target]
        git_side.run(command, repo.path, repo.environ)

    bench.compare(
        "promote in process, 1,000 files, branch follows",
        Waiting.with_lanes,
        Side(f"{PIPELINE} x 2", with_git, times=2),
        prepare=lambda number: ready(repo, "main", path_of, number),
        check=Waiting.check,
        rounds=ROUNDS,
    )


def far_apart(side: int) -> Callable[[int], str]:
    """Return a namer of files in different directories of the wide repository."""
    return lambda number: wide_path_of(number * (side * side // 29 + 1), side)
