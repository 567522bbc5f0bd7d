"""What every change of a task goes through: is it there, may one have it, and it is written."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gitlanes.errors import Negative, Refused
from gitlanes.models.plain import plain
from gitlanes.models.records import Lane, LaneState
from gitlanes.models.tasks import ENDED, Task
from gitlanes.store.tasks import with_tasks
from gitlanes.tasks import reading
from gitlanes.workspaces import claims

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo
    from gitlanes.store.transaction import Transaction


def opened(repo: LaneRepo, known: Task) -> tuple[LaneState, Task]:
    """Return a task as it is now, and its lane, for an operation; under the lock.

    Raises Negative where it ended.
    """
    state = repo.view.find(known.lane)
    if state is None or not state.record.live or known.id not in state.record.tasks:
        known = reading.find(repo, known.id)
        require_unended(known)
        state = repo.view.lane(known.lane)
    return state, reading.of_state(repo, state, {known.id})[0]


def require_unended(task: Task) -> None:
    """Raise Negative for a task that was completed or abandoned."""
    if task.status in ENDED:
        raise Negative(
            f"task '{task.id}' is {task.status} already",
            hint=f"see 'git lanes task show {task.id}'",
            data={"task": plain(task)},
        )


def require_own(repo: LaneRepo, task: Task, agent: str | None, *, force: bool = False) -> None:
    """Raise Refused where somebody else has the task whose claim holds.

    ``agent`` is who asks, else who the environment names. Who gives no name is let: that is a
    person, or the program that hands out the work.
    """
    named = agent or claims.agent_of(repo.git.environ)
    if task.claim is None or task.stale or force or named in (None, task.claim.agent):
        return
    raise Refused(
        claims.said(f"task '{task.id}'", task.claim),
        hint=f"its holder gives it back with 'git lanes task release {task.id}', or use --force",
        data={"task": task.id, "lane": task.lane, "holder": plain(task.claim)},
    )


def write(
    tx: Transaction, state: LaneState, changed: Iterable[Task], record: Lane | None = None
) -> None:
    """Let an operation record tasks of a lane as they are from now on."""
    made, details = with_tasks(record or state.record, changed)
    tx.lane(state, made, details=details)
