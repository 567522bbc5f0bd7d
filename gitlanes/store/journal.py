"""Journals: each lane's append-only chain of entries, read from its newest one back."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING

from gitlanes.errors import CorruptRecord
from gitlanes.git.process import Git
from gitlanes.models.records import Attempt, Entry
from gitlanes.store import codec

if TYPE_CHECKING:
    from gitlanes.git.refs import RefReader


def read_entry(reader: RefReader, oid: str) -> Entry:
    """Return the entry that is commit `oid`; raises CorruptRecord if it is none."""
    found = reader.resolve(oid)
    if found is None:
        raise CorruptRecord(f"journal entry {oid[:12]} is missing", hint="run 'git fsck'")
    return codec.decode_entry(oid, found[1].partition(b"\n\n")[2])


def tip_entry(name: str, oid: str, message: bytes) -> Entry:
    """Return the entry at the tip of lane `name`'s journal; raises CorruptRecord.

    An entry that speaks of another lane would lead its readers to that one's places.
    """
    entry = codec.decode_entry(oid, message)
    if entry.record.name != name:
        raise CorruptRecord(
            f"journal of lane '{codec.one_line(name, 60)}' speaks of lane '{entry.record.name}'",
            hint=f"look at it with: git cat-file commit {oid[:12]}",
        )
    return entry


def walk(reader: RefReader, tip: str | None) -> Iterator[Entry]:
    """Yield a journal's entries, newest first."""
    while tip is not None:
        entry = read_entry(reader, tip)
        yield entry
        tip = entry.previous[0] if entry.previous else None


def walk_all(git: Git, tips: Sequence[str]) -> Iterator[Entry]:
    """Yield the entries of several journals, newest first, as one stream from one process.

    Git orders commits by the second; within one, the entries' own times tell.
    """
    with closing(_stream(git, tips)) as stream:
        for _, same in groupby(stream, key=itemgetter(0)):
            yield from sorted((entry for _, entry in same), key=attrgetter("time"), reverse=True)


def _stream(git: Git, tips: Sequence[str]) -> Generator[tuple[bytes, Entry]]:
    """Yield (commit's second, entry) in git's order.

    Only first parents are followed: the further ones are work, not journal.
    """
    process = git.popen(
        "log",
        "--first-parent",
        "--no-show-signature",
        "--encoding=UTF-8",
        "--format=%H %ct%n%B%x00",
        *tips,
        "--",
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    rest = b""
    try:
        while block := os.read(process.stdout.fileno(), 1 << 16):
            *whole, rest = (rest + block).split(b"\0\n")
            for record in whole:
                about, _, message = record.partition(b"\n")
                if not codec.is_root(message):
                    oid, second = about.split()
                    yield second, codec.decode_entry(oid.decode(), message)
        if process.wait():
            raise CorruptRecord("git cannot read the journals", hint="run 'git fsck'")
    finally:
        process.kill()
        process.stdout.close()
        if process.stderr is not None:
            process.stderr.close()
        process.wait()


def find_attempt(reader: RefReader, tip: str, attempt_id: str) -> Attempt | None:
    """Return the latest state of an attempt from a lane's journal, or None."""
    for entry in walk(reader, tip):
        candidates = (*entry.attempts, *entry.record.open)
        found = next((x for x in candidates if x.id == attempt_id), None)
        if found is not None:
            return found
        if entry.record.next <= int(attempt_id.rpartition("/")[2]):
            return None
    return None
