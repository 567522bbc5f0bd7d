"""What is told of tasks that were started, checked and completed."""

from __future__ import annotations

from typing import ClassVar

from gitlanes.models.lanes import OfALane
from gitlanes.models.plain import Result
from gitlanes.models.results import Promotion
from gitlanes.models.sync import Synced
from gitlanes.models.tasks import Task


class TaskStarted(OfALane):
    """A task begun in ``lane``, whose workspace is at ``path``.

    ``created`` is False where it goes on in the lane that it had; ``synced`` tells how that came
    to stand on what landed since. ``renewed`` says that the agent had it already.
    """

    task: Task
    path: str | None
    created: bool
    renewed: bool = False
    synced: Synced | None = None

    schema: ClassVar[str] = "task-started"


class TaskCompleted(Result):
    """A task whose work landed; ``archived`` are its lanes that were put away."""

    task: Task
    promotion: Promotion
    archived: tuple[str, ...] = ()

    schema: ClassVar[str] = "task-completed"


class TaskChecked(Result):
    """Whether completing a task would land now, and what that would come to.

    ``remains`` says what stands in the way besides collisions.
    """

    task: Task
    lands: bool
    promotion: Promotion
    remains: str | None = None

    schema: ClassVar[str] = "task-checked"
