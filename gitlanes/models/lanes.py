"""What is told of lanes."""

from __future__ import annotations

from typing import ClassVar

from gitlanes.models.plain import Result
from gitlanes.models.records import Attempt, Lane


class Adopted(Result):
    """The repository's first lane; ``created`` is False where it was there before."""

    lane: Lane
    created: bool
    path: str | None

    schema: ClassVar[str] = "init"


class NewLane(Result):
    """A lane just made, or found with ``exist_ok``; ``path`` is its workspace."""

    lane: Lane
    path: str | None
    created: bool = True

    schema: ClassVar[str] = "lane"


class DeletedLane(Result):
    """A lane just deleted; ``snapshot`` is the id of its unsaved work, if it had any."""

    lane: Lane
    snapshot: str | None

    schema: ClassVar[str] = "deleted"


class LaneSummary(Result):
    """A lane as listings show it.

    ``landed`` says whether its default target has all of its accepted work.
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

    schema: ClassVar[str] = "lane"


class Lanes(Result):
    """All lanes, by name."""

    lanes: tuple[LaneSummary, ...]

    schema: ClassVar[str] = "lanes"


class Status(Result):
    """The lanes as recorded, and what is unsaved in the present workspace.

    ``lane`` is the one whose workspace this is; ``unsaved`` are its files, each with git's
    two-letter status. ``findings`` are things a person should look at.
    """

    lane: str | None
    lanes: tuple[LaneSummary, ...]
    unsaved: tuple[tuple[str, bytes], ...]
    findings: tuple[str, ...]

    schema: ClassVar[str] = "status"
