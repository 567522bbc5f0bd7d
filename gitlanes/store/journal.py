"""Journals: each lane's append-only chain of entries, read from its newest one back."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, suppress
from functools import lru_cache
from heapq import merge
from itertools import groupby, takewhile
from operator import attrgetter, itemgetter
from typing import NamedTuple, TypeVar

from gitlanes.errors import (
    CorruptRecord,
    GitFailed,
    LanesError,
    NotFound,
    Refused,
    Unsupported,
    line,
)
from gitlanes.git.process import Git
from gitlanes.git.raw import EMPTY_TREE, CommitObject, ObjectReader
from gitlanes.git.refs import RefReader, list_refs
from gitlanes.models.records import RENAMED, Attempt, Entry
from gitlanes.store import codec, layout
from gitlanes.store.validity import joined_of

T = TypeVar("T")

# A verb reads the newest entries of its lanes several times, and no entry ever changes: some are
# kept, but for the large ones that begin an epoch.
_kept = lru_cache(maxsize=16)(codec.decode_entry)
_LARGE = 1 << 18

# Where it is told what is left out of an answer.
Warn = Callable[[str], None]


def read_entry(reader: RefReader, oid: str) -> Entry:
    """Return the entry that is commit `oid`; raises CorruptRecord if it is none."""
    found = reader.resolve(oid)
    if found is None:
        raise CorruptRecord(f"journal entry {oid[:12]} is missing", hint="run 'git fsck'")
    return _decoded(oid, found[1].partition(b"\n\n")[2])


def _decoded(oid: str, message: bytes) -> Entry:
    return (_kept if len(message) < _LARGE else codec.decode_entry)(oid, message)


def tip_entry(name: str, oid: str, message: bytes) -> Entry:
    """Return the entry at the tip of lane `name`'s journal; raises CorruptRecord.

    An entry that speaks of another lane would lead its readers to that one's places.
    """
    entry = _decoded(oid, message)
    if entry.record.name != name:
        raise CorruptRecord(
            f"journal of lane '{line(name, 60)}' speaks of lane '{entry.record.name}'",
            hint=f"look at it with: git cat-file commit {oid[:12]}",
        )
    return entry


def read_rows(
    git: Git, reader: RefReader, prefixes: Sequence[str], warn: Warn
) -> list[tuple[str, str, bytes | None]]:
    """Return (ref, id, message) of every ref below the prefixes, from one git process.

    Where an object is missing, git gives no list: then each is asked for alone, and the one
    that is missing has no message. A ref that is no id at all is only warned of.
    """
    broken: list[str] = []
    try:
        rows = list_refs(git, prefixes, "refname objectname contents", broken=broken)
    except GitFailed:
        names = list_refs(git, prefixes, "refname objectname", broken=broken)
        rows = [[name, oid] for name, oid in names]
    for name in broken:
        warn(f"ref '{codec.one_line(name)}' is damaged and left out; see 'git lanes doctor'")
    return [
        (row[0].decode("utf-8", "replace"), oid, row[2] if row[2:] else _message(reader, oid))
        for row in rows
        for oid in [row[1].decode()]
    ]


def read_tips(git: Git, warn: Warn) -> list[str]:
    """Return the newest entries' ids of all journals; what cannot be one is only warned of."""
    return list(tips_by_ref(git, warn).values())


def tips_by_ref(git: Git, warn: Warn) -> dict[str, str]:
    """Return {ref: its journal's newest entry}; what cannot be one is only warned of."""
    broken: list[str] = []
    try:
        rows = list_refs(git, [layout.JOURNALS], "refname objectname objecttype", broken=broken)
    except GitFailed:  # an object is missing: whoever walks there will say so
        rows = list_refs(git, [layout.JOURNALS], "refname objectname", broken=broken)
    for name in broken:
        warn(f"ref '{codec.one_line(name)}' is damaged and left out; see 'git lanes doctor'")
    for ref, oid, *kind in rows:
        if kind not in ([], [b"commit"]):
            lane = ref.decode("utf-8", "replace").removeprefix(layout.JOURNALS)
            what = f"{oid.decode()[:12]} is a {kind[0].decode()}"
            warn(left_out(lane, CorruptRecord(what)))
    return {
        ref.decode("utf-8", "replace"): oid.decode()
        for ref, oid, *kind in rows
        if kind in ([], [b"commit"])
    }


def _message(reader: RefReader, oid: str) -> bytes | None:
    found = reader.resolve(oid)
    return found[1].partition(b"\n\n")[2] if found else None


def sound_tip(name: str, oid: str, message: bytes | None, warn: Warn) -> Entry | None:
    """Return the entry at the tip of lane `name`'s journal; a damaged one is only warned of."""
    try:
        if message is None:
            raise CorruptRecord(f"journal entry {oid[:12]} is missing")
        return tip_entry(name, oid, message)
    except (CorruptRecord, Unsupported) as error:
        warn(left_out(name, error))
        return None


