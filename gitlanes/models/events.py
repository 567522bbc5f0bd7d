"""What listeners are told of a verb."""

from __future__ import annotations

from typing import Any

from gitlanes.models.plain import Model


class Event(Model):
    """A verb that is about to begin, or has ended well.

    ``verb`` is 'propose', 'accept', 'reject' or 'promote'; ``repository`` its common directory.
    ``lane`` is None where the present directory's is meant, ``attempt`` where there is none yet.
    ``into`` is the target of a promotion, if one was named. ``result`` is what the verb returns,
    None before it began.
    """

    verb: str
    repository: str
    lane: str | None = None
    attempt: str | None = None
    into: str | None = None
    agent: str | None = None
    result: Any = None
