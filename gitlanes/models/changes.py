"""A change: what keeps its identity through retries, rewrites and landings."""

from __future__ import annotations

from typing import Any, ClassVar

from gitlanes.models.history import Told
from gitlanes.models.plain import NOTHING, Model, Result
from gitlanes.models.reconciled import Match
from gitlanes.models.rewrites import Rewrite


class Reached(Model):
    """Where reconciling found a commit of a change: in the history of lane ``into``."""

    into: str
    time: str
    match: Match


class Change(Result):
    """One change: its attempts, newest first, and where they came to.

    ``status`` is 'landed' once another lane has it, else that of the attempt that got farthest.
    ``rewrites`` are commits of its that git rewrote since, and what they became. ``landings`` are
    the promotions that brought it on, each from the lane before; ``reached`` are commits that have
    it by other ways. ``cost`` is what all attempts took.
    """

    change_id: str
    title: str
    status: str
    attempts: tuple[Told, ...]
    landings: tuple[Told, ...] = ()
    reached: tuple[Reached, ...] = ()
    rewrites: tuple[Rewrite, ...] = ()
    cost: dict[str, Any] = NOTHING

    schema: ClassVar[str] = "change"


class ChangeRow(Model):
    """A change in a list, by its newest attempt."""

    change_id: str
    attempt: str
    lane: str
    status: str
    title: str
    time: str


class ChangeList(Result):
    """Changes, the one that changed last first."""

    changes: tuple[ChangeRow, ...]

    schema: ClassVar[str] = "changes"
