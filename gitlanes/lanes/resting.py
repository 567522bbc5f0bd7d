"""Lanes at rest: their work has landed or was given up, and nothing of theirs waits."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import CorruptRecord, LanesError, Negative
from gitlanes.lanes.archiving import archive
from gitlanes.models.records import (
    ABANDONED,
    ACTIVE,
    NOT_LANDED,
    RENAMED,
    Entry,
    Lane,
    LaneState,
)
from gitlanes.store import journal, layout, queued

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Known:
    """All lanes, tombstones too, as they are now, and what they have to do with each other."""

    def __init__(self, repo: LaneRepo):
        rows = journal.read_rows(repo.git, repo.refs, [layout.JOURNALS], repo.warn)
        found = (
            journal.sound_tip(ref.removeprefix(layout.JOURNALS), oid, text, repo.warn)
            for ref, oid, text in rows
        )
        self.entries: list[Entry] = [x for x in found if x]
        records = [x.record for x in self.entries]
        self.by_uuid = {x.uuid: x for x in records if x.status != RENAMED}
        self.live = [x for x in records if x.live]
        self._adopted = next((x for x in self.live if x.extra.get("adopted")), None)
        self._queued = _queued(repo, self.entries)

    def at_rest(self, lane: Lane) -> str:
        """Say why a lane needs not be worked on any more; '' where it may be."""
        if lane.bound or lane.extra.get("adopted"):
            return ""
        if lane.status == ABANDONED:
            return "abandoned"
        target = self.by_uuid.get(lane.parent) if lane.parent else self._adopted
        if lane.status != ACTIVE or target is None or not target.live:
            return ""
        landed = lane.landed.get(target.uuid, NOT_LANDED)
        merged = lane.head is not None and landed.source == lane.head
        return f"merged into {target.name}" if merged else ""

    def hindrance(self, lane: Lane) -> str:
        """Say what of a lane waits still, '' if nothing does."""
        if lane.open:
            return f"attempt {lane.open[0].id} is open"
        if lane.tasks:
            return "it has tasks that have not ended"
        if lane.uuid in self._queued:
            return "it is in a queue, or has one"
        below = next((x for x in self.live if lane.uuid in x.parents and not x.away), None)
        return f"lane '{below.name}' follows it" if below else ""


def _queued(repo: LaneRepo, entries: Iterable[Entry]) -> set[str]:
    """Return the uuids of lanes that wait in queues, and of those that have such queues."""
    found: set[str] = set()
    for entry in entries:
        if not entry.record.live or not entry.record.queue:
            continue
        try:
            every = queued.read(repo, LaneState(entry.record, entry.oid)).values()
            waiting = {x.lane for x in every if x.waits}
        except CorruptRecord:
            waiting = set(entry.record.queue)
        found |= waiting | ({entry.record.uuid} if waiting else set())
    return found


def archive_landed(repo: LaneRepo, target: str) -> None:
    """Archive the lanes all of whose work that lane's last operation landed.

    What keeps one of them is told of.
    """
    known = Known(repo)
    last = next((x.operation for x in known.entries if x.record.name == target), None)
    for entry in known.entries:
        lane = entry.record
        if entry.operation != last or not lane.live or lane.name == target:
            continue
        if known.at_rest(lane) == f"merged into {target}" and not known.hindrance(lane):
            put_away(repo, [lane.name], tip=entry.oid)


def put_away(
    repo: LaneRepo, names: Sequence[str], *, saving: bool = False, tip: str | None = None
) -> tuple[str, ...]:
    """Archive lanes, and return which; what keeps one of them is only warned of."""
    done = []
    for name in names:
        try:
            made = archive(repo, name, saving=saving, tip=tip)
        except Negative:
            continue  # somebody else did
        except LanesError as error:
            repo.warn(f"lane '{name}' is not archived: {error.message}")
            continue
        done.append(name)
        if made.snapshot:
            repo.warn(f"what was unsaved in lane '{name}' is in snapshot {made.snapshot}")
    return tuple(done)
