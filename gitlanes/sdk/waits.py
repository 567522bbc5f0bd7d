"""The part of `gitlanes.Repo` that waits, for threads and for asyncio."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypedDict, Unpack

from gitlanes.history import waiting
from gitlanes.models.plain import NOTHING
from gitlanes.models.watching import Changed
from gitlanes.sdk.offering import names
from gitlanes.store.lane_repo import LaneRepo


class Waiting(TypedDict, total=False):
    """How it is waited: each may be left out.

    ``heads`` are lanes with the head that you saw last: one that moved since is returned at
    once. ``every`` is how many seconds lie between two looks.
    """

    heads: Mapping[str, str]
    every: float


class Waits:
    """Methods of `gitlanes.Repo`; ``any_of`` are names of lanes and attempts, or one name."""

    _repo: LaneRepo

    def wait(
        self,
        any_of: str | Iterable[str] = (),
        timeout: float | None = None,
        **how: Unpack[Waiting],
    ) -> tuple[Changed, ...]:
        """Return what changed as soon as one has, nothing when ``timeout`` seconds are over.

        A lane changes when its name, head, status or open attempts do, an attempt when it is
        decided; one that is decided already is returned at once. See `Waiting`.
        """
        return waiting.wait(self._repo, names(any_of), timeout=timeout, **how)

    async def wait_async(
        self,
        any_of: str | Iterable[str] = (),
        timeout: float | None = None,
        **how: Unpack[Waiting],
    ) -> tuple[Changed, ...]:
        """Return what `wait` does; other tasks of the same thread run meanwhile."""
        import asyncio  # it takes longer to load than most verbs take, and few ask for it

        watch = waiting.Watch(self._repo, names(any_of), how.get("heads", NOTHING))
        end = waiting.deadline(timeout)
        every = how.get("every", waiting.EVERY)
        while not (found := watch.look()) and (pause := waiting.pause_until(end, every)):
            await asyncio.sleep(pause)
        return found
