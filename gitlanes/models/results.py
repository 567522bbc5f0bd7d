"""What verbs return."""

from __future__ import annotations

from typing import ClassVar

from gitlanes.models.plain import Model, Result
from gitlanes.models.records import Attempt
from gitlanes.models.workspaces import Following


class Touch(Model):
    """What one side did to a path, and whose work that was as far as records tell.

    ``action`` is 'added', 'modified' or 'deleted'; mode and oid are None where the file is
    gone. ``moved_to`` is where the target has the same content now, if it moved the file.
    """

    action: str
    mode: str | None
    oid: str | None
    attempt: str | None = None
    agent: str | None = None
    commit: str | None = None
    moved_to: bytes | None = None


class CollidingPath(Model):
    """A path that both sides touched: ``kind`` is 'content', 'directory' or 'case'."""

    path: bytes
    kind: str
    source: Touch | None
    target: Touch | None
    other: bytes | None = None


class Proposed(Result):
    """A proposal, open or decided at once; ``superseded`` are the attempts that it replaced."""

    attempt: Attempt
    superseded: tuple[str, ...] = ()
    convergent: tuple[bytes, ...] = ()
    following: Following | None = None

    schema: ClassVar[str] = "proposal"


class Decided(Result):
    """An attempt after accept or reject."""

    attempt: Attempt
    superseded: tuple[str, ...] = ()
    convergent: tuple[bytes, ...] = ()
    following: Following | None = None

    schema: ClassVar[str] = "decision"


class Promotion(Result):
    """Work of one lane landed on another, or (``dry_run``) what would happen.

    ``commits`` are the landed commits, oldest first; ``landed`` the attempts of the target
    that they became. ``source_only`` and ``target_only`` are the paths that one side alone
    touched, ``convergent`` those that both brought to the same result. ``unsaved`` and
    ``open_attempts`` stay behind in the source lane.
    """

    lane: str
    into: str
    mode: str
    base: tuple[str, ...]
    source: str
    target: str
    head: str | None
    commits: tuple[str, ...]
    landed: tuple[Attempt, ...]
    source_only: tuple[bytes, ...]
    target_only: tuple[bytes, ...]
    convergent: tuple[bytes, ...]
    collisions: tuple[CollidingPath, ...] = ()
    forced: tuple[CollidingPath, ...] = ()
    unsaved: tuple[bytes, ...] = ()
    open_attempts: tuple[str, ...] = ()
    following: Following | None = None
    dry_run: bool = False

    schema: ClassVar[str] = "promotion"

    @property
    def followed(self) -> bool:
        """Say whether the target's branch and files are at its head, where it has a branch."""
        return self.following is None or self.following.followed
