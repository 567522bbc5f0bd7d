"""Where attempts are, by what is known of them; what they are is then read from git."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gitlanes.cache.database import Mismatch
from gitlanes.cache.journals import ODD
from gitlanes.errors import CorruptRecord, NotFound, Unsupported
from gitlanes.models.records import Attempt
from gitlanes.store import codec

if TYPE_CHECKING:
    from gitlanes.cache.database import Database
    from gitlanes.store.lane_repo import LaneRepo

_ORDER = "e.second DESC, e.stamp DESC, e.seq DESC, a.number DESC"
_AT_ONCE = 200


class Place(NamedTuple):
    """An attempt's uuid, and the journal entry that has its newest state."""

    uuid: str
    entry: str


class Wanted(NamedTuple):
    """What attempts must have, as far as the cache can tell; None is anything.

    ``lane`` is the uuid of a lane, ``since`` is in epoch seconds, and asks when an attempt
    changed last.
    """

    lane: str | None = None
    status: str | None = None
    agent: str | None = None
    tag: str | None = None
    since: float | None = None


def in_order(db: Database, wanted: Wanted) -> list[Place] | None:
    """Return where the attempts are that a walk of all journals would find, in its order.

    None where the cache cannot tell: commits' times go back along a journal, say, or the lane
    shares its journal with others.
    """
    if ODD in db.facts() or (wanted.lane and not _is_plain(db, wanted.lane)):
        return None
    where, values = conditions(wanted)
    if wanted.since is not None and (last := _last_before(db, wanted.since, wanted.lane)):
        where, values = f"{where} AND (e.second, e.stamp, e.seq) > (?, ?, ?)", [*values, *last]
    return _places(db, where, values)


def conditions(wanted: Wanted) -> tuple[str, list[Any]]:
    """Return what follows WHERE for attempts `a`, and its values; ``since`` is not in it."""
    asked = [
        (f"a.{column} = ?", value)
        for column in ("lane", "status", "agent")
        if (value := getattr(wanted, column)) is not None
    ]
    if wanted.tag is not None:
        asked.append(("a.id IN (SELECT attempt FROM tags WHERE tag = ?)", wanted.tag))
    return " AND ".join(["1", *(text for text, _ in asked)]), [value for _, value in asked]


def _last_before(db: Database, moment: float, lane: str | None) -> tuple[Any, ...] | None:
    """Return the order of the newest entry before a moment: there a walk ends."""
    found = db.rows(
        "SELECT second, stamp, seq FROM entries WHERE time < ? AND (? IS NULL OR lane = ?)"
        " ORDER BY second DESC, stamp DESC, seq DESC LIMIT 1",
        *(moment, lane, lane),
    )
    return tuple(found[0]) if found else None


def _is_plain(db: Database, lane: str) -> bool:
    """Say whether one journal that lives has that lane's entries, and no other's."""
    rows = db.rows(
        "SELECT e.plain FROM journals j JOIN entries e ON e.oid = j.tip WHERE e.lane = ?", lane
    )
    return sorted(plain for (plain,) in rows).count(1) == 1


def of_change(db: Database, change: str) -> list[Place]:
    """Return where the attempts of a change are, newest first."""
    return _places(db, "a.change = ?", [change])


def _places(db: Database, where: str, values: Sequence[Any]) -> list[Place]:
    rows = db.rows(
        "SELECT a.uuid, e.oid FROM attempts a JOIN entries e ON e.seq = a.entry"
        f" WHERE {where} ORDER BY {_ORDER}",
        *values,
    )
    return [Place(*x) for x in rows]


def attempts_at(repo: LaneRepo, places: Sequence[Place]) -> Iterator[Attempt]:
    """Yield the attempts at these places as the journals have them; raises Mismatch."""
    for start in range(0, len(places), _AT_ONCE):
        some = places[start : start + _AT_ONCE]
        entries = _attempts_of(repo, list(dict.fromkeys(x.entry for x in some)))
        for uuid, entry in some:
            if uuid not in entries[entry]:
                raise Mismatch(f"attempt {uuid} is not in entry {entry}")
            yield entries[entry][uuid]


def _attempts_of(repo: LaneRepo, oids: Sequence[str]) -> dict[str, dict[str, Attempt]]:
    """Return {entry: {uuid: attempt}}."""
    try:
        contents = [data.partition(b"\n\n")[2] for _, data in repo.refs.read_all(oids)]
        entries = [codec.decode_entry(*x) for x in zip(oids, contents, strict=True)]
    except (NotFound, CorruptRecord, Unsupported) as error:
        raise Mismatch(error.message) from error
    return {x.oid: {y.uuid: y for y in x.attempts} for x in entries}
