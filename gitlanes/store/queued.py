"""Queue entries to journal entries and back: each is in full in the one that changed it last."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from gitlanes.errors import CorruptRecord, Raced, Refused
from gitlanes.models.plain import plain, replace
from gitlanes.models.queue import DONE, LANDED, LANDING, WAITING, Queued
from gitlanes.models.records import HERE, MODES, Lane, LaneState
from gitlanes.store import in_full
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.validity import require_oids, require_uuid

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# The member of an entry's details that has queue entries in full.
DETAILS = "queued"
# So many that are done are named by the record; the journal has the older ones.
_KEPT = 50
_KNOWN = {*Queued.fields} - {"extra"}
_TEXTS = ("lane", "head", "status", "since", "place")
_MAYBE = ("mode", "by", "reason", "landed", "decided")


def read(repo: LaneRepo, state: LaneState) -> dict[str, Queued]:
    """Return what was queued for a lane, by the queued lane's uuid, in the order of landing.

    Raises CorruptRecord for what its journal entry does not have.
    """
    lane = state.record
    details = in_full.details_of(repo, lane.queue.values(), DETAILS, ("queue",))
    entries = [
        in_full.part(f"queue of lane '{lane.name}'", oid, details, partial(_queued, uuid))
        for uuid, oid in lane.queue.items()
    ]
    return {x.lane: x for x in sorted(entries, key=lambda x: x.order)}


def with_queued(
    lane: Lane, known: Iterable[Queued], changed: Iterable[Queued]
) -> tuple[Lane, dict[str, Any]]:
    """Return a lane's record that names the entry to be written, and that entry's details."""
    new = {x.lane: x for x in changed}
    every = {**{x.lane: x for x in known}, **new}
    done = sorted((x for x in every.values() if not x.waits), key=lambda x: x.decided or "")
    old = {x.lane for x in done[:-_KEPT]} - new.keys()
    named = {**{k: v for k, v in lane.queue.items() if k not in old}, **dict.fromkeys(new, HERE)}
    details = {DETAILS: {uuid: _body(x) for uuid, x in new.items()}}
    for uuid in new:
        in_full.require("an entry of a queue", partial(_queued, uuid), details)
    return replace(lane, queue=dict(sorted(named.items()))), details


def landed(
    repo: LaneRepo, state: LaneState, after: Lane, source: Lane, time: str
) -> tuple[Lane, dict[str, Any]]:
    """Return a target's record `after` a landing, and details: what waited of that has landed."""
    if source.uuid not in state.record.queue:
        return after, {}
    try:
        known = read(repo, state)
    except CorruptRecord as error:  # it is found by the record of landings, once it can be read
        repo.warn(error.message)
        return after, {}
    entry = known[source.uuid]
    if not entry.waits or not is_ancestor(repo, entry.head, str(source.head)):
        return after, {}
    made = replace(entry, status=LANDED, landed=after.head, decided=time)
    return with_queued(after, known.values(), [made])


def require(repo: LaneRepo, source: Lane, target: LaneState, head: str) -> None:
    """Raise unless a lane is about to land from a target's queue, with that head.

    Raises Raced where its entry was cancelled or changed, Refused where the lane went on.
    """
    entry = read(repo, target).get(source.uuid)
    if entry is None or entry.status != LANDING or not (entry.latest or entry.head == head):
        raise Raced(
            f"lane '{source.name}' is not landing from the queue any more",
            hint="see 'git lanes queue list'",
        )
    if source.head != head:
        raise _went_on(source)


def require_unmoved(entry: Queued, source: Lane) -> None:
    """Raise Refused where a lane went on since it was queued with its head of then."""
    if source.head != entry.head:
        raise _went_on(source)


def _went_on(source: Lane) -> Refused:
    return Refused(
        f"lane '{source.name}' went on since it was queued",
        hint=f"add it again: git lanes queue add {source.name}",
    )


def _body(entry: Queued) -> dict[str, Any]:
    body = {**entry.extra, **plain(replace(entry, extra={}))}
    return {key: x for key, x in body.items() if x not in (None, [], {}, False)}


def _queued(uuid: str, details: Mapping[str, Any]) -> Queued:
    body = details[DETAILS][uuid]
    require_uuid(body["lane"])
    require_oids(body["head"], body.get("landed"))
    known = {key: x for key, x in body.items() if key in _KNOWN}
    known["paths"] = tuple(body.get("paths", ()))
    entry = Queued(**known, extra={key: x for key, x in body.items() if key not in _KNOWN})
    maybe = [x for key in _MAYBE if (x := getattr(entry, key)) is not None]
    meta = [x for pair in entry.meta.items() for x in pair]
    texts = (*(getattr(entry, key) for key in _TEXTS), *maybe, *meta, *entry.paths)
    if not all(isinstance(x, str) for x in texts) or type(entry.priority) is not int:
        raise TypeError("a field is of another type")
    if entry.lane != uuid or entry.status not in (*WAITING, *DONE):
        raise ValueError("an entry is of another lane, or has no known status")
    if entry.mode not in (None, *MODES) or not isinstance(entry.latest, bool):
        raise ValueError("an entry has no known mode")
    return entry
