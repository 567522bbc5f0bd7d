"""Handing tasks out: whoever is first has one, until the claim is given back or does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, Negative
from gitlanes.models.plain import replace
from gitlanes.models.tasks import CLAIMED, OPEN, Task, Tasks
from gitlanes.store.transaction import transaction
from gitlanes.tasks import changing, reading
from gitlanes.workspaces import claims

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def following(repo: LaneRepo, count: int = 1, *, lane: str | None = None) -> Tasks:
    """Return the next tasks, of a lane or of all; raises Negative where none is ready."""
    found = reading.ready(repo, lane).tasks
    if not found:
        raise _none(lane)
    return Tasks(found[:count])


def claim(
    repo: LaneRepo,
    count: int = 1,
    *,
    lane: str | None = None,
    agent: str | None = None,
    pid: int | None = None,
    lease: float | None = None,
) -> Tasks:
    """Claim the next tasks for an agent, as one operation: nobody else gets the same ones.

    There may be fewer than asked for. A claim ends as one of a workspace does. Raises Negative
    where none is ready, BadValue without an agent.
    """
    who = claims.checked_name(agent or claims.agent_of(repo.git.environ))
    if count < 1:
        raise BadValue(f"cannot claim {count} tasks", hint="claim one or more")
    owner = claims.new_owner(repo, who, pid, lease, None)
    with transaction(repo, "task", actor=who) as tx:
        chosen = reading.ready(repo, lane).tasks[:count]
        if not chosen:
            raise _none(lane)
        made = [replace(x, status=CLAIMED, agent=who, claim=owner, stale=None) for x in chosen]
        for name in dict.fromkeys(x.lane for x in made):
            changing.write(tx, repo.view.lane(name), [x for x in made if x.lane == name])
        tx.description = f"claim {', '.join(f'task {x.id}' for x in made)} for {who}"
    return Tasks(tuple(made))


def release(
    repo: LaneRepo,
    name: str | None = None,
    *,
    by: str | None = None,
    reason: str | None = None,
    force: bool = False,
) -> Task:
    """Give a task back: it is open again, and the lane with its work stays.

    Without a name it is the one that the present lane is for. Raises Negative where nobody has
    it, Refused where somebody else has, unless with ``force``.
    """
    known = reading.find(repo, name)
    with transaction(repo, "task", actor=by) as tx:
        state, task = changing.opened(repo, known)
        if task.status == OPEN:
            raise Negative(f"nothing to release: nobody has task '{task.id}'")
        changing.require_own(repo, task, by, force=force)
        made = given_back(task, reason)
        tx.description = f"release task {task.id}: {task.title}"
        changing.write(tx, state, [made])
    return made


def given_back(task: Task, reason: str | None) -> Task:
    """Return a task that nobody has; its lane stays."""
    return replace(task, status=OPEN, agent=None, claim=None, stale=None, reason=reason or None)


def _none(lane: str | None) -> Negative:
    where = f" of lane '{lane}'" if lane else ""
    return Negative(f"no task{where} is ready", hint="see 'git lanes task list'")
