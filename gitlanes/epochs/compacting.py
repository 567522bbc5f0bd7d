"""Compaction: a lane's journal goes on from an entry that has all of its attempts in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, Negative
from gitlanes.models.epochs import Compacted, CompactedLane
from gitlanes.models.plain import replace
from gitlanes.store import epochs
from gitlanes.store.transaction import transaction

if TYPE_CHECKING:
    from gitlanes.models.records import LaneState
    from gitlanes.store.lane_repo import LaneRepo

# Entries from which on a journal is worth it, unless a lane is named.
LONG = 1000


def plan(repo: LaneRepo, names: Sequence[str] = (), *, least: int | None = None) -> Compacted:
    """Return what compacting these lanes' journals comes to, of all long ones without a name.

    Long is what has `least` entries since its last epoch. Raises NotFound, BadValue, and Negative
    where there is none.
    """
    if least is not None and least < 1:
        raise BadValue(f"least {least} is below 1")
    states = [repo.view.lane(x) for x in dict.fromkeys(names)] or repo.view.lanes()
    wanted = least if least is not None else 2 if names else LONG
    found = [_of(x, epochs.present(repo, x.tip)) for x in repo.counted("reading journals", states)]
    long = tuple(x for x in found if x.entries >= wanted)
    if not long:
        raise Negative(
            f"nothing to compact: no journal has {wanted} entries since its last epoch",
            hint="name a lane, or give --least",
        )
    return Compacted(long)


def compact(repo: LaneRepo, names: Sequence[str]) -> Compacted:
    """Begin a new epoch of these lanes' journals, in one operation.

    All that was is kept behind it. Raises NotFound, CorruptRecord, and Raced where foreign git
    moved a lane meanwhile.
    """
    made = []
    with transaction(repo, "compact") as tx:
        for name in dict.fromkeys(names):
            state = repo.view.lane(name)
            now = epochs.present(repo, state.tip)
            entry = epochs.begin(tx, state, now)
            tx.lane(state, state.record, stands_on=entry)
            made.append(replace(_of(state, now), entry=entry))
        told = ", ".join(x.lane for x in made)
        tx.description = f"compact {told if len(told) < 150 else f'{len(made)} journals'}"
    return Compacted(tuple(made))


def _of(state: LaneState, now: epochs.Present) -> CompactedLane:
    return CompactedLane(state.record.name, now.number + 1, now.entries, len(now.attempts))
