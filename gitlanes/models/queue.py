"""What waits to land on a lane, in which order, and what became of it."""

from __future__ import annotations

from typing import Any, ClassVar

from gitlanes.models.plain import NOTHING, Model, Result

PENDING, READY, LANDING = WAITING = ("pending", "ready", "landing")
LANDED, FAILED, CANCELLED = DONE = ("landed", "failed", "cancelled")
PRIORITY = 100


class Queued(Model):
    """An entry as it is stored: ``lane`` is a uuid, ``head`` what was queued of it.

    The lowest ``priority`` lands first, then the lowest ``place``. With ``latest`` it is the
    lane's head at the time of landing that lands. ``reason`` and ``paths`` say why it failed,
    ``landed`` is the target's head that brought it. ``extra`` keeps fields that a newer version
    wrote.
    """

    lane: str
    head: str
    status: str
    since: str
    place: str
    priority: int = PRIORITY
    mode: str | None = None
    latest: bool = False
    meta: dict[str, str] = NOTHING
    by: str | None = None
    reason: str | None = None
    paths: tuple[str, ...] = ()
    landed: str | None = None
    decided: str | None = None
    extra: dict[str, Any] = NOTHING

    @property
    def waits(self) -> bool:
        """Say whether it may still land."""
        return self.status in WAITING

    @property
    def order(self) -> tuple[int, str, str]:
        """Return what entries are sorted by."""
        return self.priority, self.place, self.lane


class QueueEntry(Result):
    """An entry as it is told: ``lane`` and ``into`` are names."""

    lane: str
    lane_uuid: str
    into: str
    head: str
    status: str
    priority: int
    mode: str | None
    latest: bool
    meta: dict[str, str]
    by: str | None
    since: str
    reason: str | None = None
    paths: tuple[str, ...] = ()
    landed: str | None = None
    decided: str | None = None

    schema: ClassVar[str] = "queue-entry"


class QueueRun(Result):
    """What running a queue came to; ``waiting`` is how many entries may still land.

    In a dry run ``landed`` are those that no path keeps from landing, and gates were not asked.
    """

    into: str
    landed: tuple[QueueEntry, ...]
    failed: tuple[QueueEntry, ...]
    waiting: int
    dry_run: bool = False

    schema: ClassVar[str] = "queue-run"
