"""Events since a cursor, a page of them, and as they come."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from fnmatch import fnmatchcase
from itertools import islice
from typing import TYPE_CHECKING

from gitlanes import clock
from gitlanes.errors import BadValue, line
from gitlanes.events import cursor, kinds, reading, telling
from gitlanes.history import log
from gitlanes.models.events import Events, LaneEvent
from gitlanes.models.plain import Model, replace
from gitlanes.store import journal, layout

if TYPE_CHECKING:
    from gitlanes.events.reading import Step
    from gitlanes.models.records import Entry
    from gitlanes.store.lane_repo import LaneRepo

DEFAULT_LIMIT = 50
# Seconds between two looks: most ask the file system alone.
EVERY = 0.2
# Seconds after which git is asked in any case.
_AT_LEAST = 5.0
_AT_ONCE = 64

# Waits that many seconds; False ends the following.
Pause = Callable[[float], bool]


class Wanted(Model):
    """Which events to tell: of a lane; of a kind such as 'lane.opened', or 'attempt.*'."""

    lane: str | None = None
    kind: str | None = None


ALL = Wanted()


def page(
    repo: LaneRepo,
    wanted: Wanted = ALL,
    *,
    since: str | None = None,
    limit: int | None = DEFAULT_LIMIT,
) -> Events:
    """Return the first events since a cursor, or without one the last that there are.

    The events of one entry stay together, so there may be one or two more than ``limit``. Raises
    BadValue for what is no cursor, no kind and for a negative limit, NotFound for the lane.
    """
    log.check(None, limit)
    sieve = _Sieve(repo, wanted)
    if since is None:
        return _last(repo, sieve, limit)
    reader, found = _Reader(repo, sieve, cursor.decode(since)), list[LaneEvent]()
    for _, some in reader:
        full = limit is not None and len(found) + len(some) > limit
        if some and full and (found or limit == 0):
            return Events(tuple(found), cursor.encode(reader.position), more=True)
        found += some
    return Events(tuple(found), cursor.encode(reader.position))


def follow(
    repo: LaneRepo,
    wanted: Wanted = ALL,
    *,
    since: str | None = None,
    limit: int = DEFAULT_LIMIT,
    pause: Pause | None = None,
) -> Iterator[Events]:
    """Yield what `page` returns, and then pages of what comes, until `pause` says to end.

    No page but the first is empty. Raises as `page`.
    """
    watch = Watch(repo, pause or _sleep)
    made = page(repo, wanted, since=since, limit=limit)
    yield made
    while made.more or watch.waited():
        made = page(repo, wanted, since=made.cursor, limit=limit)
        if made.events:
            yield made


def subscribe(
    repo: LaneRepo,
    wanted: Wanted = ALL,
    *,
    since: str | None = None,
    pause: Pause | None = None,
) -> Iterator[LaneEvent]:
    """Yield events since a cursor, or from now on, as they come, each with its own cursor.

    Who is ended, and goes on from the cursor of the last event that he dealt with, misses none.
    Raises as `page`.
    """
    sieve, watch = _Sieve(repo, wanted), Watch(repo, pause or _sleep)
    here = set(_tips(repo)) if since is None else cursor.decode(since)
    return _subscribed(repo, sieve, watch, here)


def _subscribed(
    repo: LaneRepo, sieve: _Sieve, watch: Watch, here: Iterable[str]
) -> Iterator[LaneEvent]:
    while True:
        reader = _Reader(repo, sieve, here)
        for entry, some in reader:
            before = cursor.encode(reader.position) if some[1:] else None
            yield from (replace(x, cursor=before) for x in some[:-1])
            if some:
                after = cursor.after(reader.position, entry)
                yield replace(some[-1], cursor=cursor.encode(after))
        here = reader.position
        if not watch.waited():
            return


def now(repo: LaneRepo) -> str:
    """Return the cursor of who has seen all that there is."""
    return cursor.encode(_tips(repo))


def _last(repo: LaneRepo, sieve: _Sieve, limit: int | None) -> Events:
    """Return the last events, and the cursor of who has seen all that there is."""
    tips = _tips(repo)
    entries = journal.walk_all(repo.git, sieve.tips or tips, repo.warn)
    found: list[LaneEvent] = []
    size = _AT_ONCE if limit is None else max(1, min(_AT_ONCE, limit))
    while (limit is None or len(found) < limit) and (batch := list(islice(entries, size))):
        steps = list(reading.with_before(repo, batch[::-1]))
        found[:0] = [x for _, some in sieve.told(steps) for x in some]
    first = 0 if limit is None else max(0, len(found) - limit)
    return Events(tuple(found[first:]), cursor.encode(tips))


def _tips(repo: LaneRepo) -> list[str]:
    tips = journal.read_tips(repo.git, repo.warn)
    if not tips:
        repo.view.require_adopted()
    return tips


class _Sieve:
    """Makes the events that are wanted out of entries."""

    def __init__(self, repo: LaneRepo, wanted: Wanted):
        self._repo = repo
        self.prefix = repo.own_settings.text("lanes.eventPrefix")
        self._kind = self._plain(wanted.kind) if wanted.kind is not None else None
        self.tips: list[str] = []
        self._lane = wanted.lane
        if wanted.lane is not None:
            self.tips = log.tips_of(repo, wanted.lane)
            self._uuid = journal.read_entry(repo.refs, self.tips[0]).record.uuid

    def _plain(self, kind: str) -> str:
        """Return a kind, or pattern of some, without the prefix; raises BadValue for none."""
        plain = kind.removeprefix(self.prefix)
        if not any(fnmatchcase(x, plain) for x in kinds.ALL):
            raise BadValue(
                f"unknown kind of event '{line(kind, 60)}'",
                hint="such as lane.opened, or attempt.*; see docs/format.md",
            )
        return plain

    def told(self, steps: Sequence[Step]) -> Iterator[tuple[Entry, list[LaneEvent]]]:
        """Yield each entry with its events, which are none where they are not wanted."""
        wanted = [x for x in telling.matters(x for x in steps if self._of_lane(x)) if self._fits(x)]
        found: dict[str, list[LaneEvent]] = {}
        for event in telling.events(self._repo, wanted, self.prefix):
            found.setdefault(event.entry, []).append(event)
        yield from ((x.entry, found.get(x.entry.oid, [])) for x in steps)

    def _of_lane(self, step: Step) -> bool:
        record = step.entry.record
        return self._lane is None or record.name == self._lane or record.uuid == self._uuid

    def _fits(self, matter: telling.Matter) -> bool:
        return self._kind is None or fnmatchcase(matter.kind, self._kind)


class _Reader:
    """Goes through what somebody has not seen, entry by entry; `position` is what he has.

    An entry counts as seen when the one after it is asked for.
    """

    def __init__(self, repo: LaneRepo, sieve: _Sieve, past: Iterable[str]):
        self._repo = repo
        self._sieve = sieve
        known = list(past)
        kept = zip(known, repo.refs.kinds(known), strict=True)
        self.position = {oid for oid, kind in kept if kind == "commit"}
        if len(self.position) < len(known):
            repo.warn("the cursor names entries that are not here: events may be told again")

    def __iter__(self) -> Iterator[tuple[Entry, list[LaneEvent]]]:
        tips = _tips(self._repo)
        if self.position.issuperset(tips):
            return
        new = reading.new(self._repo, tips, self.position)
        for steps in reading.steps(self._repo, new):
            for entry, events in self._sieve.told(steps):
                yield entry, events
                self.position = cursor.after(self.position, entry)
        self.position = set(tips)


class Watch:
    """Sees that journals may have gone on, by what the file system says of their refs."""

    def __init__(self, repo: LaneRepo, pause: Pause):
        common = repo.place.common_dir
        names = (layout.JOURNALS.rstrip("/"), "packed-refs", "reftable")
        self._places = [os.path.join(common, x) for x in names]
        self._pause = pause
        self._seen = self._stamps()
        self._again = True

    def waited(self) -> bool:
        """Wait until something may have changed; return False where it is to be ended.

        After a change it looks once more: two within a tick of the file system's clock are one.
        """
        end = clock.monotonic() + _AT_LEAST
        while self._pause(EVERY):
            seen = self._stamps()
            changed = seen != self._seen
            if changed or self._again or clock.monotonic() >= end:
                self._seen, self._again = seen, changed
                return True
        return False

    def _stamps(self) -> list[tuple[int, int] | None]:
        return [_stamp(x) for x in self._places]


def _stamp(place: str) -> tuple[int, int] | None:
    try:
        found = os.stat(place)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


def _sleep(seconds: float) -> bool:
    clock.sleep(seconds)
    return True
