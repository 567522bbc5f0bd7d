"""What verbs return."""

from __future__ import annotations

from typing import Any, ClassVar

from gitlanes.models.plain import NOTHING, Model, Result
from gitlanes.models.records import Attempt
from gitlanes.models.workspaces import Following, Moved


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


class MayFollow(Result):
    """A base for results with a ``following``: a bound branch may have gone along."""

    @property
    def followed(self) -> bool | None:
        """Say whether branch and files are at the lane's head; None where none had to move."""
        following: Following | None = self.__dict__["following"]
        return following.followed if following else None

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form, with the answer to that at its top."""
        return {**super().to_dict(), "followed": self.followed}


class Proposed(MayFollow):
    """A proposal, open or decided at once; ``superseded`` are the attempts that it replaced.

    ``laid_again`` is ``{old id: new id}`` of those that were laid on an amended one again,
    ``skipped`` how many untracked paths ``lanes.exclude`` kept out, ``secret`` which files
    ``lanes.secretFiles`` did.
    """

    attempt: Attempt
    superseded: tuple[str, ...] = ()
    convergent: tuple[bytes, ...] = ()
    following: Following | None = None
    laid_again: dict[str, str] = NOTHING
    skipped: int = 0
    secret: tuple[bytes, ...] = ()

    schema: ClassVar[str] = "proposal"


class Decided(MayFollow):
    """An attempt after accept or reject; ``reset`` is what brought its workspace to the head."""

    attempt: Attempt
    superseded: tuple[str, ...] = ()
    convergent: tuple[bytes, ...] = ()
    following: Following | None = None
    reset: Moved | None = None

    schema: ClassVar[str] = "decision"


class Promotion(MayFollow):
    """Work of one lane landed on another, or (``dry_run``) what would happen.

    ``commits`` are the landed commits, oldest first; ``landed`` the attempts of the target
    that they became. ``source_only`` and ``target_only`` are the paths that one side alone
    touched, ``convergent`` those that both brought to the same result. ``unsaved`` and
    ``open_attempts`` stay behind in the source lane. ``proposed`` is the open attempt of a
    promotion that was left for a decision, ``superseded`` the ids of those that this replaced.
    Where only some changes were to land, ``changes`` are their Change-Ids, ``stack`` names whose
    they are, and ``laid_again`` is ``{old id: new id}`` of the source's attempts that were laid
    in another order for that.
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
    proposed: Attempt | None = None
    superseded: tuple[str, ...] = ()
    stack: str | None = None
    changes: tuple[str, ...] = ()
    laid_again: dict[str, str] = NOTHING

    schema: ClassVar[str] = "promotion"
