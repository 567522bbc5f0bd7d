"""Two journals of one lane that both went on: what record and which attempts they come to.

The remote's side comes first, for others have it: its attempts keep their numbers, and where both
sides say different things of the same matter, what it says is taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gitlanes.models.plain import replace
from gitlanes.models.records import (
    ACCEPTED,
    FORMER,
    PROPOSED,
    RENAMED,
    Attempt,
    Entry,
    Landed,
    Lane,
)
from gitlanes.store import joined_stacks, joined_tasks
from gitlanes.store.ancestry import independent, is_ancestor
from gitlanes.store.divergence import Fork
from gitlanes.store.stacks import with_stacks
from gitlanes.store.threeway import each, either, listed
from gitlanes.store.validity import joined_of, promotion_of
from gitlanes.usage import sums

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# What people set, each by itself.
_SAID = (
    *("owner", "change", "branch", "description", "mode", "sparse", "budget", "imported"),
    *("ground", "run", "batch"),
)
# What has members that people set one by one.
_SAID_OF_EACH = ("meta", "extra", "stacks", "exports", "queue", "taken_back")


class Joint(NamedTuple):
    """What the entry says that joins two journals.

    ``attempts`` are all that our side alone had, under their present ids; ``renumbered`` is
    ``{old id: new id}``, ``moved`` those attempts whose id is another one now, by the old one.
    ``details`` are the stacks and tasks that both sides changed, in full.
    """

    record: Lane
    attempts: tuple[Attempt, ...]
    renumbered: dict[str, str]
    moved: dict[str, Attempt]
    details: dict[str, Any]


def join(repo: LaneRepo, fork: Fork, ours: Lane, theirs: Lane, head: str | None) -> Joint:
    """Return what joining the two sides of a fork comes to, with a head that has both's work."""
    own, foreign = _latest(fork.ours), _latest(fork.theirs)
    if lives_elsewhere(ours, theirs):
        own = {}
    ids, following = _renumbered(fork, ours, theirs, own, foreign)
    now = {x.uuid: _decided(_called(x, ids), foreign.get(x.uuid)) for x in own.values()}
    record = _record(repo, fork, ours, theirs)
    known = {x.uuid: x for x in (*theirs.open, *(_called(x, ids) for x in ours.open))}
    known = {uuid: now.get(uuid, foreign.get(uuid, x)) for uuid, x in known.items()}
    still = [x for x in known.values() if x.status == PROPOSED] if record.live else []
    record = replace(
        record, head=head, next=following, open=tuple(sorted(still, key=lambda x: x.number))
    )
    moved = {x.id: now[x.uuid] for x in own.values() if now[x.uuid].id != x.id}
    record, details = _with_stacks(repo, fork, record, ours, theirs)
    if ours.uuid == theirs.uuid:
        record, told = joined_tasks.join(repo, base_of(fork, theirs), record, ours, theirs)
        details = {**details, **told}
    return Joint(record, tuple(now.values()), _with_earlier(fork, ids), moved, details)


def lives_elsewhere(ours: Lane, theirs: Lane) -> bool:
    """Say whether our side gave its name away: its attempts are those of a lane of another name."""
    return ours.uuid != theirs.uuid and ours.status == RENAMED


def renamed_along(
    name: str, first: int, lane: Lane, entries: Iterable[Entry]
) -> tuple[Lane, tuple[Attempt, ...], dict[str, str]]:
    """Return a lane whose former name is another one's now, its attempts, and their ids.

    What it made under the former `name`, from number `first` on, is called by its present one. Its
    numbers are nobody else's there. ``{old id: new id}`` are the ids.
    """
    known = _latest(entries)
    found = {x.id: x for x in known.values() if x.lane == name and x.number >= first}
    ids = {
        old: f"{lane.name}/{x.number}" for old, x in found.items() if old == f"{name}/{x.number}"
    }

    def called(attempt: Attempt) -> Attempt:
        of = lane.name if attempt.id in ids else attempt.lane
        return replace(_called(attempt, ids), lane=of)

    made = (x for x in known.values() if {x.id, x.on, x.superseded_by} & ids.keys())
    return replace(lane, open=tuple(map(called, lane.open))), tuple(map(called, made)), ids