def sound_entry(reader: ObjectReader, oid: str, warn: Warn) -> Entry | None:
    """Return the entry that is commit `oid`; one that cannot be read is only warned of."""
    try:
        return _decoded(oid, reader.commit(oid).message)
    except (NotFound, CorruptRecord, Unsupported) as error:
        warn(f"{error.message}; see 'git lanes doctor'")
        return None


def left_out(name: str, error: LanesError) -> str:
    """Return the warning that a lane is left out of what is told of many."""
    shown = line(name, 60)
    if isinstance(error, Unsupported):
        return f"lane '{shown}' is left out: {error.message}; {error.hint}"
    return f"journal of lane '{shown}' is damaged: {error.message}; see 'git lanes doctor'"


def walk(reader: RefReader, tip: str | None) -> Iterator[Entry]:
    """Yield a journal's entries, newest first, those of a joined one behind what joins it."""
    for entry in line_of(reader, tip):
        yield entry
        if side := _side_of(entry):
            yield from _until(side.end, walk(reader, side.tip))


def _until(end: str | None, entries: Iterator[Entry]) -> Iterator[Entry]:
    return takewhile(lambda x: x.oid != end, entries)


class _Side(NamedTuple):
    """A second journal that an entry joins to the first: from its tip back to what both had."""

    tip: str
    end: str | None


def _side_of(entry: Entry) -> _Side | None:
    told = joined_of(entry.details)
    return _Side(entry.previous[1], told.base) if told and len(entry.previous) > 1 else None


def line_of(reader: RefReader, tip: str | None) -> Iterator[Entry]:
    """Yield a journal's entries, newest first, without those that were joined to it."""
    while tip is not None:
        entry = read_entry(reader, tip)
        yield entry
        tip = entry.follows[0] if entry.follows else None


def _by_time(entries: list[Entry]) -> list[Entry]:
    """Return entries newest first, each before the one that it follows in its journal.

    Within a second their own times tell, as far as those go along: clocks are set back at times.
    Of those that one operation wrote, the lanes' uuids do.
    """
    stamps: dict[str, str] = {}
    for entry in reversed(entries):
        stamps[entry.oid] = stamp(
            entry.time, entry.record.uuid, (stamps.get(x, "") for x in entry.previous)
        )
    return sorted(entries, key=lambda x: stamps[x.oid], reverse=True)


def stamp(time: str, lane: str, before: Iterable[str]) -> str:
    """Return what orders an entry within its second, given the stamps of those just before it."""
    return max([f"{time} {lane}", *before])


def walk_all(git: Git, tips: Sequence[str], warn: Warn | None = None) -> Iterator[Entry]:
    """Yield the entries of several journals, newest first, as one stream from one process.

    Git orders commits by the second; within one, the entries' own times tell. A journal that was
    joined to another one is a stream of its own, from the entry on that joins it. With `warn`,
    what is damaged is named there and left out; without, it raises CorruptRecord.
    """
    streams = [_streamed(git, tips, warn)]
    ahead = [next(streams[0], None)]
    told: set[str] = set()  # of an earlier epoch, two may lead to the same
    while any(ahead):
        first = max((x.time, -i) for i, x in enumerate(ahead) if x)
        entry = ahead[-first[1]]
        assert entry is not None
        if entry.oid not in told:
            told.add(entry.oid)
            yield entry
        ahead[-first[1]] = next(streams[-first[1]], None)
        if further := _further(entry):
            streams.append(_streamed(git, further, warn))
            ahead.append(next(streams[-1], None))


def _further(entry: Entry) -> list[str]:
    """Return what else git is asked for, come to an entry that its first parents do not lead on."""
    if side := _side_of(entry):
        return [side.tip, *(f"^{x}" for x in (entry.previous[0], side.end) if x)]
    return [] if entry.previous else [*entry.follows]


def _streamed(git: Git, tips: Sequence[str], warn: Warn | None) -> Iterator[Entry]:
    told: set[str] = set()
    try:
        with closing(stream(git, tips, codec.decode_entry)) as found:
            for _, same in groupby(found, key=itemgetter(0)):
                for entry in _by_time([x for _, x in same]):
                    told.add(entry.oid)
                    yield entry
    except (CorruptRecord, Unsupported):
        if warn is None:
            raise
        rest = _walk_apart(git, [x for x in tips if not x.startswith("^")], warn)
        told.update(x[1:] for x in tips if x.startswith("^"))
        yield from (x for x in rest if x.oid not in told)


def _walk_apart(git: Git, tips: Sequence[str], warn: Warn) -> Iterator[Entry]:
    """Yield the entries of several journals, each read by itself: slower, and past any damage."""
    with closing(RefReader(git)) as reader:
        walks = [_walk_sound(reader, tip, warn) for tip in tips]
        yield from merge(*walks, key=attrgetter("time"), reverse=True)


