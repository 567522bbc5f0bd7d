"""What is told of lanes."""

from __future__ import annotations

from typing import Any, ClassVar

from gitlanes.models.plain import NOTHING, Model, Result, plain
from gitlanes.models.records import Attempt, Lane
from gitlanes.models.tasks import Task
from gitlanes.models.workspaces import Following


def lane_told(lane: Lane) -> dict[str, Any]:
    """Return the plain form of a lane's record, with its branch by the name that people use."""
    return {**plain(lane), "branch": lane.branch and lane.branch.split("/", 2)[2]}


class OfALane(Result):
    """A base for what is told of one lane."""

    lane: Lane

    def to_dict(self) -> dict[str, Any]:
        """Return the plain form with its schema's name."""
        return {**super().to_dict(), "lane": lane_told(self.lane)}


class Adopted(OfALane):
    """The repository's first lane; ``created`` is False where it was there before."""

    created: bool
    path: str | None

    schema: ClassVar[str] = "init"


class NewLane(OfALane):
    """A lane just made, or found with ``exist_ok``; ``path`` is its workspace."""

    path: str | None
    created: bool = True

    schema: ClassVar[str] = "lane"


class Edited(OfALane):
    """A lane whose record was edited; ``changed`` says what of it."""

    changed: tuple[str, ...]

    schema: ClassVar[str] = "edited"


class Renamed(OfALane):
    """A lane under its new name; ``path`` is its workspace, which stays where it was."""

    old: str
    path: str | None

    schema: ClassVar[str] = "renamed"


class Archived(OfALane):
    """A lane put away or, its status says so, brought back.

    ``snapshot`` is the id of the unsaved work that its workspace had, if it had any.
    """

    snapshot: str | None = None

    schema: ClassVar[str] = "archived"


class Bound(OfALane):
    """A lane tied to a ``branch``, or (None) parted from the one it had ``before``.

    ``created`` says that the branch was made, ``imported`` that its commits were taken in.
    """

    branch: str | None
    before: str | None = None
    created: bool = False
    imported: bool = False
    following: Following | None = None

    schema: ClassVar[str] = "binding"


class DeletedLane(OfALane):
    """A lane just deleted; ``snapshot`` is the id of its unsaved work, if it had any."""

    snapshot: str | None

    schema: ClassVar[str] = "deleted"


class LaneSummary(Result):
    """A lane as listings show it.

    ``landed`` says whether its default target has all of its accepted work. ``origin`` and
    ``parent`` are the names of the lanes that it was started from and that it follows,
    ``above`` that of the one below which a tree of the listed lanes shows it. ``batch`` is the id
    that it shares with lanes for the same work. ``tasks`` are those that have not ended, ``run`` is
    what is remembered of the agent that ran there last.
    """

    name: str
    uuid: str
    status: str
    head: str | None
    fork: str | None
    branch: str | None
    owner: str | None
    created: str
    updated: str
    last: str
    open: tuple[Attempt, ...]
    landed: bool
    path: str | None
    origin: str | None
    parent: str | None
    above: str | None
    description: str | None
    meta: dict[str, str]
    mode: str | None
    sparse: tuple[str, ...]
    batch: str | None = None
    tasks: tuple[Task, ...] = ()
    run: dict[str, Any] = NOTHING

    schema: ClassVar[str] = "lane"


class Lanes(Result):
    """Lanes, by name; the archived ones only where they were asked for."""

    lanes: tuple[LaneSummary, ...]

    schema: ClassVar[str] = "lanes"


class LaneFinding(Model):
    """One thing about a lane that a person should look at, and what helps.

    ``kind`` is a word for programs: 'head-forward', 'branch-reset', 'root-busy'… ``lane`` is
    None where it is about none that can be read.
    """

    kind: str
    lane: str | None
    message: str
    hint: str


class Status(Result):
    """The lanes as recorded, and what is unsaved in the present workspace.

    ``lane`` is the one whose workspace this is, ``workspace`` what commands call it; a detached
    one is no lane's. ``unsaved`` are its files, each with git's two-letter status. ``findings``
    are things a person should look at.
    """

    lane: str | None
    lanes: tuple[LaneSummary, ...]
    unsaved: tuple[tuple[str, bytes], ...]
    findings: tuple[LaneFinding, ...]
    workspace: str | None = None

    schema: ClassVar[str] = "status"
