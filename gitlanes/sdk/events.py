"""The part of `gitlanes.Repo` that tells what happened to lanes, and calls who wants to know."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from gitlanes import clock
from gitlanes.events import delivering, following
from gitlanes.events.following import Wanted
from gitlanes.models.events import Events, LaneEvent
from gitlanes.store.lane_repo import LaneRepo


class Happenings:
    """Methods of `gitlanes.Repo`; ``since`` is a cursor, or 'start'."""

    _repo: LaneRepo

    def events(
        self,
        since: str | None = None,
        *,
        lane: str | None = None,
        kind: str | None = None,
        limit: int | None = following.DEFAULT_LIMIT,
    ) -> Events:
        """Return the first events since a cursor, or without one the last that there are.

        ``kind`` is one such as 'lane.opened', or a pattern as 'attempt.*'.
        """
        return following.page(self._repo, Wanted(lane, kind), since=since, limit=limit)

    def subscribe(
        self,
        since: str | None = None,
        *,
        lane: str | None = None,
        kind: str | None = None,
        timeout: float | None = None,
    ) -> Iterator[LaneEvent]:
        """Yield events since a cursor, or from now on, as they come, each with its own cursor.

        They come in the order of each lane's journal, and at least once: who goes on from the
        cursor of the last event that he dealt with misses none. It ends when none came for
        ``timeout`` seconds; 0 yields those that are there. Other methods can be called meanwhile.
        """
        wanted = Wanted(lane, kind)
        if timeout is None:
            return following.subscribe(self._repo, wanted, since=since)
        quiet = _Quiet(timeout)
        found = following.subscribe(self._repo, wanted, since=since, pause=quiet.pause)
        return quiet.through(found)

    def tell(self, listener: Callable[[LaneEvent], object], since: str) -> str:
        """Call a function with each event since a cursor; return the cursor after them.

        What it raises is a warning and no more: the next event follows. Nothing is remembered of
        it, so it is told the rest again if it is killed, and goes on from the last cursor.
        """
        return delivering.tell(self._repo, listener, since)


class _Quiet:
    """Ends a subscription when no event came for so many seconds."""

    def __init__(self, seconds: float):
        self._seconds = seconds
        self._end = clock.monotonic() + seconds

    def pause(self, seconds: float) -> bool:
        """Wait, but not beyond the end; return False once that is over."""
        left = self._end - clock.monotonic()
        if left > 0:
            clock.sleep(min(seconds, left))
        return left > 0

    def through(self, events: Iterator[LaneEvent]) -> Iterator[LaneEvent]:
        """Yield events; after each, the time begins anew."""
        for event in events:
            yield event
            self._end = clock.monotonic() + self._seconds