def _walk_sound(reader: RefReader, tip: str, warn: Warn) -> Iterator[Entry]:
    """Yield a journal's entries that can be read; what is no journal at all is not gone into."""
    oid: str | None = tip
    while oid is not None:
        try:
            commit = reader.commit(oid)
        except NotFound:
            warn(f"journal entry {oid[:12]} is missing; see 'git lanes doctor'")
            return
        if codec.is_root(commit.message):
            return
        try:
            yield codec.decode_entry(oid, commit.message)
        except (CorruptRecord, Unsupported) as error:
            warn(f"{error.message}; see 'git lanes doctor'")
            if commit.tree != EMPTY_TREE:
                return
        oid = _before(oid, commit)


def _before(oid: str, commit: CommitObject) -> str | None:
    """Return what comes before a journal's commit, as far as that can be read."""
    earlier: tuple[str, ...] = ()
    with suppress(CorruptRecord, Unsupported):
        earlier = codec.decode_brief(oid, commit.message).earlier
    return next(iter(earlier or commit.parents), None)


def stream(
    git: Git, tips: Sequence[str], decode: Callable[[str, bytes], T]
) -> Generator[tuple[bytes, T]]:
    """Yield (commit's second, entry) of several journals in git's order; raises CorruptRecord.

    Only first parents are followed: the further ones are work, not journal.
    """
    process = git.popen(
        "log",
        "--first-parent",
        "--no-show-signature",
        "--encoding=UTF-8",
        "--format=%H %ct%n%B%x00",
        "--stdin",
        "--",
        discard_err=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError):  # what git cannot read, it says by its exit code
        process.stdin.write("".join(f"{tip}\n" for tip in tips).encode())
        process.stdin.close()
    rest = b""
    try:
        while block := os.read(process.stdout.fileno(), 1 << 16):
            *whole, rest = (rest + block).split(b"\0\n")
            for record in whole:
                about, _, message = record.partition(b"\n")
                if not codec.is_root(message):
                    oid, second = about.split()
                    yield second, decode(oid.decode(), message)
        if process.wait():
            raise CorruptRecord("git cannot read the journals", hint="run 'git fsck'")
    finally:
        process.kill()
        process.stdout.close()
        process.wait()


def briefs(git: Git, tips: Sequence[str]) -> Generator[tuple[bytes, codec.Brief]]:
    """Yield what `stream` does of several journals, and then of the epochs before theirs."""
    told: set[str] = set()
    while tips:
        earlier: list[str] = []
        with closing(stream(git, tips, codec.decode_brief)) as found:
            for second, brief in found:
                if brief.oid not in told:
                    told.add(brief.oid)
                    yield second, brief
                    earlier += brief.earlier
        tips = earlier


def find_attempt(
    reader: RefReader, tip: str, attempt_id: str, warn: Warn | None = None
) -> Attempt | Entry | None:
    """Return the latest state of an attempt from a lane's journal, or None.

    Where the chain comes to the tombstone of a lane that goes on under another name, that
    entry is returned: only the other journal knows what became of earlier attempts. An id that
    an attempt had before journals were joined is its own still, unless another one has it now:
    `warn`, if given, is told of that. Raises Refused where two attempts had it, each in a clone.
    """
    return _find(reader, tip, attempt_id, warn, frozenset())


def _find(
    reader: RefReader, tip: str, attempt_id: str, warn: Warn | None, asked: frozenset[str]
) -> Attempt | Entry | None:
    was: dict[str, None] = {}
    for entry in line_of(reader, tip):
        if entry.record.status == RENAMED:
            return entry
        candidates = (*entry.attempts, *entry.record.open, *codec.indexed(entry).values())
        found = next((x for x in candidates if x.id == attempt_id), None)
        if found is not None:
            if was and warn is not None:
                names = " and ".join(was)
                warn(f"what was called {attempt_id} in one clone before is {names} now")
            return found
        if (told := joined_of(entry.details)) and (new := told.renumbered.get(attempt_id)):
            was.setdefault(new)
        if entry.record.next <= int(attempt_id.rpartition("/")[2]):
            break
    asked |= {attempt_id}
    return _one([_find(reader, tip, x, None, asked) for x in was if x not in asked], attempt_id)


def _one(found: Sequence[Attempt | Entry | None], attempt_id: str) -> Attempt | Entry | None:
    """Return what had an id before; raises Refused for two: what is meant cannot be known."""
    known = {x.uuid: x for x in found if isinstance(x, Attempt)}
    if len(known) > 1:
        names = " or ".join(sorted(x.id for x in known.values()))
        raise Refused(
            f"{attempt_id} was the name of {len(known)} attempts, before clones were joined",
            hint=f"say which: {names}",
        )
    return next((x for x in (*known.values(), *found) if x is not None), None)
