"""Vectors of attempts' texts, kept in the cache by the model that made them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from gitlanes.cache.places import Place, Wanted, conditions
from gitlanes.cache.texts import unspaced

if TYPE_CHECKING:
    from gitlanes.cache.database import Database

# More attempts than any repository has.
ALL = 1 << 40
_COMPARED = ("title", "prompt", "message", "reasons", "tags")

# The length of a vector, and what it is.
Vector = tuple[float, bytes]


def missing(db: Database, model: str) -> list[tuple[str, int]]:
    """Return (digest, key of an attempt) of all texts without a vector of that model."""
    return db.rows(
        "SELECT a.digest, max(a.id) FROM attempts a"
        " LEFT JOIN vectors v ON v.model = ? AND v.digest = a.digest"
        " WHERE v.digest IS NULL GROUP BY a.digest",
        model,
    )


def texts(db: Database, some: Sequence[tuple[str, int]]) -> list[tuple[str, str]]:
    """Return (digest, what is compared) for what `missing` returned."""
    marks = ", ".join("?" * len(some))
    columns = " || char(10) || ".join(_COMPARED)
    rows = db.rows(
        f"SELECT rowid, {columns} FROM texts WHERE rowid IN ({marks})", *(key for _, key in some)
    )
    by_key = {key: unspaced(text).strip() for key, text in rows}
    return [(digest, by_key.get(key, "")) for digest, key in some]


def keep(db: Database, model: str, vectors: Mapping[str, Vector]) -> None:
    """Keep vectors by the digests of their texts, where that can be done."""
    rows = [(model, digest, *vector) for digest, vector in vectors.items()]
    db.remember("INSERT OR REPLACE INTO vectors VALUES (?, ?, ?, ?)", rows)


def known(
    db: Database, model: str, wanted: Wanted, new: Mapping[str, Vector]
) -> Iterator[tuple[int, Place, Vector]]:
    """Yield (key, place, vector) of the attempts that are wanted; `new` need not be kept."""
    where, values = conditions(wanted)
    query = (
        "SELECT a.id, a.uuid, e.oid, a.digest, v.norm, v.vector FROM attempts a"
        " JOIN entries e ON e.seq = a.entry"
        " LEFT JOIN vectors v ON v.model = ? AND v.digest = a.digest"
        f" WHERE {where} AND (? IS NULL OR e.time >= ?)"
    )
    for key, uuid, entry, digest, length, vector in db.sql.execute(
        query, (model, *values, wanted.since, wanted.since)
    ):
        found = new.get(digest) if vector is None else (length, vector)
        if found is not None:
            yield key, Place(uuid, entry), found
