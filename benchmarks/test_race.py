"""Twenty processes at once, each making a lane, committing in it and promoting it to main."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.kit.forests import grow
from benchmarks.kit.measuring import Bar, Bench, Side
from benchmarks.kit.races import Race
from tests.support.repos import TestRepo

RACERS = 20
MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Round:
    """The same race, ours and git's, each in a fresh repository."""

    ours: Race
    theirs: Race


@pytest.fixture
def fresh(place: Path, environ: dict[str, str]) -> Iterator[Callable[[], TestRepo]]:
    """A maker of adopted repositories of 100 files, in memory where that can be had."""
    where = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else place))
    made: list[TestRepo] = []

    def make() -> TestRepo:
        made.append(grow(where / str(len(made)) / "repo", environ, 100))
        return made[-1]

    yield make
    for repo in made:
        repo.close()
    shutil.rmtree(where)


@pytest.mark.parametrize(("way", "a_second"), [("verbs", 15), ("commands", 4)])
def test_race(bench: Bench, fresh: Callable[[], TestRepo], way: str, a_second: int) -> None:
    """All land and no record is lost; of git's side only the landings are checked."""
    racers = 4 if bench.quick else RACERS

    def prepare(_: int) -> Round:
        return Round(Race(way, fresh(), racers), Race("git", fresh(), racers))

    bench.compare(
        f"{racers} processes: lane, commit, promote through {way}",
        lambda both: both.ours.run(),
        Side("git: worktree, commit, note, land", lambda both: both.theirs.run()),
        prepare=prepare,
        check=check,
        bar=Bar(racers / a_second * 1000, f">= {a_second} a second"),
        rounds=5,
    )


def check(both: Round) -> None:
    """Assert that every landing and every record is there."""
    both.theirs.check()
    both.ours.check()
    repo, racers = both.ours.repo, len(both.ours.names)
    assert repo.git("status", "--porcelain") == ""
    told = repo.lanes.history(status="accepted").attempts
    work = [x for x in told if x.attempt.kind == "work"]
    assert len(work) == racers
    assert all(x.notes.intents and x.notes.costs for x in work)
    assert len([x for x in told if x.attempt.kind == "promotion"]) == racers
