"""What comes of writing journals anew."""

from __future__ import annotations

from typing import ClassVar

from gitlanes.models.plain import Model, Result


class CompactedLane(Model):
    """A lane's journal: the ``epoch`` that it is in, or will be, and what that begins with.

    ``entries`` is how many are behind that, ``attempts`` how many it has in full. ``entry`` is its
    beginning, None as long as it is not written.
    """

    lane: str
    epoch: int
    entries: int
    attempts: int
    entry: str | None = None


class Compacted(Result):
    """Journals that begin anew, or would."""

    schema: ClassVar[str] = "gitlanes.compacted/1"

    lanes: tuple[CompactedLane, ...]
