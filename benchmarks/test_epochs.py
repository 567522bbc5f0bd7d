"""Journals written anew by compaction and a purge, beside git that only reads, and by length."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.kit import git_side
from benchmarks.kit.forests import grow
from benchmarks.kit.measuring import NO_BAR, Bench, Side
from benchmarks.kit.past import busy, grown
from gitlanes import Intent
from gitlanes.store import layout
from tests.support.repos import TestRepo

MANY, FEW = 5_000, 500
ROUNDS = 3
JOURNAL = layout.journal("busy")
# Ten times as long, it may take ten times as long, and a little for what does not grow evenly.
EVENLY = 12.0


@pytest.fixture(scope="module")
def old(
    place: Path, environ: dict[str, str], size: Callable[[int], int]
) -> Iterator[Callable[[int], TestRepo]]:
    """A maker of bare repositories whose lane 'busy' has that many attempts."""

    def make(attempts: int) -> TestRepo:
        home = place / f"epochs-{attempts}" / "repo"
        return grown(grow(home, environ, 10, bare=True), size(attempts))

    with busy(make) as find:
        yield find


def test_compact(bench: Bench, old: Callable[[int], TestRepo]) -> None:
    """A long journal, of which git reads the messages."""
    repo = old(MANY)
    log = ["git", "log", "--first-parent", "--format=%B", JOURNAL]
    bench.compare(
        f"compact a journal of {MANY:,} attempts, in process",
        lambda _: repo.lanes.compact("busy"),
        Side("git log of it", lambda _: git_side.run(log, repo.path, repo.environ)),
        prepare=lambda _: repo.rev(JOURNAL),
        check=lambda tip: compacted(repo, tip),
        bar=NO_BAR,
        rounds=ROUNDS,
    )


def test_compact_by_length(bench: Bench, old: Callable[[int], TestRepo]) -> None:
    """The same beside one a tenth as long."""
    bench.compare(
        f"compact a journal of {MANY:,} attempts, in process",
        lambda _: old(MANY).lanes.compact("busy"),
        Side(f"ours of {FEW}", lambda _: old(FEW).lanes.compact("busy"), times=EVENLY),
        prepare=lambda _: {x: old(x).rev(JOURNAL) for x in (MANY, FEW)},
        check=lambda tips: all_compacted(old, tips),
        rounds=ROUNDS,
    )


def compacted(repo: TestRepo, tip: str) -> None:
    """Assert that the journal began anew; then put it back to where it was."""
    (last,) = repo.lanes.operations("busy", limit=1).operations
    assert last.verb == "compact"
    repo.git("update-ref", JOURNAL, tip)


def all_compacted(old: Callable[[int], TestRepo], tips: dict[int, str]) -> None:
    """Do the same for several."""
    for attempts, tip in tips.items():
        compacted(old(attempts), tip)


def test_purge(bench: Bench, old: Callable[[int], TestRepo]) -> None:
    """A secret in the last attempt's prompt, where git reads all the objects that there are."""
    repo = old(MANY)
    every = ["git", "cat-file", "--batch-all-objects", "--batch", "--unordered"]
    bench.compare(
        f"purge a secret among {MANY:,} attempts, in process",
        lambda secret: purge(repo, secret),
        Side("git cat-file of all", lambda _: git_side.run(every, repo.path, repo.environ)),
        prepare=lambda number: leaked(repo, number),
        bar=NO_BAR,
        rounds=ROUNDS,
    )


def test_purge_by_length(bench: Bench, old: Callable[[int], TestRepo]) -> None:
    """The same beside a tenth of the attempts."""
    bench.compare(
        f"purge a secret among {MANY:,} attempts, in process",
        lambda secret: purge(old(MANY), secret),
        Side(f"ours among {FEW}", lambda secret: purge(old(FEW), secret), times=EVENLY),
        prepare=lambda number: {leaked(old(x), number + 100) for x in (MANY, FEW)}.pop(),
        rounds=ROUNDS,
    )


def leaked(repo: TestRepo, number: int) -> str:
    """Record an attempt whose prompt has a secret; return that."""
    secret = f"correct horse {number} battery"
    intent = Intent(prompt=f"log in with {secret}")
    repo.lanes.put_file("busy", f"{number}.txt", b"work\n", intent=intent)
    return secret


def purge(repo: TestRepo, secret: str) -> None:
    """Take it out of one attempt."""
    assert len(repo.lanes.purge(secret).attempts) == 1
