"""Starting a task: it gets a lane of its own, or goes on in the one that it had."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes import clock
from gitlanes.errors import Collision, Negative, Refused
from gitlanes.graph import sync
from gitlanes.lanes import forks, lifecycle
from gitlanes.lanes.about import About
from gitlanes.models.plain import Model, replace
from gitlanes.models.records import ABANDONED, Lane, LaneState
from gitlanes.models.task_results import TaskStarted
from gitlanes.models.tasks import STARTED, Task
from gitlanes.models.workspaces import Owner
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.tasks import changing, reading
from gitlanes.workspaces import claims, finding
from gitlanes.workspaces import lifecycle as workspaces

if TYPE_CHECKING:
    from gitlanes.models.sync import Synced
    from gitlanes.store.lane_repo import LaneRepo

_LONGEST = 40


class Start(Model):
    """How to start: ``agent`` does the work, for as long as ``pid`` and ``lease`` say.

    ``lane`` is what a new lane is called, ``path`` where its workspace goes, unless there is to be
    none. ``force`` takes the task from whoever has it.
    """

    agent: str | None = None
    lane: str | None = None
    workspace: bool = True
    path: Path | None = None
    pid: int | None = None
    lease: float | None = None
    force: bool = False


def start(repo: LaneRepo, name: str, how: Start | None = None) -> TaskStarted:
    """Begin a task in a lane of its own, which follows the task's lane and counts towards it.

    One that was given back goes on in the lane that it had, on what landed since; where that
    collides with its work, in a lane anew. Whoever has it already renews the claim. Raises Refused
    where somebody else has it, or it was started as often as it may be; BadValue without an agent.
    """
    how = how or Start()
    who = claims.checked_name(how.agent or claims.agent_of(repo.git.environ))
    repo.redactor.require_none(who, "an agent's id")
    how = replace(how, agent=who)
    task = reading.find(repo, name)
    own = _own(repo, task, how)
    worker = _worker(repo, task)
    if own is not None and worker is not None:
        return _renewed(repo, task, worker, how)
    synced = None
    if worker is not None:
        worker, synced = _brought_up(repo, worker, who)
    if worker is None:
        return _begun(repo, task, how)
    with transaction(repo, "task", actor=who) as tx:
        state, now = changing.opened(repo, task)
        changing.write(tx, state, [_started(tx, now, how, repo.view.lane(worker.record.name))])
        tx.description = f"start task {now.id} again: {now.title}"
    return _told(repo, task.id, worker, how, synced=synced)


def _own(repo: LaneRepo, task: Task, how: Start) -> Owner | None:
    """Return the agent's own claim on a task that it started; raises where it may not have it."""
    changing.require_unended(task)
    changing.require_own(repo, task, how.agent, force=how.force)
    held = task.claim if task.status == STARTED and not task.stale else None
    own = held if held is not None and held.agent == how.agent else None
    if own is None and task.exhausted:
        raise Refused(
            f"task '{task.id}' was started {task.tries} times already",
            hint=f"let it be with 'git lanes task edit {task.id} --retries N', or abandon it",
            data={"task": task.id, "lane": task.lane, "tries": task.tries},
        )
    return own


def _worker(repo: LaneRepo, task: Task) -> LaneState | None:
    """Return the lane that a task has, unless somebody put it away."""
    if task.worker_uuid is None:
        return None
    found = repo.view.by_uuid(task.worker_uuid, task.worker)
    if (
        found is None
        or not found.record.live
        or found.record.away
        or found.record.status == ABANDONED
    ):
        return None
    return found


def _brought_up(
    repo: LaneRepo, worker: LaneState, who: str
) -> tuple[LaneState | None, Synced | None]:
    """Lay the work that there is on what landed since; return no lane where that collides."""
    try:
        return worker, sync.sync(repo, worker.record.name, sync.Order(by=who, record=False))
    except Collision as error:
        repo.warn(f"{error.message}: its work stays in lane '{worker.record.name}'")
        return None, None
    except Negative:  # it stands there already
        return worker, None
    except Refused as error:  # others have its work: it is merged once it is complete
        repo.warn(f"{error.message}: it goes on where it was")
        return worker, None


