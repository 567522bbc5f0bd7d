"""Bringing a lane up to those that it follows, and where that stopped."""

from __future__ import annotations

from typing import ClassVar, Literal

from gitlanes.models.plain import NOTHING, Model, Result
from gitlanes.models.results import CollidingPath
from gitlanes.models.workspaces import Moved, Snapshot

ABORT, LANE, PARENT, MERGED, AGENT, MANUAL = STRATEGIES = (
    *("abort", "lane", "parent", "merge"),
    *("agent", "manual"),
)
# How other tools say it.
SYNONYMS = {"ours": LANE, "theirs": PARENT}

STOP, SKIP, DEFER = ON_CONFLICT = ("stop", "skip", "defer")


class Side(Model):
    """Whose work one side of a conflict is: attempt, agent, commit, and what it was asked for."""

    attempt: str | None
    agent: str | None
    commit: str | None
    prompt: str | None
    title: str | None


class Question(Model):
    """What a conflict agent is asked: one path of which both sides have another content.

    ``index`` of ``total`` begins at 1. A content is None where that side has no file; ``mine`` is
    what the lane's attempt was for, ``theirs`` what the parent's last change of the path was for.
    """

    lane: str
    onto: tuple[str, ...]
    attempt: str | None
    path: bytes
    index: int
    total: int
    base: bytes | None
    lane_content: bytes | None
    parent_content: bytes | None
    mine: Side
    theirs: Side


class Resolution(Model):
    """What it answers: the whole content, or whose version is taken; neither leaves the path."""

    content: bytes | None = None
    take: Literal["lane", "parent"] | None = None


class Version(Model):
    """A path as one side has it."""

    mode: str
    oid: str


class ConflictPath(Model):
    """A path that both sides touched, with its three versions, None where there is no file.

    ``collision`` says what each side did, and whose work that is; ``other`` is the parent's path
    where that is another one. ``beside`` is the file that the lane's version lies in while people
    decide, where markers cannot be put into the path itself.
    """

    path: bytes
    kind: str
    base: Version | None
    lane: Version | None
    parent: Version | None
    other: bytes | None = None
    beside: bytes | None = None
    collision: CollidingPath | None = None


class Conflict(Result):
    """Where the sync of a lane stopped: the attempt that collides, and the paths.

    ``onto`` are the names of the lanes whose heads it was to be laid on, ``since`` when that was,
    ``commit`` is the attempt's, ``files`` the commit that has its files with markers. ``started``
    says whether they lie in the lane's workspace, ``stale`` whether one of those lanes or this
    one has moved since. ``mine`` and ``theirs`` are whose work the sides are.
    """

    lane: str
    onto: tuple[str, ...]
    strategy: str
    since: str
    attempt: str | None
    commit: str
    files: str
    paths: tuple[ConflictPath, ...]
    mine: Side | None = None
    theirs: tuple[Side, ...] = ()
    started: bool = False
    stale: bool = False

    schema: ClassVar[str] = "conflict"


class Conflicts(Result):
    """The conflicts that wait."""

    conflicts: tuple[Conflict, ...]

    schema: ClassVar[str] = "conflicts"


class Started(Result):
    """A conflict laid out in its lane's workspace; ``snapshot`` has what was there before."""

    conflict: Conflict
    path: str
    snapshot: Snapshot | None = None

    schema: ClassVar[str] = "conflict-started"


class Abandoned(Result):
    """A conflict given up: the lane is active, its workspace as before.

    ``snapshot`` has what was edited there.
    """

    lane: str
    head: str
    snapshot: Snapshot | None = None

    schema: ClassVar[str] = "conflict-abandoned"


class Synced(Result):
    """A lane laid on the heads of others, or (``dry_run``) what would happen.

    ``before`` and ``head`` are its head then and now, ``ground`` is the commit that its own work
    stands on. ``laid_again`` is ``{old id: new id}`` of its attempts; ``elsewhere`` are those that
    came to nothing, for the others have their work already, ``dropped`` those of which nothing was
    left once it was decided what becomes of paths that both sides touched. ``resolved`` is
    ``{path: how}`` of what the strategy decided.
    ``workspace`` says what was written there, None where nothing was. ``collisions`` are only
    there in a dry run.
    """

    lane: str
    onto: tuple[str, ...]
    strategy: str
    before: str
    head: str | None
    ground: str
    laid_again: dict[str, str] = NOTHING
    elsewhere: tuple[str, ...] = ()
    dropped: tuple[str, ...] = ()
    resolved: dict[str, str] = NOTHING
    collisions: tuple[CollidingPath, ...] = ()
    workspace: Moved | None = None
    dry_run: bool = False

    schema: ClassVar[str] = "synced"


class Lagging(Model):
    """A lane that a cascade did not bring up, and why."""

    lane: str
    reason: str


class Cascaded(Result):
    """What a cascade came to: ``current`` stood on its parents' heads already."""

    root: str | None
    updated: tuple[Synced, ...] = ()
    current: tuple[str, ...] = ()
    failed: tuple[Lagging, ...] = ()
    skipped: tuple[Lagging, ...] = ()
    deferred: tuple[Lagging, ...] = ()

    schema: ClassVar[str] = "cascaded"

    @property
    def complete(self) -> bool:
        """Say whether every lane stands on its parents' heads now."""
        return not (self.failed or self.skipped or self.deferred)
