"""What became of lanes' work that came to a branch by other ways than promotion."""

from __future__ import annotations

from typing import ClassVar

from gitlanes.models.plain import Model, Result

CHANGE_ID, TREE, PATCH_ID = "change-id", "tree", "patch-id"


class Match(Model):
    """A commit of a lane, and the commit of the branch that has its work.

    ``by`` says what told so: 'change-id' (it names the change), 'tree' (it leaves all paths of
    the change with the same content) or 'patch-id' (the same patch). ``squash`` says that it has
    the work of several. ``known`` says that the records were there already.
    """

    title: str
    source: str
    commit: str
    by: str
    attempt: str | None = None
    change_id: str | None = None
    squash: bool = False
    known: bool = False


class ReconciledLane(Model):
    """A lane's matches; ``merged`` says that the branch has all of its accepted work.

    ``left`` are its commits that no commit of the branch was found for.
    """

    lane: str
    merged: bool
    matches: tuple[Match, ...]
    left: tuple[str, ...]


class Reconciled(Result):
    """Which work was found in the branch of lane ``into``, at ``commit``; only lanes with some."""

    into: str
    branch: str | None
    commit: str
    lanes: tuple[ReconciledLane, ...]
    dry_run: bool = False

    schema: ClassVar[str] = "reconciled"
