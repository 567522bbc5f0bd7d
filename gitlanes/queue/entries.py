"""What waits in a lane's queue: added, made ready, put in order, cancelled, listed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, Negative, NotFound, Refused
from gitlanes.landing import agreement, plans
from gitlanes.landing.bases import bases_for
from gitlanes.lanes import about
from gitlanes.lanes.about import About
from gitlanes.lanes.targets import target_of
from gitlanes.models.plain import NOTHING, Model, replace
from gitlanes.models.queue import (
    CANCELLED,
    LANDING,
    PENDING,
    PRIORITY,
    READY,
    Queued,
    QueueEntry,
)
from gitlanes.models.records import MODES, Lane, LaneState
from gitlanes.store import namesakes, queued
from gitlanes.store.adopt import require_adopted_lane
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.transaction import transaction
from gitlanes.workspaces import finding, intake

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# What changes of entries: all of the queue, those that are named, when.
Change = Callable[[Mapping[str, Queued], list[Queued], str], Iterable[Queued]]


class Wish(Model):
    """How to queue a lane: ``ready`` at once, with its ``latest`` head when it comes to land."""

    priority: int = PRIORITY
    mode: str | None = None
    meta: dict[str, str] = NOTHING
    ready: bool = False
    latest: bool = False


def add(
    repo: LaneRepo,
    lanes: Sequence[str] = (),
    wish: Wish | None = None,
    *,
    into: str | None = None,
    by: str | None = None,
) -> list[QueueEntry]:
    """Queue lanes with their present heads for the lane that they land on.

    Raises Refused for one that waits already, or is not agreed to and is to be ready, Negative
    where there is nothing to land, and BadValue. None is queued then.
    """
    wish = wish or Wish()
    _check(wish)
    names = _or_present(repo, lanes)
    target = target_for(repo, names, into)
    intake.catch_up(repo, target)
    with transaction(repo, "queue", actor=by) as tx:
        state = repo.view.lane(target)
        known = queued.read(repo, state)
        made = []
        for number, name in enumerate(names):
            source = repo.view.lane(name)
            _require_new(known.get(source.record.uuid), source.record, state.record)
            landing = plans.plan(repo, source, state)
            plans.require_news(landing)
            if wish.ready:
                agreement.require(repo, source, state, source.record, landing.bases)
            made.append(
                Queued(
                    source.record.uuid,
                    str(source.record.head),
                    READY if wish.ready else PENDING,
                    tx.time,
                    f"{tx.time}/{number:06d}",
                    wish.priority,
                    wish.mode,
                    wish.latest,
                    wish.meta,
                    by,
                )
            )
        tx.description = f"queue {_named(names)} for {target}"
        record, details = queued.with_queued(state.record, known.values(), made)
        tx.lane(state, record, details=details)
    return told(repo, state.record, made)


def ready(
    repo: LaneRepo, lanes: Sequence[str], *, into: str | None = None, by: str | None = None
) -> list[QueueEntry]:
    """Let queued lanes land; raises Refused where people have to agree first."""

    def change(known: Mapping[str, Queued], named: list[Queued], time: str) -> Iterable[Queued]:
        del known, time
        for entry in named:
            if entry.status != PENDING:
                raise Negative(f"lane '{_name(repo, entry)}' is {entry.status} already")
            source = repo.view.by_uuid(entry.lane)
            if source is not None:
                state = target_of(repo, source, into)
                then = source.record if entry.latest else replace(source.record, head=entry.head)
                agreement.require(repo, source, state, then, bases_for(repo, source, state))
        return [replace(x, status=READY) for x in named]

    intake.catch_up(repo, target_for(repo, lanes, into))
    return _revise(repo, lanes, into, by, ("ready", change))


def cancel(
    repo: LaneRepo,
    lanes: Sequence[str],
    *,
    into: str | None = None,
    by: str | None = None,
    reason: str | None = None,
) -> list[QueueEntry]:
    """Take lanes out of the queue; one that is just landing stops unless it has landed."""

    def change(known: Mapping[str, Queued], named: list[Queued], time: str) -> Iterable[Queued]:
        del known
        return [replace(x, status=CANCELLED, reason=reason, decided=time) for x in named]

    return _revise(repo, lanes, into, by, ("cancel", change))


def move(
    repo: LaneRepo,
    lane: str,
    *,
    before: str | None = None,
    priority: int | None = None,
    into: str | None = None,
    by: str | None = None,
) -> list[QueueEntry]:
    """Put a queued lane before another one, or give it another priority."""
    if (before is None) == (priority is None):
        raise BadValue("a lane moves before another or to a priority", hint="say one of the two")
    if lane == before:
        raise BadValue(f"lane '{lane}' cannot come before itself", hint="name another lane")

    def change(known: Mapping[str, Queued], named: list[Queued], time: str) -> Iterable[Queued]:
        del time
        entry = named[0]
        if priority is not None:
            return [replace(entry, priority=priority)]
        rest = [x for x in _waiting(known) if x.lane != entry.lane]
        at = [x.lane for x in rest].index(named[1].lane)
        return _in_slots(known, [*rest[:at], entry, *rest[at:]])

    names = [lane, before] if before is not None else [lane]
    return _revise(repo, names, into, by, ("move", change))


def order(
    repo: LaneRepo, lanes: Sequence[str], *, into: str | None = None, by: str | None = None
) -> list[QueueEntry]:
    """Let queued lanes change places so that they land in this order; others keep theirs."""
    return _revise(
        repo, lanes, into, by, ("order", lambda known, named, _: _in_slots(known, named))
    )


def list_entries(
    repo: LaneRepo, *, into: str | None = None, everything: bool = False
) -> list[QueueEntry]:
    """Return what waits to land, target by target and in order; `everything`: what is done, too."""
    repo.view.require_adopted()
    states = [repo.view.lane(into)] if into else repo.view.lanes()
    found: list[QueueEntry] = []
    for state in states:
        entries = queued.read(repo, state).values()
        found += told(repo, state.record, [x for x in entries if everything or x.waits])
    return found


def target_for(repo: LaneRepo, lanes: Sequence[str], into: str | None) -> str:
    """Return the lane in whose queue some lanes are or would be; raises Refused for several."""
    names = _or_present(repo, lanes)
    found = {target_of(repo, repo.view.lane(x), into).record.name for x in names}
    if len(found) > 1:
        raise Refused(
            f"the lanes land on different ones: {', '.join(sorted(found))}",
            hint="add them one by one, or name the target with --into LANE",
        )
    return found.pop()


def _or_present(repo: LaneRepo, lanes: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(lanes)) or [finding.lane_or_present(repo, None).record.name]


def told(repo: LaneRepo, target: Lane, entries: Iterable[Queued]) -> list[QueueEntry]:
    """Return entries with the names of their lanes."""
    return [
        QueueEntry(
            _name(repo, x),
            x.lane,
            target.name,
            *(x.head, x.status, x.priority, x.mode, x.latest, x.meta, x.by, x.since),
            *(x.reason, x.paths, x.landed, x.decided),
        )
        for x in entries
    ]


def has_landed(repo: LaneRepo, entry: Queued, source: Lane, target: Lane) -> bool:
    """Say whether the record of landings has it that what was queued has landed."""
    where = source.landed.get(target.uuid)
    return bool(where and where.source and is_ancestor(repo, entry.head, where.source))


def _check(wish: Wish) -> None:
    if wish.mode is not None and wish.mode not in MODES:
        raise BadValue(f"unknown promotion mode '{wish.mode}'", hint=f"one of {', '.join(MODES)}")
    about.check(About(None, wish.meta))


def _require_new(entry: Queued | None, source: Lane, target: Lane) -> None:
    """Raise Refused for what waits already, unless its lane went on since."""
    if entry is None or not entry.waits or (entry.status != LANDING and entry.head != source.head):
        return
    raise Refused(
        f"lane '{source.name}' is queued for '{target.name}' already: {entry.status}",
        hint=f"take it out first: git lanes queue cancel {source.name}",
        data={"lane": source.name, "into": target.name, "status": entry.status},
    )


def _revise(
    repo: LaneRepo,
    lanes: Sequence[str],
    into: str | None,
    by: str | None,
    how: tuple[str, Change],
) -> list[QueueEntry]:
    """Change the entries of lanes that wait in one queue."""
    word, change = how
    target = _target(repo, lanes, into)
    with transaction(repo, "queue", actor=by) as tx:
        state = repo.view.lane(target)
        known = queued.read(repo, state)
        named = [_waits(repo, known, x, state.record) for x in dict.fromkeys(lanes)]
        made = list(change(known, named, tx.time))
        tx.description = f"{word} {_named(lanes)} in the queue of {target}"
        record, details = queued.with_queued(state.record, known.values(), made)
        tx.lane(state, record, details=details)
    return told(repo, state.record, made)


def _target(repo: LaneRepo, lanes: Sequence[str], into: str | None) -> str:
    """Return the lane in whose queue some are, deleted ones too."""
    try:
        return target_for(repo, lanes, into)
    except NotFound:
        for state in [repo.view.lane(into)] if into else repo.view.lanes():
            if any(_called(repo, queued.read(repo, state), x) for x in lanes):
                return state.record.name
        raise


def _called(repo: LaneRepo, known: Mapping[str, Queued], name: str) -> Queued | None:
    """Return the entry that waits of the lane of that name, or that is listed under it."""
    state = repo.view.find(name)
    own = known.get(state.record.uuid) if state is not None else None
    waiting = [x for x in (own, *known.values()) if x is not None and x.waits]
    return next((x for x in waiting if x is own or _name(repo, x) == name), None)


def _waits(repo: LaneRepo, known: Mapping[str, Queued], name: str, target: Lane) -> Queued:
    entry = _called(repo, known, name)
    if entry is None:
        hint = f"see 'git lanes queue list --into {target.name}'"
        raise NotFound(f"in the queue of '{target.name}', lane", name, hint=hint)
    return entry


def _waiting(known: Mapping[str, Queued]) -> list[Queued]:
    return sorted((x for x in known.values() if x.waits), key=lambda x: x.order)


def _in_slots(known: Mapping[str, Queued], wanted: Sequence[Queued]) -> list[Queued]:
    """Return entries that took each other's places, so that they are in the wanted order."""
    slots = sorted((known[x.lane] for x in wanted), key=lambda x: x.order)
    pairs = zip(wanted, slots, strict=True)
    made = [replace(x, priority=slot.priority, place=slot.place) for x, slot in pairs]
    return [x for x in made if x != known[x.lane]]


def _name(repo: LaneRepo, entry: Queued) -> str:
    found = namesakes.find(repo, entry.lane)
    if found is None or found.record.live:
        return found.record.name if found else entry.lane
    return namesakes.name_of(repo, found.record)


def _named(names: Collection[str]) -> str:
    shown = ", ".join(list(names)[:3])
    return shown if len(names) <= 3 else f"{shown} and {len(names) - 3} more"


def state_of(repo: LaneRepo, into: str | None) -> LaneState:
    """Return the lane whose queue is meant: the one named, else the one that most land on."""
    return repo.view.lane(into) if into else require_adopted_lane(repo)
