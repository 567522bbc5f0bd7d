"""What a record names only the entry of: stacks, tasks, queues, read from there in full."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from gitlanes.errors import BadValue, CorruptRecord
from gitlanes.models.records import Entry
from gitlanes.store import codec, journal

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

T = TypeVar("T")

Details = Mapping[str, Any]


def details_of(
    repo: LaneRepo, oids: Iterable[str], member: str, verbs: Sequence[str]
) -> dict[str, Details]:
    """Return {entry: its details}, of those that are there; one round trip finds them.

    A version that does not know the `member` of details copies the word 'here' with the rest of a
    record. It stands for the last entry before that has one. Such a version writes none of the
    `verbs`, which are about that member: an entry of these that has none is damaged.
    """
    wanted = list(dict.fromkeys(oids))
    found = zip(wanted, repo.refs.resolve_all(wanted), strict=True) if wanted else ()
    entries = (
        codec.decode_entry(oid, there[1].partition(b"\n\n")[2]) for oid, there in found if there
    )
    return {x.oid: _told(repo, x, member, verbs) for x in entries}


def part(what: str, oid: str, details: Mapping[str, Details], make: Callable[[Details], T]) -> T:
    """Return what is made of an entry's details; raises CorruptRecord, which names it `what`."""
    if oid not in details:
        raise CorruptRecord(
            f"{what} is missing: its entry {oid[:12]} is not there", hint="run 'git fsck'"
        )
    try:
        return make(details[oid])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptRecord(
            f"{what} is damaged in entry {oid[:12]}",
            hint=f"look at it with: git cat-file commit {oid[:12]}",
        ) from error


def require(what: str, make: Callable[[Details], object], details: Details) -> None:
    """Raise BadValue for what is to be stored, and its own reader would call damaged."""
    try:
        make(details)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadValue(
            f"bad value in {what}: {error}", hint="texts are str, and numbers are int"
        ) from error


def _told(repo: LaneRepo, entry: Entry, member: str, verbs: Sequence[str]) -> Details:
    def has_it(one: Entry) -> bool:
        return isinstance(one.details, dict) and member in one.details

    if not has_it(entry) and entry.verb not in verbs:
        entry = next(filter(has_it, journal.walk(repo.refs, entry.oid)), entry)
    return entry.details if isinstance(entry.details, dict) else {}