def base_of(fork: Fork, lane: Lane) -> Lane | None:
    """Return a lane's record as both sides had it last."""
    base = fork.base
    return base.record if base is not None and base.record.uuid == lane.uuid else None


def _with_stacks(
    repo: LaneRepo, fork: Fork, record: Lane, ours: Lane, theirs: Lane
) -> tuple[Lane, dict[str, Any]]:
    if ours.uuid != theirs.uuid:
        return record, {}
    found = joined_stacks.join(repo, base_of(fork, theirs) or theirs, ours, theirs)
    return with_stacks(record, found) if found else (record, {})


def _latest(entries: Iterable[Entry]) -> dict[str, Attempt]:
    """Return {uuid: attempt as it is in the newest of the entries}.

    What an entry tells of the promotion that it is goes with its attempts: the entry that joins
    journals tells nothing of it.
    """
    found: dict[str, Attempt] = {}
    for entry in entries:
        told = promotion_of(entry.details)
        for attempt in entry.attempts:
            if told and attempt.kind in ("promotion", "replay") and not attempt.promotion:
                attempt = replace(attempt, promotion={"forced": [], **told})
            found.setdefault(attempt.uuid, attempt)
    return found


def _renumbered(
    fork: Fork,
    ours: Lane,
    theirs: Lane,
    own: Mapping[str, Attempt],
    foreign: Mapping[str, Attempt],
) -> tuple[dict[str, str], int]:
    """Return {old id: new id} of our side's attempts, and the number of the next one.

    New numbers are beyond those of both sides, so that most old ids are nobody else's.
    """
    first = fork.base.record.next if fork.base else 1
    both = {x.id: foreign[x.uuid].id for x in own.values() if x.uuid in foreign}
    found = {old: new for old, new in both.items() if old != new}
    following = max(ours.next, theirs.next)
    if theirs.next <= first:
        return found, following
    for attempt in sorted(own.values(), key=lambda x: x.number):
        new = attempt.lane == ours.name and attempt.number >= first
        if new and attempt.uuid not in foreign:
            found[attempt.id] = f"{attempt.lane}/{following}"
            following += 1
    return found, following


def _with_earlier(fork: Fork, ids: Mapping[str, str]) -> dict[str, str]:
    """Return old ids and new ones, with those that our side had changed before."""
    found = dict(ids)
    for told in filter(None, (joined_of(entry.details) for entry in fork.ours)):
        for old, new in told.renumbered.items():
            found.setdefault(old, ids.get(new, new))
    return found


def _called(attempt: Attempt, ids: Mapping[str, str]) -> Attempt:
    """Return an attempt that names itself and others by their new ids."""
    name = ids.get(attempt.id, attempt.id)
    others = {
        key: ids[old] for key in ("on", "superseded_by") if (old := getattr(attempt, key)) in ids
    }
    return replace(attempt, id=name, number=int(name.rpartition("/")[2]), **others)


def _decided(ours: Attempt, theirs: Attempt | None) -> Attempt:
    """Return an attempt as it stands once both sides' decisions are known: accepted if by one."""
    if theirs is None:
        return ours
    weight = {ACCEPTED: 2, PROPOSED: 0}
    return ours if weight.get(ours.status, 1) > weight.get(theirs.status, 1) else theirs


def _record(repo: LaneRepo, fork: Fork, ours: Lane, theirs: Lane) -> Lane:
    """Return the record without head, numbers and open attempts."""
    if ours.uuid != theirs.uuid:
        sides = [(ours, fork.ours), (theirs, fork.theirs)]
        (gone, entries), (lane, _) = sides if theirs.live or not ours.live else sides[::-1]
        return replace(_other(fork, gone, lane), namesakes=(*lane.namesakes, entries[0].oid))
    base = base_of(fork, theirs) or theirs
    said = {
        key: either(getattr(base, key), getattr(ours, key), getattr(theirs, key)) for key in _SAID
    }
    members = {
        key: each(getattr(base, key), getattr(ours, key), getattr(theirs, key))
        for key in _SAID_OF_EACH
    }
    parents = listed(base.parents, ours.parents, theirs.parents)
    status, why, conflict = _status(base, ours, theirs)
    return replace(
        theirs,
        **said,
        **members,
        parent=parents[0] if parents else None,
        beside=parents[1:],
        status=status,
        why=why,
        conflict=conflict,
        former=tuple(dict.fromkeys((*theirs.former, *ours.former)))[:FORMER],
        namesakes=tuple(dict.fromkeys((*theirs.namesakes, *ours.namesakes))),
        landed=_landed(repo, theirs.uuid, base.landed, ours.landed, theirs.landed),
        mingled=ours.mingled or theirs.mingled,
        spent=_spent(base.spent, ours.spent, theirs.spent),
    )


