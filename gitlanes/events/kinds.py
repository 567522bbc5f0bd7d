"""Which events a journal entry is: the one table, by the verb of its operation.

Whoever adds a verb adds its line to `KINDS`; what only details tell has its line in `_FURTHER`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from gitlanes.models.events import BudgetReached
from gitlanes.models.plain import replace
from gitlanes.models.records import (
    ABANDONED,
    ARCHIVED,
    CONFLICTED,
    DELETED,
    EPOCH,
    PAUSED,
    PRUNED,
    RENAMED,
    Entry,
    Lane,
)
from gitlanes.models.records import (
    ACCEPTED as TAKEN,
)
from gitlanes.store.validity import promotion_of
from gitlanes.usage import budgets

PROPOSED = "attempt.proposed"
ACCEPTED = "attempt.accepted"
REJECTED = "attempt.rejected"
LANDED = "lane.landed"
PROMOTED = "lane.promoted"
OPENED = "lane.opened"
STARTED, ENDED = OF_AGENTS = ("agent.started", "agent.ended")

KINDS: dict[str, tuple[str, ...]] = {
    "init": (OPENED,),
    "new": (OPENED,),
    "edit": ("lane.edited",),
    "rename": ("lane.renamed",),
    "bind": ("lane.bound",),
    "depend": ("dependencies.changed",),
    "pause": ("lane.paused",),
    "resume": ("lane.resumed",),
    "abandon": ("lane.abandoned",),
    "archive": ("lane.archived",),
    "unarchive": ("lane.unarchived",),
    "prune": ("lane.pruned",),
    "delete": ("lane.deleted",),
    "propose": (PROPOSED,),
    "commit": (PROPOSED, ACCEPTED),
    "accept": (ACCEPTED,),
    "reject": (REJECTED,),
    "amend": ("attempt.amended",),
    "evaluate": ("attempt.evaluated",),
    "promote": (PROMOTED,),
    "sync": ("lane.synced",),
    "conflict": ("conflict.abandoned",),
    "undo": ("lane.undone",),
    "redo": ("lane.redone",),
    "rollback": ("lane.rolled-back",),
    "queue": ("queue.moved",),
    "task": (),
    "stack": ("stack.changed",),
    "review": ("stack.reviewed",),
    "budget": ("budget.changed",),
    "cost": ("cost.added",),
    "import": ("lane.imported",),
    "export": ("lane.exported",),
    "reconcile": ("lane.reconciled",),
    "rewrite": ("lane.rewritten",),
    "merge": ("lane.joined",),
    "compact": ("lane.compacted",),
    "purge": ("lane.purged",),
    "cascade": ("cascade.completed",),
    "run": (STARTED,),
}
# Besides: what was spent came to a limit of a budget.
REACHED = "budget.reached"
# What a verb is that this version does not know.
OTHER = ("lane.changed",)

# A task's event, by the status that it has then.
TASKS = {
    "open": "task.opened",
    "claimed": "task.claimed",
    "started": "task.started",
    "completed": "task.completed",
    "abandoned": "task.abandoned",
}


# The status that a verb gives to the lane that it is about; other lanes only have to do with it.
_GIVEN = {
    "pause": PAUSED,
    "abandon": ABANDONED,
    "archive": ARCHIVED,
    "prune": PRUNED,
    "delete": DELETED,
}


def kinds_of(entry: Entry, before: Lane | None) -> tuple[str, ...]:
    """Return the events that an entry is, given the lane's record before it.

    None is what a renaming leaves under the old name, the beginning of an epoch, and what only
    notes, in a lane beside the one that the operation is about, where it stands towards that.
    """
    if entry.record.status == RENAMED or EPOCH in entry.details or _only_met(entry, before):
        return ()
    told = _tasks(entry)
    if told and entry.verb in ("new", "abandon") and not _own(entry, before):
        return told
    found = KINDS.get(entry.verb, OTHER)
    for which, instead in _FURTHER:
        if which(entry, before):
            found = instead
    over = (REACHED,) if reached(entry, before) else ()
    return tuple(dict.fromkeys((*found, *told, *over)))


def reached(entry: Entry, before: Lane | None) -> tuple[BudgetReached, ...]:
    """Return the budgets that came to a limit: those the entry tells of, and the lane's own."""
    told = entry.details.get("reached")
    found = [x for x in told if isinstance(x, dict)] if isinstance(told, list) else []
    over = [BudgetReached(str(x.get("scope")), str(x.get("name"))) for x in found]
    if before and _over(entry.record) and not _over(before):
        over.append(BudgetReached(budgets.LANE, entry.record.name))
    return tuple(dict.fromkeys(over))


