"""How tasks look: as rows of a table, and one by one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gitlanes.cli.errors import line
from gitlanes.models.tasks import COMPLETED, ENDED, OPEN, Task

if TYPE_CHECKING:
    from gitlanes.cli.output import Output
    from gitlanes.models.graph import Node
    from gitlanes.models.lanes import LaneSummary

HEADERS = ("TASK", "LANE", "PRIORITY", "STATE", "AGENT", "WORK", "TITLE")


def row(task: Task) -> tuple[str, ...]:
    """Return a task's cells under `HEADERS`."""
    where = (task.agent or "-", task.worker or "-")
    return task.id, task.lane, str(task.priority), state(task), *map(line, where), line(task.title)


def state(task: Task) -> str:
    """Return a task's status, and what an orchestrator has to know of it besides."""
    marks = ["stale"] if task.stale and task.status not in ENDED else []
    marks += ["collided"] if task.collisions else []
    waits = task.status == OPEN or "stale" in marks
    marks += ["started too often"] if task.exhausted and waits else []
    return ", ".join([task.status, *marks])


def task_lines(task: Task) -> list[str]:
    """Return what is known of a task, a line for each thing that is set."""
    rows = [f"task {task.id} of lane {task.lane} ({state(task)})", f"  {line(task.title)}"]
    said: list[tuple[str, object]] = [("priority", task.priority), ("agent", task.agent)]
    claim = task.claim
    if claim is not None:
        ends = [f"process {claim.pid}"] if claim.pid is not None else []
        ends += [f"until {claim.until[:19]}Z"] if claim.until else []
        said.append(("claim", task.stale or ", ".join(ends) or "until released"))
    said += [("work", task.worker), *(("before", x) for x in task.former)]
    said += [("collides", x) for x in task.collisions]
    again = f"{task.tries} of {task.retries + 1}" if task.retries is not None else task.tries
    said += [("started", again or None), ("by", task.by), ("created", task.created)]
    said += [("finished", task.finished), ("reason", task.reason), ("commit", task.commit)]
    said += [("about", x) for x in (task.description or "").splitlines()]
    return rows + [f"  {key + ':':<10}{line(str(x))}" for key, x in said if x is not None]


def show_tasks(out: Output, lanes: Iterable[LaneSummary | Node]) -> None:
    """Print the tasks of lanes below what was printed of those, if there are any."""
    for lane in lanes:
        if lane.tasks:
            out.line("")
            out.line(f"tasks of {lane.name}:")
        for task in lane.tasks:
            out.line(f"  {brief(task)}")


def brief(task: Task) -> str:
    """Return a task in one line, for what shows lanes."""
    who = f", {line(task.agent)}" if task.agent else ""
    where = f" in {task.worker}" if task.worker else ""
    return f"{task.id} ({state(task)}{who}){where}: {line(task.title, 72)}"


def ended_line(task: Task) -> str:
    """Return what became of a task that ended."""
    if task.status == COMPLETED:
        return f"completed task {task.id} in {task.lane} as {task.attempt}: {line(task.title)}"
    why = f": {line(task.reason)}" if task.reason else ""
    return f"abandoned task {task.id}{why}"
