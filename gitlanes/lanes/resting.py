"""Lanes at rest: their work has landed or was given up, and nothing of theirs waits."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import CorruptRecord, LanesError, Negative, Raced
from gitlanes.lanes.archiving import Unasked, archive
from gitlanes.models.records import (
    ABANDONED,
    ACTIVE,
    NOT_LANDED,
    RENAMED,
    Entry,
    Lane,
    LaneState,
)
from gitlanes.store import journal, layout, queued, stacks, tasks

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_QUEUED = "it is in a queue, or has one"


class Known:
    """All lanes, tombstones too, as they are now, and what they have to do with each other."""

    def __init__(self, repo: LaneRepo):
        self._repo = repo
        rows = journal.read_rows(repo.git, repo.refs, [layout.JOURNALS], repo.warn)
        found = (
            journal.sound_tip(ref.removeprefix(layout.JOURNALS), oid, text, repo.warn)
            for ref, oid, text in rows
        )
        self._entries = {x.record.name: x for x in found if x}
        self._relate()

    @property
    def entries(self) -> list[Entry]:
        """The newest entry of each journal."""
        return list(self._entries.values())

    def again(self) -> Known:
        """Return the same as it is by now: only journals that went on since are read."""
        now = journal.tips_by_ref(self._repo.git, self._repo.warn)
        tips = {ref.removeprefix(layout.JOURNALS): oid for ref, oid in now.items()}
        seen = {name: x.oid for name, x in self._entries.items()}
        if tips == seen:
            return self
        same = {x: y for x, y in self._entries.items() if tips.get(x) == y.oid}
        for name in tips.keys() - same.keys():
            text = self._repo.refs.commit(tips[name]).message
            found = journal.sound_tip(name, tips[name], text, self._repo.warn)
            same |= {name: found} if found else {}
        self._entries = same
        self._relate()
        return self

    def _relate(self) -> None:
        records = [x.record for x in self._entries.values()]
        self.by_uuid = {x.uuid: x for x in records if x.status != RENAMED}
        self.live = [x for x in records if x.live]
        self._adopted = next((x for x in self.live if x.extra.get("adopted")), None)
        self._below = {y: x.name for x in self.live if not x.away for y in x.parents}
        self._busy: dict[str, str] | None = None

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

    def hindrance(self, entry: Entry) -> str:
        """Say what of a lane waits still, '' if nothing does."""
        lane = entry.record
        if lane.bound:
            return f"it is bound to branch '{layout.short_branch(str(lane.branch))}'"
        if lane.open:
            return f"attempt {lane.open[0].id} is open"
        if lane.tasks:
            return "it has tasks that have not ended"
        if self._busy is None:
            self._busy = {**self._workers(), **dict.fromkeys(self._in_queues(), _QUEUED)}
        if lane.uuid in self._busy:
            return self._busy[lane.uuid]
        below = self._below.get(lane.uuid)
        return f"lane '{below}' follows it" if below else self._of_stacks(entry)

    def _of_stacks(self, entry: Entry) -> str:
        """Say which stack of a lane has other lanes' work, which may be under review."""
        try:
            found = stacks.read(self._repo, LaneState(entry.record, entry.oid))
        except CorruptRecord as error:
            return error.message
        for name, stack in found.items():
            for item in (y for x in stack.blocks for y in x.items):
                other = self.by_uuid.get(item.lane)
                if other and other.live and not other.away and other.uuid != entry.record.uuid:
                    return f"its stack '{name}' has work of lane '{other.name}'"
        return ""

    def require(self, entry: Entry, *, away: bool = False) -> Callable[[LaneState], None]:
        """Return what raises Raced unless a lane is as it was, and nothing of it waits.

        It is called under the repository's lock. Of lanes that are put ``away`` less may wait.
        """

        def still(state: LaneState) -> None:
            name = entry.record.name
            now = self.again()
            if state.tip != entry.oid:
                raise Raced(f"lane '{name}' was changed meanwhile", hint="look at it anew")
            why = now.hindrance(entry)
            if why or not (away or now.at_rest(state.record)):
                why = why or "its work has not landed any more"
                raise Raced(f"lane '{name}' is needed: {why}", hint="look at it anew")

        return still

    def _workers(self) -> dict[str, str]:
        """Return what is said of lanes in which a task is done that has not ended."""
        found = {}
        for lane in self.live:
            try:
                every = tasks.read(self._repo, [lane]) if lane.tasks else []
            except CorruptRecord as error:
                self._repo.warn(error.message)
                continue
            for task in every:
                if task.worker_uuid:
                    found[task.worker_uuid] = f"task '{task.id}' is done there, and has not ended"
        return found

    def _in_queues(self) -> set[str]:
        """Return the uuids of lanes that wait in queues, and of those that have such queues."""
        found: set[str] = set()
        for entry in self._entries.values():
            lane = entry.record
            if not lane.live or not lane.queue:
                continue
            try:
                every = queued.read(self._repo, LaneState(lane, entry.oid)).values()
                waiting = {x.lane for x in every if x.waits}
            except CorruptRecord:
                waiting = set(lane.queue)
            found |= waiting | ({lane.uuid} if waiting else set())
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
        if known.at_rest(lane) == f"merged into {target}" and not known.hindrance(entry):
            put_away(repo, [lane.name], Unasked(known.require(entry)))


def put_away(repo: LaneRepo, names: Sequence[str], how: Unasked) -> tuple[str, ...]:
    """Archive lanes, and return which; what keeps one of them is only warned of."""
    done = []
    for name in names:
        try:
            made = archive(repo, name, unasked=how)
        except Negative:
            continue  # somebody else did
        except LanesError as error:
            repo.warn(f"lane '{name}' is not archived: {error.message}")
            continue
        done.append(name)
        if made.snapshot:
            repo.warn(f"what was unsaved in lane '{name}' is in snapshot {made.snapshot}")
    return tuple(done)
