"""`overlap` over many workspaces with unsaved work, beside `git status` in each of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.kit import git_side
from benchmarks.kit.forests import path_of
from benchmarks.kit.measuring import Bench, Side
from tests.support.repos import TestRepo

LANES, FILES, TIMES, ROUNDS = 20, 10_000, 1.3, 10


@pytest.fixture
def dirty(forest: Callable[..., TestRepo], quick: bool) -> tuple[TestRepo, list[Path]]:
    """Twenty lanes of 10,000 files: one accepted change, three unsaved ones and a new file."""
    repo = forest(FILES)
    places = []
    for number in range(4 if quick else LANES):
        place = repo.lane(f"dirty{number}")
        repo.commit(f"dirty{number}", {path_of(number): f"{number}\n"})
        edits = {path_of(100 + number * 3 + at): f"{number}\n" for at in range(4)}
        repo.write({**edits, f"new{number}.py": "new\n"}, place)
        places.append(place)
    return repo, places


def test_overlap(bench: Bench, dirty: tuple[TestRepo, list[Path]]) -> None:
    """All workspaces at once, each of which shares a path with its neighbour."""
    repo, places = dirty
    found = repo.lanes.overlap()
    assert len(found.pairs) == len(places) - 1
    status = ["git", "--no-optional-locks", "status", "--porcelain", "-uall"]

    def each(_: object) -> None:
        for place in places:
            git_side.run(status, place, repo.environ)

    bench.compare(
        f"overlap, {LANES} dirty lanes of 10,000 files",
        lambda _: repo.lanes.overlap(),
        Side(f"{LANES} x git status", each, TIMES),
        rounds=ROUNDS,
    )
