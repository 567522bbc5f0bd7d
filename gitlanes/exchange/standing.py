"""How lanes and notes stand to a remote's, as they were last fetched; nothing moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.errors import CorruptRecord, LanesError, line
from gitlanes.exchange import sides
from gitlanes.git import remotes
from gitlanes.models.records import Entry
from gitlanes.models.remotes import (
    AHEAD,
    BEHIND,
    DAMAGED,
    DIVERGED,
    HERE,
    IN_STEP,
    THERE,
    LaneStanding,
    RemoteStatus,
)
from gitlanes.store import divergence, journal
from gitlanes.store.ancestry import is_ancestor

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def fetch(repo: LaneRepo, remote: str | None = None) -> RemoteStatus:
    """Fetch what a remote has, and return how all lanes stand to it; no lane changes.

    Raises NotFound, Refused, GitFailed.
    """
    name = sides.choose(repo, remote)
    sides.fetch(repo, name)
    return status(repo, name)


def status(repo: LaneRepo, remote: str | None = None) -> RemoteStatus:
    """Return how all lanes and notes stand to a remote's as it was last fetched.

    Nobody is asked for it. Lanes that are gone on both sides are left out.
    """
    name = sides.choose(repo, remote)
    ours, theirs = sides.read(repo, name)
    lanes = sorted(ours.journals.keys() | theirs.journals.keys())
    found = [_standing(repo, x, ours.journals.get(x), theirs.journals.get(x)) for x in lanes]
    kinds = sorted(ours.notes.keys() | theirs.notes.keys())
    notes = {x: _of_notes(repo, ours.notes.get(x), theirs.notes.get(x)) for x in kinds}
    told = tuple(x for x in found if x.here or x.there or x.state != IN_STEP)
    return RemoteStatus(name, remotes.url(repo.git, name), bool(theirs.journals), told, notes)


def _standing(repo: LaneRepo, lane: str, ours: str | None, theirs: str | None) -> LaneStanding:
    try:
        here, there = (_head(repo, lane, x) for x in (ours, theirs))
        if ours is None or theirs is None:
            return LaneStanding(lane, THERE if ours is None else HERE, here=here, there=there)
        if ours == theirs:
            return LaneStanding(lane, IN_STEP, here=here, there=there)
        fork = divergence.compare(repo.refs, ours, theirs)
    except LanesError as error:
        shown = line(lane, 60)
        return LaneStanding(shown, DAMAGED, reason=error.message)
    ahead, behind = len(fork.ours), len(fork.theirs)
    state = DIVERGED if ahead and behind else AHEAD if ahead else BEHIND
    return LaneStanding(lane, state, ahead, behind, here, there)


def _head(repo: LaneRepo, lane: str, tip: str | None) -> str | None:
    """Return the head of a live lane whose journal is at `tip`."""
    if tip is None:
        return None
    found = repo.refs.resolve(tip)
    if found is None:
        raise CorruptRecord(f"journal entry {tip[:12]} is missing")
    entry: Entry = journal.tip_entry(lane, tip, found[1].partition(b"\n\n")[2])
    return entry.record.head if entry.record.live else None


def _of_notes(repo: LaneRepo, ours: str | None, theirs: str | None) -> str:
    if ours is None or theirs is None:
        return THERE if ours is None else HERE
    if ours == theirs:
        return IN_STEP
    if is_ancestor(repo, theirs, ours):
        return AHEAD
    return BEHIND if is_ancestor(repo, ours, theirs) else DIVERGED
