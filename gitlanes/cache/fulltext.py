"""Full-text search in the cache: the words of a query, ranking, snippets."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.cache.places import Place, Wanted
from gitlanes.cache.texts import Texts, facet, spaced, unspaced
from gitlanes.errors import BadValue

if TYPE_CHECKING:
    from gitlanes.cache.database import Database

# Of more matches than these only the newest are ranked: ranking costs for each of them.
MOST_RANKED = 2000
# What a word weighs in each column of `Texts`: a title says more than a long message.
_WEIGHTS = (8.0, 6.0, 2.0, 4.0, 6.0, 2.0, 0.0)
# Where a passage is looked for, in this order.
_SHOWN = ("prompt", "title", "reasons", "message", "tags", "meta")
_LENGTH = 24
# Around a matching word; texts cannot bring these along, they are control characters.
BEGIN, END = "\x02", "\x03"
_CHANGED = (
    "SELECT e.time FROM attempts a JOIN entries e ON e.seq = a.entry WHERE a.id = texts.rowid"
)
_MARKS = re.compile("[\x02\x03]")
_PIECE = re.compile(r'"([^"]*)"?|(\S+)')
_WORD = re.compile(r"\w")


class Match(NamedTuple):
    """An attempt that matches: where it is, its passage with marks, and what that is from."""

    key: int
    place: Place
    score: float


class Matches(NamedTuple):
    """The matches, best first; ``more`` says that older ones were not ranked."""

    found: list[Match]
    more: bool


def expression(query: str) -> str:
    """Return a query as FTS5 takes it: all words and "phrases", whatever else is in them.

    A word that ends in ``*`` is the beginning of one. Raises BadValue where no word is in it.
    """
    found = []
    for phrase, word in _PIECE.findall(spaced(query.replace("\0", " "))):
        text = (phrase or word).replace('"', " ").strip()
        if _WORD.search(text):
            found.append(f'"{text}"' + ("*" if word.endswith("*") else ""))
    if not found:
        raise BadValue(f"there is no word to look for in '{query[:60]}'")
    return f"{{{' '.join(Texts._fields)}}} : ({' AND '.join(found)})"


def matches(db: Database, query: str, wanted: Wanted, limit: int | None) -> Matches:
    """Return the attempts that match an `expression`.

    At most `limit` of them, the newest, are ranked; None ranks all.
    """
    asked = with_facets(query, wanted)
    oldest, more = _oldest(db, asked, wanted, limit)
    weights = ", ".join(map(str, _WEIGHTS))
    rows = db.rows(
        f"""
        SELECT a.id, a.uuid, e.oid, -bm25(texts, {weights}) AS score
        FROM texts JOIN attempts a ON a.id = texts.rowid JOIN entries e ON e.seq = a.entry
        WHERE texts MATCH ? AND texts.rowid >= ? AND (? IS NULL OR e.time >= ?)
        ORDER BY score DESC, a.id DESC
        """,
        *(asked, oldest, wanted.since, wanted.since),
    )
    found = [Match(key, Place(uuid, entry), score) for key, uuid, entry, score in rows]
    return Matches(found, more)


def with_facets(query: str, wanted: Wanted) -> str:
    """Return an expression that also asks for all but ``since``."""
    given = [(kind, getattr(wanted, kind)) for kind in ("lane", "status", "agent", "tag")]
    facets = [f'facets : "{facet(kind, x)}"' for kind, x in given if x is not None]
    return " AND ".join([f"({query})", *facets])


def _oldest(db: Database, asked: str, wanted: Wanted, limit: int | None) -> tuple[int, bool]:
    """Return the key of the oldest attempt that is to be ranked, and whether there are older."""
    if limit is None:
        return 0, False
    recent, values = "", []
    if wanted.since is not None:
        recent = f"AND rowid >= ? AND ({_CHANGED}) >= ?"
        values = [_oldest_since(db, wanted.since), wanted.since]
    found = db.rows(
        f"SELECT rowid FROM texts WHERE texts MATCH ? {recent}"
        " ORDER BY rowid DESC LIMIT 2 OFFSET ?",
        *(asked, *values, limit - 1),
    )
    return (int(found[0][0]) if found else 0), len(found) > 1


def _oldest_since(db: Database, moment: float) -> int:
    """Return the lowest key of what changed since a moment, where that is not very much."""
    recent = "SELECT seq FROM entries WHERE time >= ?"
    if len(db.rows(f"{recent} LIMIT ?", moment, MOST_RANKED)) == MOST_RANKED:
        return 0
    (key,) = db.rows(f"SELECT min(id) FROM attempts WHERE entry IN ({recent})", moment)[0]
    return 1 << 62 if key is None else int(key)


def passage(db: Database, query: str, key: int) -> tuple[str, str]:
    """Return (column, passage) where the query matches an attempt, `BEGIN` and `END` around it."""
    columns = ", ".join(
        f"snippet(texts, {Texts._fields.index(name)}, ?, ?, '…', {_LENGTH})" for name in _SHOWN
    )
    marks = (BEGIN, END) * len(_SHOWN)
    (row,) = db.rows(
        f"SELECT {columns} FROM texts WHERE texts MATCH ? AND texts.rowid = ?", *marks, query, key
    )
    found = zip(_SHOWN, map(unspaced, row), strict=True)
    return next(((name, text) for name, text in found if BEGIN in text), ("title", ""))


def unmarked(text: str) -> str:
    """Return a passage without marks."""
    return _MARKS.sub("", text)
