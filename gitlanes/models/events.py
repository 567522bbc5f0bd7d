"""What listeners are told: of a verb that is under way, and of what the journals say."""

from __future__ import annotations

from typing import Any, ClassVar

from gitlanes.models.plain import NOTHING, Model, Result


class Event(Model):
    """A verb that is about to begin, or has ended well.

    ``verb`` is 'propose', 'accept', 'reject', 'promote', 'sync', 'undo', 'redo', 'rollback' or
    'push'; ``repository`` its common directory.
    ``lane`` is None where the present directory's is meant, ``attempt`` where there is none yet.
    ``into`` is the target of a promotion, if one was named, and the remote of a push. ``result`` is
    what the verb returns, None before it began.
    """

    verb: str
    repository: str
    lane: str | None = None
    attempt: str | None = None
    into: str | None = None
    agent: str | None = None
    result: Any = None


class BudgetReached(Model):
    """A budget at its limit: ``scope`` is 'lane', 'agent' or 'day', ``name`` the one it is for."""

    scope: str
    name: str


class LaneEvent(Result):
    """Something that happened to a lane, as an entry of its journal tells it.

    ``kind`` is a dotted name such as 'attempt.accepted', behind ``lanes.eventPrefix`` if that is
    set; with ``entry`` it tells events apart. ``actor`` did the operation, ``agent`` made the
    attempt, or is the actor. ``status`` is the lane's, after it. ``commit`` is the attempt's
    commit or the lane's head, ``parent`` what lies below it: the attempt's first parent,
    or the head before; ``paths`` are those in which the two differ. ``subject`` is the commit's, or
    says what was done. ``source`` is the lane that the work, or a new lane, came from, ``into`` the
    one that it went to. ``metadata`` is what callers said: of an attempt in its intent, else of the
    lane; of an agent that began or ended it is what the lane remembers of that. ``tasks`` are the
    ids of tasks that it is about, ``budgets`` those that came to a limit. ``cursor`` says where in
    the journals one is after it, if that was asked for.
    """

    kind: str
    entry: str
    operation: str
    verb: str
    time: str
    lane: str
    uuid: str
    status: str
    actor: str | None
    agent: str | None
    host: str
    subject: str
    attempt: str | None = None
    commit: str | None = None
    parent: str | None = None
    change_id: str | None = None
    paths: tuple[bytes, ...] = ()
    source: str | None = None
    into: str | None = None
    tasks: tuple[str, ...] = ()
    budgets: tuple[BudgetReached, ...] = ()
    metadata: dict[str, Any] = NOTHING
    cursor: str | None = None

    schema: ClassVar[str] = "event"


class Events(Result):
    """Events in their order, the oldest first.

    ``cursor`` says where in the journals one is after them; ``more`` that there are later ones.
    """

    events: tuple[LaneEvent, ...]
    cursor: str
    more: bool = False

    schema: ClassVar[str] = "events"


class Delivered(Result):
    """How many events each listener was told: ``{name: number}``."""

    listeners: dict[str, int]

    schema: ClassVar[str] = "delivered"
