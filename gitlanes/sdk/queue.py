"""The part of `gitlanes.Repo` that is about the queue of what is to land."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypedDict, Unpack

from gitlanes.models.queue import QueueEntry, QueueRun
from gitlanes.queue import entries, running
from gitlanes.sdk.offering import names
from gitlanes.store.lane_repo import LaneRepo


class Wishes(TypedDict, total=False):
    """How a lane is queued: each may be left out; see `gitlanes.queue.entries.Wish`."""

    priority: int
    mode: str | None
    meta: dict[str, str]
    ready: bool
    latest: bool


class Queue:
    """Methods of `gitlanes.Repo`; ``into`` is the lane whose queue is meant, ``by`` who does it."""

    _repo: LaneRepo

    def queue_add(
        self,
        lanes: str | Iterable[str] = (),
        *,
        into: str | None = None,
        by: str | None = None,
        **how: Unpack[Wishes],
    ) -> list[QueueEntry]:
        """Queue lanes with their present heads; raises Refused for one that waits already."""
        wish = entries.Wish(**how)
        return entries.add(self._repo, names(lanes), wish, into=into, by=by)

    def queue(self, *, into: str | None = None, everything: bool = False) -> list[QueueEntry]:
        """Return what waits to land, in order; ``everything``: what is done, too."""
        return entries.list_entries(self._repo, into=into, everything=everything)

    def queue_ready(
        self, lanes: str | Iterable[str], *, into: str | None = None, by: str | None = None
    ) -> list[QueueEntry]:
        """Let queued lanes land; raises Refused where people have to agree first."""
        return entries.ready(self._repo, names(lanes), into=into, by=by)

    def queue_move(
        self,
        lane: str,
        *,
        before: str | None = None,
        priority: int | None = None,
        into: str | None = None,
        by: str | None = None,
    ) -> list[QueueEntry]:
        """Put a queued lane before another one, or give it another priority."""
        return entries.move(self._repo, lane, before=before, priority=priority, into=into, by=by)

    def queue_order(
        self, lanes: Iterable[str], *, into: str | None = None, by: str | None = None
    ) -> list[QueueEntry]:
        """Let queued lanes land in this order, in the places that they have."""
        return entries.order(self._repo, names(lanes), into=into, by=by)

    def queue_cancel(
        self,
        lanes: str | Iterable[str],
        *,
        into: str | None = None,
        by: str | None = None,
        reason: str | None = None,
    ) -> list[QueueEntry]:
        """Take lanes out of the queue, even while they are judged."""
        return entries.cancel(self._repo, names(lanes), into=into, by=by, reason=reason)

    def queue_run(
        self,
        *,
        into: str | None = None,
        jobs: int | None = None,
        limit: int | None = None,
        dry_run: bool = False,
        by: str | None = None,
    ) -> QueueRun:
        """Land what is ready, in order; a failure is part of the result."""
        return running.run(self._repo, into=into, jobs=jobs, limit=limit, dry_run=dry_run, by=by)
