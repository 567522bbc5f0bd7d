"""Tasks: work that is wanted of a lane, handed out and brought back."""

from __future__ import annotations

from typing import Any, ClassVar

from gitlanes.models.plain import NOTHING, Result
from gitlanes.models.workspaces import Owner

OPEN = "open"
# Handed out, and without a lane yet.
CLAIMED = "claimed"
STARTED = "started"
COMPLETED = "completed"
ABANDONED = "abandoned"
ENDED = (COMPLETED, ABANDONED)
STATUSES = (OPEN, CLAIMED, STARTED, *ENDED)

# The priority that a task has unless told; lower ones come first.
USUAL_PRIORITY = 100


class Task(Result):
    """A task of ``lane``.

    ``agent`` is who has it, or ended it; ``claim`` is that agent's claim, ``stale`` the reason why
    it holds nobody off any more. ``worker`` is the lane that the work is done in, with its uuid,
    ``former`` are earlier ones whose work did not fit, as they were called then, with their uuids.
    ``collisions`` are the paths on which it last failed to land. ``tries`` counts how often it was
    started, ``retries`` limits how often more than once. ``by`` is who added it, ``reason`` why it
    was given back or ended, ``commit`` the merge that completed it and ``attempt`` that one's id.
    """

    id: str
    lane: str
    title: str
    priority: int
    status: str
    created: str
    description: str | None = None
    by: str | None = None
    agent: str | None = None
    claim: Owner | None = None
    stale: str | None = None
    worker: str | None = None
    worker_uuid: str | None = None
    former: tuple[str, ...] = ()
    former_uuids: tuple[str, ...] = ()
    tries: int = 0
    retries: int | None = None
    collisions: tuple[str, ...] = ()
    started: str | None = None
    finished: str | None = None
    reason: str | None = None
    commit: str | None = None
    attempt: str | None = None
    extra: dict[str, Any] = NOTHING

    schema: ClassVar[str] = "task"

    @property
    def exhausted(self) -> bool:
        """Say whether it was started as often as it may be."""
        return self.retries is not None and self.tries > self.retries

    @property
    def ready(self) -> bool:
        """Say whether an agent may take it now: nobody has it whose claim holds."""
        free = self.status == OPEN or (self.status in (CLAIMED, STARTED) and bool(self.stale))
        return free and not self.exhausted

    @property
    def order(self) -> tuple[int, str, str]:
        """Return what tasks are sorted by: lower priorities first, then older ones."""
        return self.priority, self.created, self.id


class Tasks(Result):
    """Tasks, those to be done first before others."""

    tasks: tuple[Task, ...]

    schema: ClassVar[str] = "tasks"
