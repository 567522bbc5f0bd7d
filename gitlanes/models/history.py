"""What is told of the past."""

from __future__ import annotations

from typing import Any, ClassVar

from gitlanes.models.notes import Notes
from gitlanes.models.plain import Model, Result
from gitlanes.models.records import Attempt, Entry
from gitlanes.models.workspaces import Snapshot


class Told(Result):
    """An attempt in its latest state, with the records on its commit."""

    attempt: Attempt
    notes: Notes

    schema: ClassVar[str] = "attempt"

    @property
    def intent(self) -> dict[str, Any]:
        """The newest intent of this very attempt, empty if none was recorded."""
        own = [x for x in self.notes.intents if x.get("attempt") == self.attempt.id]
        return own[-1] if own else {}


class History(Result):
    """Attempts, the one that changed last first."""

    attempts: tuple[Told, ...]

    schema: ClassVar[str] = "history"


class FileChange(Model):
    """One file between two states: 'added', 'modified' or 'deleted'; ids are of blobs."""

    path: bytes
    action: str
    old_mode: str | None
    old_oid: str | None
    new_mode: str | None
    new_oid: str | None


class Diff(Result):
    """What lies between two states; ``text`` is git's own rendering if one was asked for."""

    old: str
    new: str
    files: tuple[FileChange, ...]
    text: str | None = None

    schema: ClassVar[str] = "diff"


class Shown(Result):
    """Whatever `show` found: ``kind`` says which of the other fields is set."""

    kind: str
    lane: dict[str, Any] | None = None
    attempts: tuple[Told, ...] = ()
    entries: tuple[Entry, ...] = ()
    snapshot: Snapshot | None = None
    commit: str | None = None
    notes: Notes | None = None
    files: tuple[FileChange, ...] = ()

    schema: ClassVar[str] = "object"
