"""What is told of the past."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from gitlanes.models.notes import Notes
from gitlanes.models.plain import NOTHING, Model, Result
from gitlanes.models.records import Attempt, Entry
from gitlanes.models.workspaces import Snapshot


class Told(Result):
    """An attempt in its latest state, with the records on its commit."""

    attempt: Attempt
    notes: Notes

    schema: ClassVar[str] = "attempt"

    @property
    def intent(self) -> dict[str, Any]:
        """What is recorded of why this very attempt was made, empty if nothing is.

        An amended attempt goes on with what was said of it before; what was said since wins.
        """
        own = own_intents(self.attempt.id, self.attempt.kind, self.notes.intents)
        return {key: value for record in own for key, value in record.items()}

    @property
    def asked(self) -> str | None:
        """The first line of what was asked for that is not blank, None if nothing is recorded."""
        prompt = str(self.intent.get("prompt") or "")
        return next((x.strip() for x in prompt.splitlines() if x.strip()), None)

    @property
    def agent(self) -> str | None:
        """Who did it."""
        return self.attempt.agent or (self.intent.get("agent") or {}).get("id")


def own_intents(attempt: str, kind: str, intents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return those of a commit's intents that are of an attempt of that id and kind."""
    amended = kind == "work"
    return [
        x for x in intents if x.get("attempt") == attempt or (amended and x.get("kind") == "work")
    ]


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
    """What lies between two states; ``text`` is git's own rendering if one was asked for.

    Where ``new`` is the present content of a ``workspace``, named by its directory, it is the
    world state's id, which no ref holds.
    """

    old: str
    new: str
    files: tuple[FileChange, ...]
    text: str | None = None
    workspace: str | None = None

    schema: ClassVar[str] = "diff"

    @property
    def added(self) -> tuple[bytes, ...]:
        """Return the paths that only the new state has."""
        return self._paths("added")

    @property
    def modified(self) -> tuple[bytes, ...]:
        """Return the paths that both states have, and not alike."""
        return self._paths("modified")

    @property
    def removed(self) -> tuple[bytes, ...]:
        """Return the paths that only the old state has."""
        return self._paths("deleted")

    def _paths(self, action: str) -> tuple[bytes, ...]:
        return tuple(x.path for x in self.files if x.action == action)


class Shown(Result):
    """Whatever `show` found: ``kind`` says which of the other fields is set.

    ``elsewhere`` is {remote: head} of a lane, where that was another one when it was fetched.
    """

    kind: str
    lane: dict[str, Any] | None = None
    attempts: tuple[Told, ...] = ()
    entries: tuple[Entry, ...] = ()
    snapshot: Snapshot | None = None
    commit: str | None = None
    notes: Notes | None = None
    files: tuple[FileChange, ...] = ()
    elsewhere: dict[str, str] = NOTHING

    schema: ClassVar[str] = "object"


class Step(Model):
    """One link of the chain that led to a state: an attempt, or a commit that none made.

    ``commit`` is the one in the history, ``intent`` the first line of what was asked for. A
    promotion is followed by the source's attempts, one deeper and ``under`` its id. ``cost`` is
    what this attempt alone took: sums by the names of cost records, ``amounts`` by currency.
    """

    depth: int
    under: str | None
    commit: str
    title: str
    attempt: Attempt | None = None
    change_id: str | None = None
    agent: str | None = None
    intent: str | None = None
    cost: dict[str, Any] = NOTHING


class Trace(Result):
    """The attempts that led to a state, the last one first.

    ``cost`` is what all of them took together, each record counted once. ``more`` says that
    older ones were left out, as the limit asked.
    """

    state: str
    commit: str
    steps: tuple[Step, ...]
    cost: dict[str, Any]
    more: bool = False

    schema: ClassVar[str] = "trace"


class Blob(Result):
    """A file of a state: git's mode and id; ``size`` is in bytes."""

    state: str
    path: bytes
    mode: str
    oid: str
    size: int

    schema: ClassVar[str] = "file"
