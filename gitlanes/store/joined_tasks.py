"""Tasks of a lane that two clones both worked on: both sides' are kept, what ended has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitlanes.errors import CorruptRecord, Unsupported
from gitlanes.models.plain import replace
from gitlanes.models.records import Lane
from gitlanes.models.tasks import OPEN, Task
from gitlanes.store import tasks
from gitlanes.store.threeway import each, either, listed

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# What people say of a task, each by itself.
_SAID = ("title", "description", "priority", "retries", "reason")
# Who has it and where the work is: that belongs together.
_STATE = ("status", "agent", "claim", "worker", "worker_uuid", "started", "collisions")


def join(
    repo: LaneRepo, base: Lane | None, record: Lane, ours: Lane, theirs: Lane
) -> tuple[Lane, dict[str, Any]]:
    """Return the joined lane's record with both sides' tasks, and what its entry has in full.

    One that ended on a side has ended. One that both changed and some side cannot tell is taken
    from theirs.
    """
    before = base.tasks if base else {}
    gone = {x for x in before if x not in ours.tasks or x not in theirs.tasks}
    named = each(before, ours.tasks, theirs.tasks)
    kept = {key: oid for key, oid in named.items() if key not in gone}
    ended = listed(base.ended if base else (), ours.ended, theirs.ended)
    record = replace(record, tasks=kept, ended=ended)
    both = [
        key
        for key in kept
        if key in ours.tasks.keys() & theirs.tasks.keys()
        and len({before.get(key), ours.tasks[key], theirs.tasks[key]}) == 3
    ]
    if not both:
        return record, {}
    try:
        sides = [_read(repo, x, both) for x in (base, ours, theirs)]
    except (CorruptRecord, Unsupported):
        return record, {}
    return tasks.with_tasks(record, [_joined(*(x.get(key) for x in sides)) for key in both])


def _read(repo: LaneRepo, lane: Lane | None, keys: list[str]) -> dict[str, Task]:
    if lane is None:
        return {}
    some = replace(lane, tasks={x: lane.tasks[x] for x in keys if x in lane.tasks})
    return {x.id: x for x in tasks.read(repo, [some])}


def _joined(base: Task | None, ours: Task | None, theirs: Task | None) -> Task:
    assert ours is not None
    assert theirs is not None
    base = base or replace(theirs, status=OPEN, agent=None, claim=None)
    sides = (base, ours, theirs)
    said = {key: either(*(getattr(x, key) for x in sides)) for key in _SAID}
    states = [{key: getattr(x, key) for key in _STATE} for x in sides]
    state = either(*states)
    lanes = [x for x in (ours, theirs) if x.worker not in (None, state["worker"])]
    former = (*listed(*(x.former for x in sides)), *(str(x.worker) for x in lanes))
    uuids = (*listed(*(x.former_uuids for x in sides)), *(x.worker_uuid for x in lanes))
    return replace(
        theirs,
        **said,
        **state,
        former=tuple(dict.fromkeys(former)),
        former_uuids=tuple(dict.fromkeys(x for x in uuids if x)),
        tries=max(ours.tries, theirs.tries),
        extra=each(*(x.extra for x in sides)),
    )