def _begun(repo: LaneRepo, task: Task, how: Start) -> TaskStarted:
    """Make a lane for the task, in the same operation that says so."""
    name = how.lane or _free_name(repo, task)
    try:
        made = lifecycle.new(
            repo,
            name,
            on=task.lane,
            workspace=how.workspace,
            path=how.path,
            agent=how.agent,
            about=About(task.title),
            along=_along(repo, task, how),
        )
    except Refused:
        _own(repo, reading.find(repo, task.id), how)  # somebody else may have been first
        raise
    return TaskStarted(made.lane, reading.find(repo, task.id), made.path, created=True)


def _along(repo: LaneRepo, task: Task, how: Start) -> Callable[[Transaction, Lane], None]:
    def along(tx: Transaction, lane: Lane) -> None:
        state, now = changing.opened(repo, task)
        made = _started(tx, now, how, LaneState(lane, ""))
        tx.description = f"start task {now.id} in lane {lane.name}: {now.title}"
        changing.write(tx, state, [made], forks.mingled(state.record))

    return along


def _started(tx: Transaction, task: Task, how: Start, worker: LaneState) -> Task:
    """Return the task as it is once it is started; raises where it may not be any more."""
    _own(tx.repo, task, how)
    lane = worker.record
    before = task.worker if task.worker_uuid != lane.uuid else None
    return replace(
        task,
        status=STARTED,
        agent=how.agent,
        claim=claims.new_owner(tx.repo, str(how.agent), how.pid, how.lease, None),
        stale=None,
        worker=lane.name,
        worker_uuid=lane.uuid,
        former=(*task.former, *filter(None, [before])),
        former_uuids=(*task.former_uuids, *filter(None, [before and task.worker_uuid])),
        tries=task.tries + 1,
        started=tx.time,
    )


def _renewed(repo: LaneRepo, task: Task, worker: LaneState, how: Start) -> TaskStarted:
    """Renew a claim, but not more often than its end is worth an entry in the journal."""
    workspaces.complete(repo, worker.record)
    with transaction(repo, "task", actor=how.agent) as tx:
        state, now = changing.opened(repo, task)
        own = _own(repo, now, how)
        if own is None:
            raise Refused(f"task '{task.id}' was taken meanwhile", hint="start it again")
        made = claims.new_owner(repo, own.agent, how.pid, how.lease, own)
        if _says_more(own, made):
            tx.description = f"renew claim on task {now.id} for {own.agent}"
            changing.write(tx, state, [replace(now, claim=made)])
    return _told(repo, task.id, worker, how, renewed=True)


def _says_more(old: Owner, new: Owner) -> bool:
    """Say whether a claim holds on otherwise, or half of it is over."""
    if (old.pid, old.until is None) != (new.pid, new.until is None):
        return True
    if old.until is None or new.until is None:
        return False
    now, before, after = clock.now(), *(clock.from_utc_text(x) for x in (old.until, new.until))
    return 2 * (before - now) < after - now or after < before


def _told(
    repo: LaneRepo,
    task_id: str,
    worker: LaneState,
    how: Start,
    *,
    renewed: bool = False,
    synced: Synced | None = None,
) -> TaskStarted:
    """Return what became of it, with the lane's workspace, made if there is none."""
    lane = repo.view.lane(worker.record.name).record
    there = finding.workspace_of(repo, lane)
    if there is None and how.workspace:
        there = workspaces.create(repo, lane.name, path=how.path)
    task = reading.find(repo, task_id)
    return TaskStarted(lane, task, there.path if there else None, False, renewed, synced)


def _free_name(repo: LaneRepo, task: Task) -> str:
    """Return a name for the task's lane that says what it is for."""
    words = re.sub("[^a-z0-9]+", "-", task.title.lower())[:_LONGEST].strip("-")
    stem = f"{words or 'task'}-{task.id}"
    names = (stem if n == 0 else f"{stem}-{n + 1}" for n in range(task.tries, task.tries + 1000))
    return next(x for x in names if (known := repo.view.find(x)) is None or not known.record.live)
