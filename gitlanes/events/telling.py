"""What entries' events say: commits, paths, what callers said; read for many at a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gitlanes.events import kinds
from gitlanes.git.raw import CommitObject, parse_commit
from gitlanes.git.tree_pairs import differing_paths
from gitlanes.models.events import BudgetReached, LaneEvent
from gitlanes.models.history import Told
from gitlanes.models.notes import Notes
from gitlanes.models.records import ACCEPTED, PROPOSED, REJECTED, Attempt, Entry
from gitlanes.store import records
from gitlanes.store.validity import promotion_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlanes.events.reading import Step
    from gitlanes.store.lane_repo import LaneRepo

# The status that the attempt of an event has; of other events it is the first that there is.
_STATUS = {
    kinds.PROPOSED: (PROPOSED, ACCEPTED),
    kinds.ACCEPTED: (ACCEPTED,),
    kinds.REJECTED: (REJECTED,),
    kinds.LANDED: (ACCEPTED,),
    "attempt.amended": (ACCEPTED, PROPOSED),
}


class Matter(NamedTuple):
    """One event to be, as far as its entry tells it.

    ``parent`` is None where it is the commit's own first parent.
    """

    step: Step
    kind: str
    attempt: Attempt | None
    commit: str | None
    parent: str | None


def matters(steps: Iterable[Step]) -> list[Matter]:
    """Return the events of these entries, in their order."""
    return [
        _matter(step, kind)
        for step in steps
        for kind in kinds.kinds_of(step.entry, step.before.record if step.before else None)
    ]


def _matter(step: Step, kind: str) -> Matter:
    entry, before = step
    attempt = _attempt(entry, kind)
    head = entry.record.head
    was = before.record.head if before else entry.record.fork
    if attempt is not None and kind.startswith("attempt."):
        landed = attempt.landed if kind != kinds.PROPOSED else None
        return Matter(step, kind, attempt, landed or attempt.commit, None)
    return Matter(step, kind, attempt, head, was if was != head else head)


def _attempt(entry: Entry, kind: str) -> Attempt | None:
    wanted = _STATUS.get(kind)
    if wanted is None and not kind.startswith("attempt."):
        return None
    fitting = [x for x in entry.attempts if wanted is None or x.status in wanted]
    return fitting[-1] if kind == kinds.LANDED and fitting else next(iter(fitting), None)


def events(repo: LaneRepo, found: Sequence[Matter], prefix: str) -> list[LaneEvent]:
    """Return what is told of these events; `prefix` goes before the names of their kinds."""
    commits = _commits(repo, [oid for x in found for oid in (x.commit, x.parent) if oid])
    parents = [_parent(x, commits) for x in found]
    commits |= _commits(repo, [x for x in parents if x and x not in commits])
    pairs = [_pair(x.commit, y, commits) for x, y in zip(found, parents, strict=True)]
    paths = differing_paths(repo.git, [x for x in pairs if x])
    notes = records.read(repo, [x.attempt.commit for x in found if x.attempt])
    names = _names(repo, found)
    return [
        _event(x, prefix, parent, paths.get(pair, ()) if pair else (), notes, names)
        for x, parent, pair in zip(found, parents, pairs, strict=True)
    ]


def _commits(repo: LaneRepo, oids: Iterable[str]) -> dict[str, CommitObject]:
    """Return those of the commits that are there; what an entry names need not be."""
    wanted = list(dict.fromkeys(oids))
    found = zip(wanted, repo.refs.resolve_all(wanted), strict=True)
    return {oid: parse_commit(x[1]) for oid, x in found if x and x[1].startswith(b"tree ")}


def _parent(matter: Matter, commits: Mapping[str, CommitObject]) -> str | None:
    if matter.parent is not None:
        return matter.parent if matter.parent != matter.commit else None
    there = commits.get(matter.commit or "")
    return there.parents[0] if there and there.parents else None


def _pair(
    commit: str | None, parent: str | None, commits: Mapping[str, CommitObject]
) -> tuple[str, str] | None:
    old, new = commits.get(parent or ""), commits.get(commit or "")
    return (old.tree, new.tree) if old and new else None


def _names(repo: LaneRepo, found: Sequence[Matter]) -> dict[str, str]:
    """Return {uuid: name} of lanes that new ones came from, read only if there are some."""
    if not any(x.kind == kinds.OPENED and x.step.entry.record.origin for x in found):
        return {}
    return {x.record.uuid: x.record.name for x in repo.view.lanes(deleted=True) if x.record.live}


def _event(
    matter: Matter,
    prefix: str,
    parent: str | None,
    paths: tuple[bytes, ...],
    notes: Mapping[str, Notes],
    names: Mapping[str, str],
) -> LaneEvent:
    entry, attempt = matter.step.entry, matter.attempt
    source, into = _ways(matter, names)
    change = attempt.change_id if attempt else None
    return LaneEvent(
        kind=prefix + matter.kind,
        entry=entry.oid,
        operation=entry.operation,
        verb=entry.verb,
        time=entry.time,
        lane=entry.record.name,
        uuid=entry.record.uuid,
        status=entry.record.status,
        actor=entry.actor,
        agent=(attempt and attempt.agent) or entry.actor,
        host=entry.host,
        subject=attempt.title if attempt else entry.description,
        attempt=attempt.id if attempt else None,
        commit=matter.commit,
        parent=parent,
        change_id=change,
        paths=paths,
        source=source,
        into=into,
        tasks=tuple(kinds.tasks_of(entry)),
        budgets=_budgets(matter),
        metadata=_said(matter, notes),
    )


def _budgets(matter: Matter) -> tuple[BudgetReached, ...]:
    """Return the budgets that came to a limit, for the event that says so."""
    if matter.kind != kinds.REACHED:
        return ()
    before = matter.step.before
    return kinds.reached(matter.step.entry, before.record if before else None)


def _ways(matter: Matter, names: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Return the lanes that work, or a new lane, came from and went to."""
    entry = matter.step.entry
    told = promotion_of(entry.details) or (matter.attempt and matter.attempt.promotion)
    if told:
        return told.get("lane"), told.get("into") or None
    return (names.get(entry.record.origin or "") if matter.kind == kinds.OPENED else None), None


def _said(matter: Matter, notes: Mapping[str, Notes]) -> dict[str, Any]:
    if matter.kind in kinds.OF_AGENTS:
        return dict(matter.step.entry.record.run)
    if matter.attempt is None:
        return dict(matter.step.entry.record.meta)
    told = Told(matter.attempt, notes.get(matter.attempt.commit, Notes())).intent.get("meta")
    return told if isinstance(told, dict) else {}
