"""Journal entries that a reader has not seen, in their order."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import closing
from heapq import heapify, heappop, heappush
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.errors import CorruptRecord, Unsupported
from gitlanes.models.records import Entry
from gitlanes.store import codec, journal

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Entries that are read in full at a time.
_BATCH = 64


class Step(NamedTuple):
    """An entry, and the one before it in its journal, if any."""

    entry: Entry
    before: Entry | None


class _Place(NamedTuple):
    """As much of an entry as its order takes; ``previous`` is empty where it is damaged."""

    oid: str
    stamp: str
    previous: tuple[str, ...]
    earlier: tuple[str, ...] = ()


def new(repo: LaneRepo, tips: Collection[str], past: Collection[str]) -> list[str]:
    """Return the entries that lead to these and are not in the past, oldest first.

    Each comes after those that it follows; of others, the times decide. The cost is that of what
    is new: journals that did not go on are no business of git's, which would walk through them.
    """
    found: dict[str, _Place] = {}
    seen = frozenset(past)
    todo = [(tuple({*tips}.difference(past)), tuple({*past}.difference(tips)))]
    past = todo[0][1]
    while todo:
        asked, known = todo.pop()
        places = _places(repo, asked, known)
        if any(x.oid in seen for x in places):
            # Refs are read one by one: of a renaming the new name may be there before the old
            # one has gone on, and then the way leads into what is a tip still.
            places = _places(repo, asked, [*seen])
        for place in places:
            if place.oid not in found:
                found[place.oid] = place
                # The second journal of a joint, or of a name that a lane came back to.
                todo += [((x,), (*past, place.previous[0])) for x in place.previous[1:]]
                todo += [((x,), past) for x in place.earlier]
    return list(_ordered(found))


def _places(repo: LaneRepo, tips: Sequence[str], past: Sequence[str]) -> list[_Place]:
    asked = [*tips, *(f"^{x}" for x in past)]
    found: list[_Place] = []
    try:
        with closing(journal.stream(repo.git, asked, _place)) as places:
            found += (x for _, x in places)
    except CorruptRecord as error:
        repo.warn(f"{error.message}: what is damaged is left out; see 'git lanes doctor'")
    return found


def _place(oid: str, message: bytes) -> _Place:
    try:
        brief = codec.decode_brief(oid, message)
    except (CorruptRecord, Unsupported):
        return _Place(oid, "", ())
    stamp = journal.stamp(brief.time, brief.lane, ())
    return _Place(oid, stamp, brief.previous, brief.earlier)


def _ordered(found: dict[str, _Place]) -> Iterator[str]:
    """Yield entries each after those that it follows, and else by their times."""
    following: dict[str, list[str]] = {}
    waits: dict[str, int] = {}
    for place in found.values():
        before = {x for x in place.previous if x in found}
        waits[place.oid] = len(before)
        for one in before:
            following.setdefault(one, []).append(place.oid)
    ready = [(found[oid].stamp, oid) for oid, number in waits.items() if not number]
    heapify(ready)
    while ready:
        _, oid = heappop(ready)
        yield oid
        for after in following.get(oid, ()):
            waits[after] -= 1
            if not waits[after]:
                heappush(ready, (found[after].stamp, after))


def steps(repo: LaneRepo, oids: Iterable[str]) -> Iterator[list[Step]]:
    """Yield these entries in batches, each with the one before it.

    One that is damaged is warned of and left out.
    """
    rest = iter(oids)
    while batch := list(islice(rest, _BATCH)):
        entries = [x for x in _read(repo, batch) if x]
        yield list(with_before(repo, entries))


def with_before(repo: LaneRepo, entries: Sequence[Entry]) -> Iterator[Step]:
    """Yield entries with the one that each follows, which is read where it is not among them."""
    known: dict[str, Entry | None] = {x.oid: x for x in entries}
    wanted = {x.follows[0] for x in entries if x.follows}
    missing = list(wanted - known.keys())
    known.update(zip(missing, _read(repo, missing), strict=True))
    for entry in entries:
        before = known.get(entry.follows[0]) if entry.follows else None
        same = before is not None and before.record.uuid == entry.record.uuid
        yield Step(entry, before if same else None)


def _read(repo: LaneRepo, oids: Sequence[str]) -> list[Entry | None]:
    found = repo.refs.resolve_all(oids) if oids else []
    return [_decoded(repo, *pair) for pair in zip(oids, found, strict=True)]


def _decoded(repo: LaneRepo, oid: str, found: tuple[str, bytes] | None) -> Entry | None:
    try:
        if found is None:
            raise CorruptRecord(f"journal entry {oid[:12]} is missing")
        return codec.decode_entry(oid, found[1].partition(b"\n\n")[2])
    except (CorruptRecord, Unsupported) as error:
        repo.warn(f"{error.message}; see 'git lanes doctor'")
        return None
