"""The part of `gitlanes.Repo` that goes through the past, and looks a step ahead."""

from __future__ import annotations

from collections.abc import Iterator

from gitlanes.history import log, operations, rejections
from gitlanes.landing import foreseen
from gitlanes.models.history import Diff, Told
from gitlanes.models.operations import Operation, Operations
from gitlanes.models.watching import Rejection
from gitlanes.store.lane_repo import LaneRepo


class Past:
    """Methods of `gitlanes.Repo`."""

    _repo: LaneRepo

    def attempts(
        self,
        lane: str | None = None,
        *,
        status: str | None = None,
        agent: str | None = None,
        tag: str | None = None,
        since: str | None = None,
    ) -> Iterator[Told]:
        """Yield attempts, newest first, without a limit; each is read when it is asked for."""
        return log.each(self._repo, log.Filter(lane, status, agent, tag, since))

    def operations(
        self, lane: str | None = None, *, limit: int | None = operations.DEFAULT_LIMIT
    ) -> Operations:
        """Return what was done to lanes, newest first; None as a limit is back to the beginning."""
        return operations.listing(self._repo, lane=lane, limit=limit)

    def operation(self, operation: str) -> Operation:
        """Return one operation by its id, or a unique beginning; raises NotFound."""
        return operations.show(self._repo, operation)

    def last_rejection(self, lane: str) -> Rejection | None:
        """Return a lane's last rejected attempt: the reason, its diff, and which retry is next."""
        return rejections.last_rejection(self._repo, lane)

    def would_land(self, name: str, *, into: str | None = None) -> Diff:
        """Return what accepting an attempt, or promoting a lane, would change in its target now.

        Raises Collision as that would; nothing moves.
        """
        return foreseen.would_land(self._repo, name, into=into)
