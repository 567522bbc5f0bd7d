"""Lanes that are gone and whose names others have now: found by the entries that were their last.

The journal of a name goes on with whoever has it, so its newest entry tells of one lane alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes.models.records import RENAMED, LaneState
from gitlanes.store import journal

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def with_former(repo: LaneRepo, lanes: Sequence[LaneState]) -> dict[str, LaneState]:
    """Return lanes by uuid, and beside them those whose names they have now.

    One that cannot be read is left out with a warning, as in every list of lanes.
    """
    known = {x.record.uuid: x for x in lanes}
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
            if entry.record.status != RENAMED:  # it is known under its new name
                known.setdefault(entry.record.uuid, LaneState(entry.record, oid))
    return known
