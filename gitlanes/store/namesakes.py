"""Lanes that are gone and whose names others have now: found by the entries that were their last.

The journal of a name goes on with whoever has it, so its newest entry tells of one lane alone.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from gitlanes.models.records import RENAMED, Attempt, Lane, LaneState
from gitlanes.store import journal

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def with_former(repo: LaneRepo, lanes: Sequence[LaneState]) -> dict[str, LaneState]:
    """Return lanes by uuid, and beside them those whose names they have now.

    One that cannot be read is left out with a warning, as in every list of lanes.
    """
    known = {x.record.uuid: x for x in lanes}
    for state in _former(repo, lanes):
        known.setdefault(state.record.uuid, state)
    return known


def find(repo: LaneRepo, uuid: str) -> LaneState | None:
    """Return the lane with that uuid, deleted or not, though another one may have its name now."""
    found = repo.view.by_uuid(uuid)
    return found or with_former(repo, repo.view.lanes(deleted=True)).get(uuid)


def called(lane: Lane, live: Container[str]) -> str:
    """Return what a lane is called beside those of these names that are there."""
    return lane.name if lane.live or lane.name not in live else f"{lane.name}@{lane.uuid[-8:]}"


def name_of(repo: LaneRepo, lane: Lane) -> str:
    """Return what a lane is called now, be it gone and its name another one's."""
    return called(lane, {x.record.name for x in repo.view.lanes()})


def maker_of(repo: LaneRepo, attempt: Attempt, state: LaneState) -> LaneState:
    """Return which of the lanes of a name made an attempt, given the one that has it now.

    Numbers go on from one to the next.
    """
    before = _former(repo, [state]) if state.record.namesakes else ()
    made = [x for x in before if x.record.next > attempt.number]
    return min(made, key=lambda x: x.record.next, default=state)


def _former(repo: LaneRepo, lanes: Iterable[LaneState]) -> Iterator[LaneState]:
    """Yield the lanes that had the names of these, but for those known under a new name."""
    todo = [x for state in lanes for x in state.record.namesakes]
    seen = set[str]()
    while todo:
        oid = todo.pop()
        if oid in seen:
            continue
        seen.add(oid)
        entry = journal.sound_entry(repo.reader, oid, repo.warn)
        if entry is not None:
            todo += entry.record.namesakes
            if entry.record.status != RENAMED:
                yield LaneState(entry.record, oid)
