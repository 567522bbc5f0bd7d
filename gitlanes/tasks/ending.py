"""Ending a task: its work lands by a merge, or it is given up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitlanes.errors import Collision, LanesError, Negative, Raced, Refused
from gitlanes.graph import pausing
from gitlanes.landing import promote
from gitlanes.lanes.archiving import archive
from gitlanes.models.notes import Intent
from gitlanes.models.plain import Model, plain, replace
from gitlanes.models.records import ABANDONED as GIVEN_UP
from gitlanes.models.records import ACTIVE, MERGE, PAUSED, Attempt, Lane, LaneState
from gitlanes.models.task_results import TaskChecked, TaskCompleted
from gitlanes.models.tasks import ABANDONED, COMPLETED, STARTED, Task
from gitlanes.store.tasks import with_tasks
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.tasks import changing, reading
from gitlanes.tasks.claiming import given_back
from gitlanes.workspaces import binding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Completion(Model):
    """How to complete: ``by`` is who does it, ``message`` the merge's, else the task's title.

    Unless ``keep``, the task's lanes are archived once its work landed. ``force`` goes on where
    somebody else has the task.
    """

    by: str | None = None
    message: str | None = None
    keep: bool = False
    force: bool = False


def complete(
    repo: LaneRepo, name: str | None = None, how: Completion | None = None
) -> TaskCompleted:
    """Merge a task's work into its lane: a commit of two parents, so every one of it is kept.

    Without a name it is the task that the present lane is for. Raises Collision with each path,
    and the task is open again, nobody's, with its lane as it is; GateFailed, and it goes on;
    Negative where nothing was done, Refused for what is not committed and for tasks of its own
    that have not ended.
    """
    how = how or Completion()
    task = reading.find(repo, name)
    if task.status == COMPLETED:  # what comes after that may have been interrupted
        binding.follow(repo, task.lane)
        _after(repo, task, how)
    worker = _worker(repo, task)
    changing.require_own(repo, task, how.by, force=how.force)
    fault = _unfit(task, worker)
    if fault is not None:
        raise fault
    order = promote.Order(
        into=task.lane,
        mode=MERGE,
        message=how.message or f"{task.title}\n\nTask: {task.id}",
        intent=Intent(agent=how.by or task.agent),
        strict=True,
        along=_along(repo, task, how),
    )
    try:
        made = promote.promote(repo, worker.record.name, order)
    except Collision as error:
        _reopen(repo, task, error, how)
        raise
    except Refused as error:
        if "open_attempts" in error.data:  # what is said of promotions does not help
            error.hint = "commit and decide them first"
        raise
    done = reading.find(repo, task.id)
    return TaskCompleted(done, made, _after(repo, done, how))


def check(repo: LaneRepo, name: str | None = None) -> TaskChecked:
    """Say whether completing a task would land now; nothing moves, and no gate is asked.

    Raises Refused where it has no lane.
    """
    task = reading.find(repo, name)
    worker = _worker(repo, task)
    made = promote.preview(repo, worker.record.name, promote.Order(into=task.lane, mode=MERGE))
    fault = _unfit(task, worker)
    said = [fault.message] if fault else []
    said += ["edits are not committed"] if made.unsaved else []
    said += [f"attempts are open: {', '.join(made.open_attempts)}"] if made.open_attempts else []
    remains = "; ".join(said) or None
    return TaskChecked(task, not (made.collisions or remains), made, remains)


def abandon(
    repo: LaneRepo,
    name: str | None = None,
    *,
    by: str | None = None,
    reason: str | None = None,
    force: bool = False,
) -> Task:
    """End a task without landing it; its lane is abandoned, too, which keeps all work.

    Raises Refused where somebody else has it, unless with ``force``, and where lanes follow the
    task's lane; Negative where it ended already.
    """
    known = reading.find(repo, name)
    with transaction(repo, "task", actor=by) as tx:
        state, task = changing.opened(repo, known)
        changing.require_own(repo, task, by, force=force)
        made = replace(
            given_back(task, reason), status=ABANDONED, agent=by or task.agent, finished=tx.time
        )
        tx.description = f"abandon task {task.id}: {task.title}"
        changing.write(tx, state, [made])
        uuid = task.worker_uuid
        worker = repo.view.by_uuid(uuid, task.worker) if uuid else None
        if worker is not None and worker.record.status in (ACTIVE, PAUSED):
            pausing.following(repo, worker, cascade=False)
            why = reason or f"task {task.id} was abandoned"
            tx.lane(worker, replace(worker.record, status=GIVEN_UP, why=why))
    return made


def _worker(repo: LaneRepo, task: Task) -> LaneState:
    """Return the lane that a started task has; raises Refused without one."""
    changing.require_unended(task)
    found = repo.view.by_uuid(task.worker_uuid, task.worker) if task.worker_uuid else None
    if found is None or not found.record.live:
        raise Refused(
            f"task '{task.id}' has no lane", hint=f"run 'git lanes task start {task.id}' first"
        )
    return found


def _unfit(task: Task, worker: LaneState) -> LanesError | None:
    """Return what is against completing the task, whatever the files say."""
    lane, again = worker.record, f"run 'git lanes task start {task.id}' first"
    if task.status != STARTED:
        return Refused(f"task '{task.id}' is {task.status}", hint=again)
    if lane.head in lane.begins:
        return Negative(
            f"nothing to complete: lane '{lane.name}' has no work",
            hint=f"commit in it, or end it: git lanes task abandon {task.id} --reason WHY",
        )
    if lane.tasks:
        inner = ", ".join(sorted(lane.tasks))
        return Refused(
            f"task '{task.id}' has tasks of its own that have not ended: {inner}",
            hint=f"see 'git lanes task list {lane.name}'",
        )
    return None


def _along(repo: LaneRepo, task: Task, how: Completion) -> promote.Along:
    """Return what ends the task in the operation that lands its work."""

    def along(tx: Transaction, lane: Lane, attempt: Attempt) -> tuple[Lane, dict[str, Any]]:
        found = reading.of_state(repo, LaneState(lane, ""), {task.id})
        if [_holder(x) for x in found] != [_holder(task)]:
            raise _moved_on(task)
        done = replace(
            found[0],
            status=COMPLETED,
            agent=task.agent or how.by,
            claim=None,
            stale=None,
            collisions=(),
            finished=tx.time,
            commit=attempt.commit,
            attempt=attempt.id,
        )
        tx.description = f"complete task {task.id}: {task.title}"
        return with_tasks(lane, [done])

    return along


def _holder(task: Task) -> tuple[object, ...]:
    """Return what tells whose a task is, and where its work."""
    return task.status, task.worker_uuid, task.claim and (task.claim.agent, task.claim.since)


def _moved_on(task: Task) -> Raced:
    return Raced(
        f"task '{task.id}' was taken or ended meanwhile",
        hint=f"nothing changed; see 'git lanes task show {task.id}'",
    )


def _reopen(repo: LaneRepo, task: Task, error: Collision, how: Completion) -> None:
    """Let a task that collides be open again, and say so in the error."""
    paths = tuple(dict.fromkeys(x["path"] for x in error.data["collisions"]))
    with transaction(repo, "task", actor=how.by) as tx:
        state, now = changing.opened(repo, task)
        if _holder(now) == _holder(task):
            tx.description = f"reopen task {task.id}, which collides: {task.title}"
            changing.write(tx, state, [replace(given_back(now, None), collisions=paths)])
    error.data["task"] = plain(reading.find(repo, task.id))
    error.hint = (
        f"task '{task.id}' is open again, its work stays in lane '{task.worker}': "
        f"go on with it on the new base by 'git lanes task start {task.id}'"
    )


def _after(repo: LaneRepo, task: Task, how: Completion) -> tuple[str, ...]:
    """Archive the lanes of a task that landed, unless told; what has to stay is warned of."""
    if how.keep:
        return ()
    names = [(task.worker_uuid, task.worker), *((x, None) for x in task.former_uuids)]
    gone = []
    for found in (repo.view.by_uuid(uuid, name) for uuid, name in names if uuid):
        if found is None or not found.record.live:
            continue
        name = found.record.name
        try:
            archive(repo, name)
            gone.append(name)
        except Negative:
            continue  # it was before
        except LanesError as error:
            repo.warn(f"lane '{name}' was not archived: {error.message}")
    return tuple(gone)
