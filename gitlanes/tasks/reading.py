"""Which tasks there are, and which of them may be taken now."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, NotFound, Refused
from gitlanes.graph import dependencies
from gitlanes.lanes.wanted import tasks_of
from gitlanes.models.plain import replace
from gitlanes.models.records import ACTIVE, RENAMED, Lane, LaneState
from gitlanes.models.tasks import ENDED, STATUSES, Task, Tasks
from gitlanes.store import tasks
from gitlanes.store.view import nearest, shown
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_BEGINNING = re.compile("t[0-9a-z]{0,7}")


def list_tasks(
    repo: LaneRepo,
    lane: str | None = None,
    *,
    nested: bool = False,
    statuses: Collection[str] = (),
    agent: str | None = None,
) -> Tasks:
    """Return the tasks of a lane, or of all: those that have not ended, unless `statuses` say.

    With ``nested`` those of all lanes that follow it, too. Raises BadValue for an unknown status.
    """
    unknown = next((x for x in statuses if x not in STATUSES), None)
    if unknown is not None:
        raise BadValue(
            f"unknown status of a task '{shown(unknown)}'", hint=f"one of {', '.join(STATUSES)}"
        )
    repo.view.require_adopted()
    lanes = _lanes(repo, lane, nested=nested)
    wanted = statuses or [x for x in STATUSES if x not in ENDED]
    found = tasks_of(repo, lanes)
    if any(x in ENDED for x in wanted):
        found += [task for one in lanes for task in tasks.read_ended(repo, one)]
    fitting = (x for x in found if x.status in wanted and agent in (None, x.agent))
    return Tasks(tuple(_as_called(repo, x) for x in fitting))


def ready(repo: LaneRepo, lane: str | None = None) -> Tasks:
    """Return the tasks that may be taken now, of a lane or of all, the one to be done first first.

    Those whose claim is stale are among them, and those that were started too often are not.
    """
    repo.view.require_adopted()
    lanes = [x for x in _lanes(repo, lane) if x.status == ACTIVE]
    found = tasks_of(repo, lanes)
    return Tasks(tuple(x for x in found if x.ready))


def find(repo: LaneRepo, name: str | None = None) -> Task:
    """Return a task by its id or a beginning of it, or by the lane in which it is worked on.

    Without a name it is the present lane's. One that ended is found, too. Raises NotFound, and
    Refused where a beginning fits several.
    """
    uuid = finding.lane_or_present(repo, None).record.uuid if name is None else None
    repo.view.require_adopted()
    lanes = _lanes(repo)
    known: list[Task] = []
    for there in (tasks_of(repo, lanes), _ended(repo, lanes)):
        found = [_as_called(repo, x) for x in there]
        known += found
        hits = [x for x in found if _fits(x, name, uuid)]
        if len(hits) > 1:
            ids = ", ".join(x.id for x in hits)
            raise Refused(f"'{shown(str(name))}' fits several tasks: {ids}", hint="name one whole")
        if hits:
            return hits[0]
    if name is None:
        raise Refused("no task is worked on in this lane", hint="name the task")
    near = nearest(name, [x.id for x in known])
    raise NotFound("task", shown(name), nearest=near, hint="see 'git lanes task list'")


def _as_called(repo: LaneRepo, task: Task) -> Task:
    """Return a task with the lane that it is worked on in as that is called now."""
    if task.worker_uuid is None:
        return task
    state = repo.view.by_uuid(task.worker_uuid, task.worker)
    if state is None or not state.record.live or state.record.name == task.worker:
        return task
    return replace(task, worker=state.record.name)


def _fits(task: Task, name: str | None, uuid: str | None) -> bool:
    if name is None:
        return task.worker_uuid == uuid
    return task.worker == name or (
        _BEGINNING.fullmatch(name) is not None and task.id.startswith(name)
    )


def _lanes(repo: LaneRepo, name: str | None = None, *, nested: bool = False) -> list[Lane]:
    """Return a lane, perhaps with those that follow it, or all that have or had tasks."""
    if name is not None and not nested:
        return [repo.view.lane(name).record]
    if name is None:
        return [x.record for x in repo.view.lanes(where=has_tasks)]
    top = repo.view.lane(name).record
    every = (x.record for x in repo.view.lanes(deleted=True) if x.record.status != RENAMED)
    known = {x.uuid: x for x in every}
    return [top, *(known[x] for x in dependencies.dependants(known, top.uuid))]


def has_tasks(entry: bytes) -> bool:
    """Say whether an entry's message may be that of a lane that has or had tasks."""
    return b'"tasks":' in entry or b'"ended":' in entry


def _ended(repo: LaneRepo, lanes: Iterable[Lane]) -> Iterator[Task]:
    for lane in lanes:
        yield from tasks.read_ended(repo, lane)


def of_state(repo: LaneRepo, state: LaneState, wanted: Collection[str]) -> list[Task]:
    """Return those of a lane's tasks that have these ids, as they are now."""
    some = {key: oid for key, oid in state.record.tasks.items() if key in wanted}
    return tasks_of(repo, [replace(state.record, tasks=some)])
