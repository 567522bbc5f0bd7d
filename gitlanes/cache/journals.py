"""Entries of the journals, taken into the cache: once all of them, then the new ones alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, NamedTuple

from gitlanes import clock
from gitlanes.errors import CorruptRecord, NotFound, Unsupported
from gitlanes.models.records import RENAMED
from gitlanes.store import codec, journal
from gitlanes.store.codec import Brief

if TYPE_CHECKING:
    from gitlanes.cache.database import Database
    from gitlanes.store.lane_repo import LaneRepo

ODD = "odd"
FLAWED = "flawed"
_TOLD = 500

_ATTEMPT = """
INSERT INTO attempts
    (uuid, entry, lane, number, name, kind, status, agent, made, change, title, reason)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
_ATTEMPT_AGAIN = """
UPDATE attempts SET entry = ?, lane = ?, number = ?, name = ?, kind = ?, status = ?, agent = ?,
    made = ?, change = ?, title = ?, reason = ?
WHERE id = ?
"""


class MovedAside(Exception):
    """A journal does not go on from what the cache has seen of it."""


class _Seen(NamedTuple):
    """What is taken from an entry that was read; ``attempts`` are rows of the table."""

    second: int
    oid: str
    own_stamp: str
    moment: float | None
    lane: str
    lives: bool
    before: tuple[str, ...]
    attempts: tuple[tuple[Any, ...], ...]


class _Card(NamedTuple):
    """What is kept of an entry."""

    seq: int
    second: int
    stamp: str
    lane: str
    plain: bool

    @property
    def place(self) -> tuple[int, str, int]:
        """Return what orders all entries: the newest has the highest."""
        return self.second, self.stamp, self.seq


