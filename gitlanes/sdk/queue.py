"""The part of `gitlanes.Repo` that is about the queue of what is to land."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TypedDict, Unpack

from gitlanes.models.queue import QueueEntry, QueueRun
from gitlanes.queue import entries, running
from gitlanes.sdk.offering import names
from gitlanes.store.expectation import expecting
from gitlanes.store.lane_repo import LaneRepo


class Wishes(TypedDict, total=False):
    """How a lane is queued: each may be left out; see `gitlanes.queue.entries.Wish`."""

    priority: int
    mode: str | None
    meta: dict[str, str]
    ready: bool
    latest: bool


class Queue:
    """Methods of `gitlanes.Repo`; ``into`` is the lane whose queue is meant, ``by`` who does it.

    It is the lane that is to be at ``expect``.
    """

    _repo: LaneRepo

    def queue_add(
        self,
        lanes: str | Iterable[str] = (),
        *,
        into: str | None = None,
        by: str | None = None,
        expect: str | None = None,
        **how: Unpack[Wishes],
    ) -> list[QueueEntry]:
        """Queue lanes with their present heads; raises Refused for one that waits already."""
        wish, wanted = entries.Wish(**how), names(lanes)
        with self._queue_at(expect, wanted, into):
            return entries.add(self._repo, wanted, wish, into=into, by=by)

    def queue(self, *, into: str | None = None, everything: bool = False) -> list[QueueEntry]:
        """Return what waits to land, in order; ``everything``: what is done, too."""
        return entries.list_entries(self._repo, into=into, everything=everything)

    def queue_ready(
        self,
        lanes: str | Iterable[str],
        *,
        into: str | None = None,
        by: str | None = None,
        expect: str | None = None,
    ) -> list[QueueEntry]:
        """Let queued lanes land; raises Refused where people have to agree first."""
        wanted = names(lanes)
        with self._queue_at(expect, wanted, into):
            return entries.ready(self._repo, wanted, into=into, by=by)

    def queue_move(
        self,
        lane: str,
        *,
        before: str | None = None,
        priority: int | None = None,
        into: str | None = None,
        by: str | None = None,
        expect: str | None = None,
    ) -> list[QueueEntry]:
        """Put a queued lane before another one, or give it another priority."""
        repo = self._repo
        with self._queue_at(expect, [lane], into):
            return entries.move(repo, lane, before=before, priority=priority, into=into, by=by)

    def queue_order(
        self,
        lanes: Iterable[str],
        *,
        into: str | None = None,
        by: str | None = None,
        expect: str | None = None,
    ) -> list[QueueEntry]:
        """Let queued lanes land in this order, in the places that they have."""
        wanted = names(lanes)
        with self._queue_at(expect, wanted, into):
            return entries.order(self._repo, wanted, into=into, by=by)

    def queue_cancel(
        self,
        lanes: str | Iterable[str],
        *,
        into: str | None = None,
        by: str | None = None,
        reason: str | None = None,
        expect: str | None = None,
    ) -> list[QueueEntry]:
        """Take lanes out of the queue, even while they are judged."""
        gone = names(lanes)
        with self._queue_at(expect, gone, into):
            return entries.cancel(self._repo, gone, into=into, by=by, reason=reason)

    def queue_run(
        self,
        *,
        into: str | None = None,
        jobs: int | None = None,
        limit: int | None = None,
        dry_run: bool = False,
        by: str | None = None,
        expect: str | None = None,
    ) -> QueueRun:
        """Land what is ready, in order; a failure is part of the result.

        The lane is to be at ``expect`` until the first lands.
        """
        repo = self._repo
        with expecting(repo, expect, lambda: entries.state_of(repo, into).record.name):
            return running.run(repo, into=into, jobs=jobs, limit=limit, dry_run=dry_run, by=by)

    def _queue_at(
        self, expect: str | None, lanes: Sequence[str], into: str | None
    ) -> AbstractContextManager[None]:
        return expecting(self._repo, expect, lambda: entries.target_for(self._repo, lanes, into))