def tasks_of(entry: Entry) -> dict[str, Any]:
    """Return the tasks that an entry tells of, by id; nothing that is none."""
    told = entry.details.get("task")
    found = told.items() if isinstance(told, dict) else ()
    return {key: task for key, task in found if isinstance(task, dict)}


def _tasks(entry: Entry) -> tuple[str, ...]:
    statuses = [x.get("status") for x in tasks_of(entry).values()]
    return tuple(kind for status, kind in TASKS.items() if status in statuses)


def _over(lane: Lane) -> bool:
    """Say whether what a lane has spent itself is at a limit of its own budget, or above."""
    limits = lane.budget.get("lane")
    return bool(
        limits
        and budgets.standing(budgets.LANE, lane.name, limits, lane.spent.get("total", {})).exceeded
    )


def _own(entry: Entry, before: Lane | None) -> bool:
    """Say whether it made or ended the lane itself, beside what it did to a task."""
    return before is None or before.status != entry.record.status


def _only_met(entry: Entry, before: Lane | None) -> bool:
    """Say whether all that changed is where the lane stands towards others."""
    after = entry.record
    if before is None or before == after or entry.attempts or entry.details:
        return False
    return replace(before, landed=after.landed, mingled=after.mingled) == after


def _beside(entry: Entry, before: Lane | None) -> bool:
    """Say whether the operation was about another lane, and changed something here, too."""
    status = entry.record.status
    if entry.verb == "promote" and _is_target(entry):
        return not any(x.status == TAKEN for x in entry.attempts)
    return (entry.verb == "new" and before is not None) or status != _GIVEN.get(entry.verb, status)


def _given_up(entry: Entry, before: Lane | None) -> bool:
    """Say whether a task was abandoned with the lane that it was done in."""
    was = before is not None and before.status != ABANDONED
    return entry.verb == "task" and was and entry.record.status == ABANDONED


def _is_target(entry: Entry) -> bool:
    told = promotion_of(entry.details)
    return told is not None and bool(told.get("into_uuid") == entry.record.uuid)


def _opens(entry: Entry, before: Lane | None) -> bool:
    return before is None and entry.verb == "import"


def _lands(entry: Entry, before: Lane | None) -> bool:  # noqa: ARG001 - one of several
    """Say whether a promotion brought work to this lane."""
    if entry.verb not in ("promote", "accept") or (
        promotion_of(entry.details) and not _is_target(entry)
    ):
        return False
    made = (x for x in entry.attempts if x.status == TAKEN)
    return any(x.kind in ("promotion", "replay") for x in made)


def _leaves(entry: Entry, before: Lane | None) -> bool:  # noqa: ARG001 - one of several
    """Say whether this lane's work was accepted elsewhere: a promotion left open till then."""
    told = promotion_of(entry.details)
    return entry.verb == "accept" and told is not None and not _is_target(entry)


def _stops(entry: Entry, before: Lane | None) -> bool:  # noqa: ARG001 - one of several
    return entry.verb == "sync" and entry.record.status == CONFLICTED


def _resolves(entry: Entry, before: Lane | None) -> bool:
    was = before is not None and before.status == CONFLICTED
    return entry.verb == "sync" and was and entry.record.status != CONFLICTED


def _cascades(entry: Entry, before: Lane | None) -> bool:
    told = entry.details.get("sync")
    within = isinstance(told, dict) and "cascade" in told
    return within and not _resolves(entry, before)


def _ends(entry: Entry, before: Lane | None) -> bool:  # noqa: ARG001 - one of several
    """Say whether an agent ended."""
    return entry.verb == "run" and "ended" in entry.record.run


# What is told instead of what the verb alone says; the last that holds counts.
_FURTHER: tuple[tuple[Callable[[Entry, Lane | None], bool], tuple[str, ...]], ...] = (
    (_beside, OTHER),
    (_given_up, ("lane.abandoned",)),
    (_opens, (OPENED,)),
    (_lands, (LANDED,)),
    (_leaves, (PROMOTED,)),
    (_cascades, ("lane.synced", "cascade.rebased")),
    (_stops, ("conflict.deferred",)),
    (_ends, (ENDED,)),
    (_resolves, ("conflict.resolved", "lane.synced")),
)
_SOME = (*KINDS.values(), (REACHED,), OTHER, tuple(TASKS.values()), *(x for _, x in _FURTHER))
ALL = tuple(dict.fromkeys(kind for some in _SOME for kind in some))
