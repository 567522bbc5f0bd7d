"""Which lanes follow which."""

from __future__ import annotations

from typing import ClassVar

from gitlanes.models.lanes import OfALane
from gitlanes.models.plain import Model, Result
from gitlanes.models.tasks import Task


class Node(Model):
    """A lane among those that follow others.

    ``parents`` are the names of the lanes that it follows, that which it is promoted into first;
    ``open`` are the ids of its attempts that wait, ``tasks`` those that have not ended. Of one that
    is not known here the name is its uuid, and its status 'unknown'.
    """

    name: str
    uuid: str
    status: str
    head: str | None
    parents: tuple[str, ...]
    open: tuple[str, ...]
    tasks: tuple[Task, ...] = ()


class Followed(OfALane):
    """A lane whose parents changed: ``parents`` are the names that it follows now."""

    parents: tuple[str, ...]

    schema: ClassVar[str] = "followed"


class Relatives(Result):
    """The lanes that one follows, and those that follow it."""

    lane: str
    parents: tuple[Node, ...]
    dependants: tuple[Node, ...]

    schema: ClassVar[str] = "relatives"


class Graph(Result):
    """All lanes that follow others, are followed or have tasks, each after its first parent."""

    lanes: tuple[Node, ...]

    schema: ClassVar[str] = "graph"


class Paused(Result):
    """Lanes whose status was set, and why; ``skipped`` had it already.

    ``archived`` are those that were put away with that, as `lanes.archiveOnAbandon` asks.
    """

    status: str
    why: str | None
    lanes: tuple[str, ...]
    skipped: tuple[str, ...] = ()
    archived: tuple[str, ...] = ()

    schema: ClassVar[str] = "paused"