class Journals:
    """Takes entries into a cache, each after the one that it follows."""

    def __init__(self, repo: LaneRepo, db: Database, *, fresh: bool):
        self._repo = repo
        self._db = db
        self._fresh = fresh
        self._cards: dict[str, _Card] = {}
        self._known: dict[str, tuple[int, str, tuple[int, str, int]]] = {}
        self._next = (db.rows("SELECT max(seq) FROM entries")[0][0] or 0) + 1
        self.touched: set[int] = set()

    def take_all(self, tips: Mapping[str, str]) -> None:
        """Take every entry; what cannot be read is left out, with a warning, and noted."""
        found = self._read_all(list(tips.values()))
        for seen in reversed(found):
            self._take(seen)
        self._settle(tips)

    def take_new(self, tips: Mapping[str, str]) -> None:
        """Take the entries that are new; raises MovedAside."""
        before = dict(self._db.rows("SELECT ref, tip FROM journals"))
        if before.keys() - tips.keys():
            raise MovedAside
        for ref, tip in tips.items():
            if before.get(ref) != tip:
                new, last = self._read_new(tip)
                if ref in before and last != before[ref]:
                    raise MovedAside
                for seen in reversed(new):
                    self._take(seen)
        self._settle(tips)

    def _settle(self, tips: Mapping[str, str]) -> None:
        self._db.run_each("INSERT OR REPLACE INTO journals VALUES (?, ?)", tips.items())

    def _read_all(self, tips: list[str]) -> list[_Seen]:
        """Return all entries, newest first."""
        git = self._repo.git
        found: list[_Seen] = []
        if not tips:
            return found
        total = int(git.run("rev-list", "--count", "--first-parent", *tips, check=False).text or 0)
        try:
            with closing(journal.briefs(git, tips)) as entries:
                for second, entry in entries:
                    found.append(_seen(int(second), entry))
                    if not len(found) % _TOLD:
                        self._repo.progress("reading journals", len(found), total)
        except (CorruptRecord, Unsupported):
            self._db.note(FLAWED)
            walk = journal.walk_all(git, tips, self._repo.warn)
            found = [_seen(0, codec.brief(x)) for x in walk]
        self._repo.progress("reading journals", total, total)
        return found

    def _read_new(self, tip: str) -> tuple[list[_Seen], str | None]:
        """Return a journal's entries that the cache has not seen, newest first, and the next."""
        found: list[_Seen] = []
        oid: str | None = tip
        while oid is not None and self._card(oid) is None:
            try:
                commit = self._repo.refs.commit(oid)
                if codec.is_root(commit.message):
                    return found, None
                entry = codec.decode_brief(oid, commit.message)
            except (CorruptRecord, Unsupported, NotFound) as error:
                raise MovedAside from error
            found.append(_seen(int(commit.committer.split()[-2]), entry))
            oid = next(iter(entry.previous), None)
        return found, oid

    def _take(self, seen: _Seen) -> None:
        if seen.oid in self._cards:
            return
        before = [x for x in map(self._card, seen.before) if x]
        stamp = max([seen.own_stamp, *(x.stamp for x in before if x.second == seen.second)])
        plain = seen.lives and all(x.plain and x.lane == seen.lane for x in before)
        card = self._cards[seen.oid] = _Card(self._next, seen.second, stamp, seen.lane, plain)
        self._next += 1
        back = any(x.second > seen.second for x in before)
        dead = seen.attempts and not seen.lives
        if back or dead or len(seen.before) > 1 or seen.moment is None:
            self._db.note(ODD)
        row = (card.seq, seen.oid, seen.second, stamp, seen.moment or 0.0, seen.lane)
        self._db.run("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?)", *row, plain)
        for uuid, *attempt in seen.attempts:
            self._keep(card, uuid, attempt)

    def _keep(self, card: _Card, uuid: str, attempt: Sequence[Any]) -> None:
        """Take an attempt as this entry leaves it, unless a newer one says otherwise."""
        known = self._attempt(uuid)
        if known is not None and known[1] != card.lane:
            self._db.note(ODD)
        if known is not None and known[2] > card.place:
            return
        row = (card.seq, card.lane, *attempt)
        if known is None:
            key = int(self._db.run(_ATTEMPT, uuid, *row).lastrowid or 0)
        else:
            key = known[0]
            self._db.run(_ATTEMPT_AGAIN, *row, key)
        self._known[uuid] = key, card.lane, card.place
        self.touched.add(key)

    def _card(self, oid: str) -> _Card | None:
        if oid not in self._cards and not self._fresh:
            query = "SELECT seq, second, stamp, lane, plain FROM entries WHERE oid = ?"
            self._cards.update((oid, _Card(*row)) for row in self._db.rows(query, oid))
        return self._cards.get(oid)

    def _attempt(self, uuid: str) -> tuple[int, str, tuple[int, str, int]] | None:
        if uuid not in self._known and not self._fresh:
            query = (
                "SELECT a.id, a.lane, e.second, e.stamp, e.seq FROM attempts a"
                " JOIN entries e ON e.seq = a.entry WHERE a.uuid = ?"
            )
            for key, lane, *place in self._db.rows(query, uuid):
                self._known[uuid] = key, lane, (place[0], place[1], place[2])
        return self._known.get(uuid)


def _seen(second: int, entry: Brief) -> _Seen:
    try:
        moment = clock.from_utc_text(entry.time)
    except ValueError:
        moment = None
    stamp = journal.stamp(entry.time, entry.lane, ())
    try:
        rows = tuple(map(_row, entry.attempts))
    except (KeyError, TypeError, AttributeError) as error:
        raise CorruptRecord(f"journal entry {entry.oid[:12]} is damaged") from error
    lives = entry.status != RENAMED
    return _Seen(second, entry.oid, stamp, moment, entry.lane, lives, entry.previous, rows)


def _row(attempt: Mapping[str, Any]) -> tuple[Any, ...]:
    made = (attempt["commit"], attempt.get("change_id"), attempt["title"])
    about = (attempt["id"], attempt["kind"], attempt["status"], attempt.get("agent"))
    texts = (attempt["uuid"], *about, *made, attempt.get("reason") or "")
    if not all(isinstance(x, str | None) for x in texts) or type(attempt["number"]) is not int:
        raise TypeError
    return (attempt["uuid"], attempt["number"], *texts[1:])
