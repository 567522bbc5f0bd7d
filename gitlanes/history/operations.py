"""The log of operations, across lanes in the order of time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from operator import attrgetter
from typing import TYPE_CHECKING

from gitlanes.history import log
from gitlanes.models.operations import LaneStep, Operation, Operations
from gitlanes.models.records import EPOCH, Entry
from gitlanes.store import journal, layout

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

DEFAULT_LIMIT = 50


def listing(
    repo: LaneRepo, *, lane: str | None = None, limit: int | None = DEFAULT_LIMIT
) -> Operations:
    """Return operations, newest first; those of one lane tell only what they did to it.

    It reads as far back as is asked for. Raises NotFound, BadValue for a negative limit.
    """
    log.check(None, limit)
    found = _grouped(journal.walk_all(repo.git, log.tips_of(repo, lane), repo.warn))
    told = tuple(islice(found, limit))
    return Operations(told, more=next(found, None) is not None)


def show(repo: LaneRepo, operation: str) -> Operation:
    """Return the operation of that id, or of a unique beginning of it; raises NotFound."""
    return _operation(log.operations(repo, operation))


def _grouped(entries: Iterable[Entry]) -> Iterator[Operation]:
    """Yield operations: the entries that one wrote have one time, and follow each other."""
    for _, same in groupby(entries, key=attrgetter("operation")):
        yield _operation(list(same))


def _operation(entries: list[Entry]) -> Operation:
    first = entries[0]
    told = (x for x in entries if EPOCH not in x.details)  # what follows it is the lane's step
    steps = sorted((_step(x) for x in told), key=attrgetter("lane"))
    return Operation(
        id=first.operation,
        verb=first.verb,
        description=first.description,
        actor=first.actor,
        host=first.host,
        time=first.time,
        lanes=tuple(steps),
        refs=first.refs,
    )


def _step(entry: Entry) -> LaneStep:
    record = entry.record
    moved = {x.name: x.old for x in entry.refs}
    before = moved.get(layout.head(record.name), record.head if entry.previous else None)
    return LaneStep(record.name, record.uuid, entry.oid, record.status, record.head, before)
