"""A lane's record without what one operation did to it, whatever was done beside that since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from gitlanes.errors import Refused
from gitlanes.models.plain import replace
from gitlanes.models.records import DELETED, UNDONE, Attempt, Entry, Lane
from gitlanes.store import journal

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# What is never taken back: identity, numbers that were given out, what was used up; heads are
# another matter.
_STAYS = ("name", "uuid", "created", "next", "spent", "head", "open", "mingled", "former")
# What is compared member by member.
_KEYED = ("landed", "meta", "stacks", "exports", "extra", "tasks", "queue", "taken_back")


def reverted(now: Lane, before: Lane, after: Lane, verb: str) -> Lane:
    """Return the record with each member that the operation changed as it was, but its head.

    What landed from a queue is not queued again by that. Raises Refused where a member was changed
    again since.
    """
    changes: dict[str, Any] = {"open": _open(now, before, after)}
    stays = (*_STAYS, "queue") if verb == "promote" else _STAYS
    for field in (x for x in Lane.fields if x not in stays):
        was, made, is_ = (getattr(x, field) for x in (before, after, now))
        if was == made:
            continue
        if field in _KEYED:
            changes[field] = _keyed(now, field, is_, was, made)
        elif is_ == made:
            changes[field] = was
        elif is_ != was:
            blocked(now, field)
    exact = all(getattr(now, x) == getattr(after, x) for x in Lane.fields if x not in _GROWS)
    if exact:  # otherwise others' work may have come in since
        changes |= {"mingled": before.mingled, "former": before.former}
    return replace(now, **changes)


_GROWS = ("next", "spent")


def undone_new(now: Lane, after: Lane) -> Lane:
    """Return the record of a lane that was never made; raises Refused where it was used."""
    if now.head != after.head or now.open or now.bound:
        blocked(now, "head")
    return replace(now, status=DELETED)


def _open(now: Lane, before: Lane, after: Lane) -> tuple[Attempt, ...]:
    was, made, is_ = ({x.uuid: x for x in lane.open} for lane in (before, after, now))
    kept = _keyed(now, "open", is_, was, made)
    return tuple(sorted(kept.values(), key=lambda x: x.number))


def _keyed(
    lane: Lane,
    field: str,
    now: Mapping[str, Any],
    before: Mapping[str, Any],
    after: Mapping[str, Any],
) -> dict[str, Any]:
    kept = dict(now)
    for key in {**before, **after}:
        was, made, is_ = before.get(key), after.get(key), now.get(key)
        if was == made or is_ == was:
            continue
        if is_ != made:
            blocked(lane, field)
        if was is None:
            del kept[key]
        else:
            kept[key] = was
    return kept


def blocked(lane: Lane, field: str) -> NoReturn:
    """Raise Refused for what later work stands in the way of."""
    what = {"open": "its attempts", "head": "its work", "landed": "its landings"}.get(field, field)
    hint = "undo what came later first, or with --cascade all of it"
    if field == "queue":  # what landed from it stays landed there, also when that is undone
        hint = "undo the landings themselves, or take out what waits: git lanes queue cancel LANE"
    raise Refused(
        f"lane '{lane.name}' went on since: {what} changed",
        hint=hint,
        data={"lane": lane.name, "field": field},
    )


def attempts_before(
    repo: LaneRepo, tip: str, entry: Entry, known: Mapping[str, Attempt], time: str
) -> list[Attempt]:
    """Return the attempts that an operation changed as they were before it.

    Those that it made are 'undone'. ``known`` are the states that they are in by now, where the
    journal does not say so yet. Raises Refused where one of them was decided otherwise since.
    """
    wanted = {x.uuid: x for x in entry.attempts}
    latest, prior = _walked(repo, tip, entry, wanted)
    found = []
    for uuid, made in wanted.items():
        is_ = known.get(uuid, latest.get(uuid, made))
        if is_.status != made.status:
            blocked(entry.record, "open")
        undone = replace(made, status=UNDONE, decided=time, reason="it was undone")
        found.append(prior.get(uuid, undone))
    return found


def _walked(
    repo: LaneRepo, tip: str, entry: Entry, wanted: Mapping[str, Attempt]
) -> tuple[dict[str, Attempt], dict[str, Attempt]]:
    """Return the wanted attempts by uuid, as the journal has them last, and before an entry."""
    latest, prior = dict[str, Attempt](), dict[str, Attempt]()
    into = latest
    lowest = min((x.number for x in wanted.values()), default=0)
    for one in journal.walk(repo.refs, tip) if wanted else ():
        _note(into, (*one.attempts, *one.record.open), wanted)
        if one.oid == entry.oid:
            into = prior
        elif into is prior and (one.record.next <= lowest or wanted.keys() <= prior.keys()):
            break
    return latest, prior


def _note(
    into: dict[str, Attempt], attempts: Iterable[Attempt], wanted: Mapping[str, Attempt]
) -> None:
    for attempt in attempts:
        if attempt.uuid in wanted:
            into.setdefault(attempt.uuid, attempt)
