"""Our side and git's, measured in turns, so that noise hits both."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from time import perf_counter
from typing import Any


@dataclass(frozen=True)
class Row:
    """One line of the table; times are medians in milliseconds.

    `git_ms` is what stands beside ours (git, or an import, or ours at a smaller size), and
    `allowed_ms` the most that the bar lets ours take; None where there is no bar. `best` is
    the ratio of the fastest runs, which noise touches least.
    """

    work: str
    ours_ms: float
    beside: str
    git_ms: float
    ratio: float
    best: float
    bar: str
    allowed_ms: float | None
    met: bool | None


@dataclass(frozen=True)
class Side:
    """Something measured beside ours; the bar allows `times` its median."""

    name: str
    run: Callable[[Any], object]
    times: float = 1.0
    seconds: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Bar:
    """What ours may take: the sides' own factors, or so many milliseconds, or anything."""

    at_most_ms: float | None = None
    text: str = ""
    none: bool = False


BY_SIDES = Bar()
NO_BAR = Bar(none=True)


class Bench:
    """Runs one comparison and keeps its row, for the benchmark's file and for the table."""

    def __init__(self, benchmark: Any, rows: list[Row], *, quick: bool):
        self._benchmark = benchmark
        self._rows = rows
        self.quick = quick

    def compare(
        self,
        work: str,
        ours: Callable[[Any], object],
        *sides: Side,
        prepare: Callable[[int], Any] = lambda number: number,
        check: Callable[[Any], None] = lambda _: None,
        bar: Bar = BY_SIDES,
        rounds: int = 10,
    ) -> Row:
        """Measure `ours` and the sides in turns; each gets what `prepare(number)` returned.

        `check` looks at the work of a round and clears up after it. Neither is measured, nor
        is the first round, which warms the caches.
        """
        turns = _Turns(ours, sides, prepare, check)
        self._benchmark.pedantic(
            turns.ours, setup=turns.others, rounds=1 if self.quick else rounds, warmup_rounds=1
        )
        turns.finish()
        return self._keep(_row(work, turns.seconds, sides, bar))

    def _keep(self, row: Row) -> Row:
        self._benchmark.extra_info.update(asdict(row))
        self._rows.append(row)
        return row


class _Turns:
    def __init__(
        self,
        ours: Callable[[Any], object],
        sides: Sequence[Side],
        prepare: Callable[[int], Any],
        check: Callable[[Any], None],
    ):
        self.seconds: list[float] = []
        self._run, self._sides, self._prepare, self._check = ours, sides, prepare, check
        self._states: list[Any] = []
        self._number = 0

    def others(self) -> tuple[tuple[Any], dict[str, Any]]:
        """Clear up the round before, prepare the next, and run what stands beside ours."""
        self.finish()
        state = self._prepare(self._number)
        self._number += 1
        for side in self._sides:
            side.seconds.append(_seconds(side.run, state))
        return (state,), {}

    def ours(self, state: Any) -> None:
        """Run our side."""
        self.seconds.append(_seconds(self._run, state))
        self._states.append(state)

    def finish(self) -> None:
        """Check the last round, if there is one to check."""
        while self._states:
            self._check(self._states.pop())


def _seconds(run: Callable[[Any], object], state: Any) -> float:
    start = perf_counter()
    run(state)
    return perf_counter() - start


def _row(work: str, seconds: Sequence[float], sides: Sequence[Side], bar: Bar) -> Row:
    ours = median(_measured(seconds)) * 1000
    theirs = [median(_measured(side.seconds)) * 1000 for side in sides]
    fastest = sum(min(_measured(side.seconds)) for side in sides)
    allowed = sum(side.times * ms for side, ms in zip(sides, theirs, strict=True))
    limit = None if bar.none else bar.at_most_ms or allowed
    return Row(
        work=work,
        ours_ms=round(ours, 2),
        beside=" + ".join(side.name for side in sides),
        git_ms=round(sum(theirs), 2),
        ratio=round(ours / sum(theirs), 3),
        best=round(min(_measured(seconds)) / fastest, 3),
        bar=_words(bar, allowed / sum(theirs)),
        allowed_ms=limit and round(limit, 2),
        met=None if limit is None else ours <= limit,
    )


def _measured(seconds: Sequence[float]) -> Sequence[float]:
    return seconds[1:] or seconds


def _words(bar: Bar, factor: float) -> str:
    if bar.none:
        return "-"
    usual = f"<= {bar.at_most_ms:g} ms" if bar.at_most_ms else f"<= {factor:.2f} x"
    return bar.text or usual
