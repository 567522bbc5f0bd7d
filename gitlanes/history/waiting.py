"""Waiting until lanes or attempts are not as they were, by looking at their journals' refs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from gitlanes import clock, ids
from gitlanes.errors import BadValue
from gitlanes.models.plain import NOTHING
from gitlanes.models.records import LaneState
from gitlanes.models.watching import Changed
from gitlanes.store import layout

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Seconds between two looks: one look asks a helper process one question.
EVERY = 0.2
SHORTEST = 0.01


class Watch:
    """Lanes and attempts with what they were at first; `look` says which changed since.

    Of a lane it is its name, head, status and open attempts that count, of an attempt its status.
    ``heads`` are lanes' heads as the caller saw them last: one that moved before the watch began
    counts, too. An attempt that is decided already has changed. Raises NotFound.
    """

    def __init__(self, repo: LaneRepo, names: Iterable[str], heads: Mapping[str, str] = NOTHING):
        self._repo = repo
        self._heads = heads
        self._names = tuple(dict.fromkeys((*names, *heads)))
        if not self._names:
            raise BadValue("there is nothing to wait for", hint="name lanes or attempts")
        self._refs: dict[str, str] = {}
        self._uuids: dict[str, str] = {}
        self._tips: list[str | None] = []
        self._first = {name: _state_of(self._read(name)) for name in self._names}

    def look(self) -> tuple[Changed, ...]:
        """Return what changed: one question to git unless a journal went on."""
        tips = self._repo.refs.targets(list(self._refs.values()))
        if tips == self._tips:
            return ()
        found = [self._read(name) for name in self._names]
        self._tips = tips
        return tuple(x for x in found if self._differs(x))

    def _read(self, name: str) -> Changed:
        """Return how one is now, and remember which journal tells of it."""
        attempt = None
        if ids.ATTEMPT_ID.fullmatch(name):
            attempt, state = self._repo.view.attempt_in(name)
        else:
            state = self._lane(name)
        self._refs[name] = layout.journal(state.record.name)
        return Changed(state.record, name, attempt)

    def _lane(self, name: str) -> LaneState:
        """Return a lane, the same one when it is called otherwise by now, or was deleted."""
        known = self._uuids.get(name)
        found = self._repo.view.by_uuid(known, name) if known else None
        found = found or self._repo.view.lane(name)
        self._uuids[name] = found.record.uuid
        return found

    def _differs(self, found: Changed) -> bool:
        if found.attempt is not None:
            return not found.attempt.open
        seen = self._heads.get(found.name)
        moved = seen is not None and not str(found.lane.head).startswith(seen)
        return moved or _state_of(found) != self._first[found.name]


def _state_of(found: Changed) -> object:
    """Return what of a lane is compared."""
    lane = found.lane
    return lane.uuid, lane.name, lane.status, lane.head, tuple(x.uuid for x in lane.open)


def wait(
    repo: LaneRepo,
    names: Iterable[str],
    *,
    heads: Mapping[str, str] = NOTHING,
    timeout: float | None = None,
    every: float = EVERY,
) -> tuple[Changed, ...]:
    """Return those of the lanes and attempts that changed, as soon as one has; see `Watch`.

    Without a change in ``timeout`` seconds nothing is returned. ``every`` is how many seconds
    lie between two looks.
    """
    watch, end = Watch(repo, names, heads), deadline(timeout)
    while not (found := watch.look()) and (pause := pause_until(end, every)):
        clock.sleep(pause)
    return found


def deadline(timeout: float | None) -> float | None:
    """Return the moment, by the clock that only goes on, at which a wait ends."""
    return None if timeout is None else clock.monotonic() + timeout


def pause_until(end: float | None, every: float) -> float:
    """Return how long to sleep before the next look; 0 when the time is up."""
    pause = max(every, SHORTEST)
    return pause if end is None else max(0.0, min(pause, end - clock.monotonic()))
