"""What was taken back, or done again."""

from __future__ import annotations

from typing import ClassVar

from gitlanes.models.plain import Model, Result
from gitlanes.models.workspaces import Following, Moved


class UndoneLane(Model):
    """A lane's part: its head before and after; ``forward`` if a new commit was needed for that.

    ``workspace`` is what was done there, ``following`` what became of a bound branch.
    """

    lane: str
    status: str
    before: str | None
    head: str | None
    forward: bool = False
    workspace: Moved | None = None
    following: Following | None = None


class Undone(Result):
    """One undo, redo or rollback.

    ``operation`` is its own id, ``undone`` those of the operations whose effect it took back.
    ``attempts`` are those whose status changed.
    """

    verb: str
    operation: str
    undone: tuple[str, ...]
    descriptions: tuple[str, ...]
    lanes: tuple[UndoneLane, ...]
    attempts: tuple[str, ...] = ()

    schema: ClassVar[str] = "undone"
