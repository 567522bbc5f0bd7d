"""What an operation does to one lane, as it collects that."""

from __future__ import annotations

from typing import Any, NamedTuple

from gitlanes.models.records import Attempt, Lane, LaneState


class LaneChange(NamedTuple):
    """A lane as it was read, None for a new one, and what its entry will say."""

    state: LaneState | None
    record: Lane
    parents: tuple[str, ...]
    attempts: tuple[Attempt, ...]
    details: dict[str, Any]
    previous: tuple[str, ...]
    actual: str | None

    @property
    def moves_head(self) -> bool:
        """Whether a lane that was there before goes on, or somebody moved its head."""
        before = self.state.record.head if self.state else None
        return before != self.record.head or self.actual is not None

    @property
    def expected_head(self) -> str | None:
        """Where the head ref of a lane that was there before has to be."""
        return self.actual or (self.state.record.head if self.state else None)
