"""The part of `gitlanes.Repo` that waits, for threads and for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from gitlanes.history import waiting
from gitlanes.models.plain import NOTHING
from gitlanes.models.watching import Changed
from gitlanes.store.lane_repo import LaneRepo


class Waits:
    """Methods of `gitlanes.Repo`; ``names`` are lanes and attempts, any of which may change."""

    _repo: LaneRepo

    def wait(
        self,
        *names: str,
        heads: Mapping[str, str] = NOTHING,
        timeout: float | None = None,
        every: float = waiting.EVERY,
    ) -> tuple[Changed, ...]:
        """Return what changed as soon as one has, nothing when ``timeout`` seconds are over.

        A lane changes when its head, its status or its open attempts do, an attempt when it is
        decided; one that is decided already is returned at once. ``heads`` are lanes with the
        head that you saw last: one that moved since is returned at once.
        """
        return waiting.wait(self._repo, names, heads=heads, timeout=timeout, every=every)

    async def wait_async(
        self,
        *names: str,
        heads: Mapping[str, str] = NOTHING,
        timeout: float | None = None,
        every: float = waiting.EVERY,
    ) -> tuple[Changed, ...]:
        """Return what `wait` does; other tasks of the same thread run meanwhile."""
        watch = waiting.Watch(self._repo, names, heads)
        end = waiting.deadline(timeout)
        while not (found := watch.look()) and (pause := waiting.pause_until(end, every)):
            await asyncio.sleep(pause)
        return found