def _other(fork: Fork, gone: Lane, lane: Lane) -> Lane:
    """Return a lane under whose name another one was: what that one spent counts on as it did."""
    if gone.status == RENAMED:  # it counts under its new name
        return lane
    base = fork.base.record.spent if fork.base else {}
    spent = _spent(base, gone.spent, lane.spent)
    below = dict(spent.get("former", {}))
    if gone.parent:
        below[gone.uuid] = {"parent": gone.parent, "total": gone.spent.get("total", {})}
    if below:
        spent["former"] = below
    return replace(lane, spent={**spent, "total": lane.spent.get("total", {})} if spent else {})


def _status(base: Lane, ours: Lane, theirs: Lane) -> tuple[str, str | None, str | None]:
    """Return status, why and conflict: a lane that one side put away and one went on with stays."""
    for lane, other in ((ours, theirs), (theirs, ours)):
        worked = (lane.head, lane.next) != (base.head, base.next)
        if lane.live and not other.live and worked:
            return lane.status, lane.why, lane.conflict
        if other.away and lane.live and not lane.away and (worked or base.away):
            return lane.status, lane.why, lane.conflict
    return either(*((x.status, x.why, x.conflict) for x in (base, ours, theirs)))


def _landed(
    repo: LaneRepo,
    own: str,
    base: Mapping[str, Landed],
    ours: Mapping[str, Landed],
    theirs: Mapping[str, Landed],
) -> dict[str, Landed]:
    """Return where the lane stands towards others, not to its own other side any more."""
    found: dict[str, Landed] = each(base, ours, theirs)
    for lane in ours.keys() & theirs.keys():
        if base.get(lane) not in (ours[lane], theirs[lane]) and ours[lane] != theirs[lane]:
            found[lane] = _both_landed(repo, ours[lane], theirs[lane])
    return {lane: where for lane, where in found.items() if lane != own}


def _both_landed(repo: LaneRepo, ours: Landed, theirs: Landed) -> Landed:
    """Return where a lane stands that landed on both sides: what either had, counts."""
    for one, other in ((theirs, ours), (ours, theirs)):
        if all(any(is_ancestor(repo, x, y) for y in one.bases) for x in other.bases):
            return one
    return replace(theirs, bases=independent(repo, (*theirs.bases, *ours.bases)))


def _spent(base: Mapping[str, Any], ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> Any:
    """Return running totals with what both sides added; empty where a side has none."""
    if not ours or not theirs:
        return {}
    sides = (base, ours, theirs)
    found: dict[str, Any] = {**theirs, "total": _sum(sides, "total")}
    agents = [x.get("agents", {}) for x in sides]
    if any(agents):
        names = dict.fromkeys((*agents[2], *agents[1]))
        found["agents"] = {name: _sum(agents, name) for name in names}
    days = [x.get("day", {}) for x in sides]
    if any(days):
        date = max(x.get("date", "") for x in days)
        same = [x if x.get("date") == date else {} for x in days]
        found["day"] = {"date": date, "total": _sum(same, "total")}
    former = {**ours.get("former", {}), **theirs.get("former", {})}
    return {**found, "former": former} if former else found


def _sum(sides: Sequence[Mapping[str, Any]], key: str) -> dict[str, Any]:
    """Return what both sides come to of `key`, of base, ours and theirs."""
    base, ours, theirs = (x.get(key, {}) for x in sides)
    return sums.without(sums.summed([theirs, ours]), base)
