"""What is told of lanes and attempts that somebody waits for, and of work that was turned down."""

from __future__ import annotations

from typing import Any, ClassVar

from gitlanes.models.history import Diff
from gitlanes.models.lanes import OfALane
from gitlanes.models.plain import Model
from gitlanes.models.records import Attempt


class Changed(OfALane):
    """A lane or attempt that is not as it was: its ``name`` as it was asked for, and what it is.

    ``attempt`` is set where one was named; ``lane`` is its lane.
    """

    name: str
    attempt: Attempt | None = None

    schema: ClassVar[str] = "changed"


class Rejection(Model):
    """An attempt that was turned down, why, and what it had changed.

    ``prompt`` is what was asked for, ``evaluations`` what gates and reviewers said, as it is
    recorded. ``retries`` counts the rejected attempts of the same Change-Id: the next one is
    that retry. ``waiting`` says that the lane's next proposal carries that on: nobody took it up.
    """

    attempt: Attempt
    reason: str | None
    by: str | None
    prompt: str | None
    evaluations: tuple[dict[str, Any], ...]
    diff: Diff
    retries: int
    waiting: bool
