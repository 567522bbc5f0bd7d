"""Operations: what was done to lanes, each as one step."""

from __future__ import annotations

from typing import ClassVar

from gitlanes.models.plain import Model, Result
from gitlanes.models.records import RefChange


class LaneStep(Model):
    """What an operation did to one lane: its status and head, before and after.

    ``entry`` is the journal entry that says so. Of a lane's first entry nothing was before.
    """

    lane: str
    uuid: str
    entry: str
    status: str
    head: str | None
    before: str | None


class Operation(Result):
    """One operation: who did what, when and where.

    ``actor`` is the agent, ``host`` the machine. ``lanes`` are those that it touched, ``refs``
    what else than journals it moved.
    """

    id: str
    verb: str
    description: str
    actor: str | None
    host: str
    time: str
    lanes: tuple[LaneStep, ...]
    refs: tuple[RefChange, ...] = ()

    schema: ClassVar[str] = "operation"


class Operations(Result):
    """Operations, newest first; ``more`` says that older ones were left out."""

    operations: tuple[Operation, ...]
    more: bool = False

    schema: ClassVar[str] = "operations"
