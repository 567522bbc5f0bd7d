"""How two journals of one name stand to each other, and whether a foreign one may be believed."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.errors import CorruptRecord, NotFound
from gitlanes.git.raw import EMPTY_TREE
from gitlanes.models.records import Entry
from gitlanes.store import codec
from gitlanes.store.validity import are_texts

if TYPE_CHECKING:
    from gitlanes.git.refs import RefReader
    from gitlanes.store.lane_repo import LaneRepo

_OURS, _THEIRS = 1, 2
_BOTH = _OURS | _THEIRS


class Fork(NamedTuple):
    """Two journals: the newest entry that both have, and what each alone has, newest first."""

    base: Entry | None
    ours: tuple[Entry, ...]
    theirs: tuple[Entry, ...]


class _Painted:
    """Entries by the sides that they are reached from, gone through from the newest back."""

    def __init__(self, reader: RefReader):
        self._reader = reader
        self._queue: list[tuple[str, str]] = []
        self.entries: dict[str, Entry] = {}
        self.sides: dict[str, int] = {}

    def reach(self, oid: str, sides: int) -> None:
        """Note that an entry is reached from these sides, too."""
        todo = [oid]
        while todo:
            here = todo.pop()
            known = self.sides.get(here, 0)
            if known | sides == known:
                continue
            self.sides[here] = known | sides
            if here not in self.entries:
                self.entries[here] = checked_entry(self._reader, here)
                insort(self._queue, (self.entries[here].time, here))
            elif (self.entries[here].time, here) not in self._queue:
                todo += self.entries[here].follows  # passed too early, as clocks may have it

    def go(self) -> None:
        """Go back until all that is left is reached from both sides."""
        while any(self.sides[oid] != _BOTH for _, oid in self._queue):
            _, oid = self._queue.pop()
            for before in self.entries[oid].follows:
                self.reach(before, self.sides[oid])

    def of(self, sides: int) -> tuple[Entry, ...]:
        """Return the entries that are reached from exactly these sides, newest first."""
        found = [x for oid, x in self.entries.items() if self.sides[oid] == sides]
        return tuple(sorted(found, key=lambda x: x.time, reverse=True))


def compare(reader: RefReader, ours: str | None, theirs: str) -> Fork:
    """Return how two journals stand to each other: the cost grows with what one alone has.

    Raises CorruptRecord and Unsupported for an entry that is not as the format asks.
    """
    if ours == theirs:
        return Fork(checked_entry(reader, theirs), (), ())
    painted = _Painted(reader)
    painted.reach(theirs, _THEIRS)
    if ours is not None:
        painted.reach(ours, _OURS)
    painted.go()
    own, foreign = _in_line(painted, ours, _OURS), _in_line(painted, theirs, _THEIRS)
    base = next(iter(painted.of(_BOTH)), None)
    return Fork(base, own, foreign)


def _in_line(painted: _Painted, tip: str | None, side: int) -> tuple[Entry, ...]:
    """Return what one side alone has, each entry before those that it follows."""
    found: list[Entry] = []
    passed: set[str] = set()
    todo = [(tip, False)] if tip else []
    while todo:
        oid, left = todo.pop()
        if left:
            found.append(painted.entries[oid])
        elif oid not in passed and painted.sides.get(oid) == side:
            passed.add(oid)
            todo.append((oid, True))
            todo += [(x, False) for x in painted.entries[oid].follows]
    return tuple(reversed(found))


def checked_entry(reader: RefReader, oid: str) -> Entry:
    """Return an entry that may come from anywhere; raises CorruptRecord and Unsupported.

    Some readers go by what it says comes before it, others by its parents: both are the same.
    """
    try:
        commit = reader.commit(oid)
    except NotFound as error:
        raise CorruptRecord(f"journal entry {oid[:12]} is missing") from error
    entry = codec.decode_entry(oid, commit.message)
    if not are_texts(entry):
        raise CorruptRecord(f"journal entry {oid[:12]} is damaged: it is of another form")
    first = entry.previous or commit.parents[:1]
    earlier = {*entry.follows} - {*commit.parents}  # an epoch keeps the one before
    if commit.tree != EMPTY_TREE or not first or commit.parents[: len(first)] != first or earlier:
        raise CorruptRecord(
            f"journal entry {oid[:12]} is damaged: its parents are not the entries before it",
            hint=f"look at it with: git cat-file commit {oid[:12]}",
        )
    if not entry.previous and not codec.is_root(reader.commit(first[0]).message):
        raise CorruptRecord(f"journal entry {oid[:12]} is damaged: its journal has no beginning")
    return entry


def kept_commits(entries: Iterable[Entry]) -> set[str]:
    """Return the commits that entries name and that journals have to keep."""
    found: set[str | None] = set()
    for entry in entries:
        for attempt in (*entry.attempts, *entry.record.open, *codec.indexed(entry).values()):
            found |= {attempt.commit, attempt.landed}
        if entry.record.live:
            found |= {entry.record.head, entry.record.fork}
    return {x for x in found if x is not None}


def told_commits(entries: Iterable[Entry]) -> set[str]:
    """Return the further commits that entries name, which only have to be there."""
    found: set[str | None] = set()
    for entry in entries:
        for attempt in (*entry.attempts, *entry.record.open):
            found |= {attempt.base, *attempt.merged.values()}
        for where in entry.record.landed.values() if entry.record.live else ():
            found |= {*where.bases, where.at, where.source}
    return {x for x in found if x is not None}


def missing(repo: LaneRepo, commits: Iterable[str]) -> set[str]:
    """Return those of the commits that are not stored here."""
    wanted = sorted(commits)
    kinds = repo.refs.kinds(wanted)
    return {x for x, kind in zip(wanted, kinds, strict=True) if kind != "commit"}


def unkept(repo: LaneRepo, commits: Iterable[str], tips: Iterable[str]) -> set[str]:
    """Return those of the commits, all stored here, that none of the tips reaches."""
    wanted = set(commits)
    if not wanted:
        return wanted
    asked = "".join(f"{x}\n" for x in (*wanted, *(f"^{x}" for x in tips))).encode()
    return wanted & {*repo.git.run("rev-list", "--stdin", input=asked).text.split()}
