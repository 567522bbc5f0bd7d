"""The part of `gitlanes.Repo` that is about lanes which follow lanes."""

from __future__ import annotations

from gitlanes.graph import dependencies, pausing
from gitlanes.models.graph import Followed, Graph, Paused, Relatives
from gitlanes.store.lane_repo import LaneRepo


class Following:
    """Who follows whom, and who takes no work."""

    _repo: LaneRepo

    def follow(self, lane: str, *on: str, expect: str | None = None) -> Followed:
        """Let a lane follow others; the first that it follows is what it is promoted into.

        Raises Refused where that would be a cycle, Negative where it follows them already.
        """
        return dependencies.add(self._repo, lane, on, expect=expect)

    def unfollow(self, lane: str, *on: str, expect: str | None = None) -> Followed:
        """Let a lane go on without others; raises Negative where it follows none of them."""
        return dependencies.remove(self._repo, lane, on, expect=expect)

    def relatives(self, lane: str | None = None) -> Relatives:
        """Return the lanes that one follows, and those that follow it."""
        return dependencies.relatives(self._repo, lane)

    def children(self, lane: str) -> tuple[str, ...]:
        """Return the names of the lanes that follow one."""
        return tuple(x.name for x in self.relatives(lane).dependants)

    def lineage(self, lane: str) -> tuple[str, ...]:
        """Return the names of the lanes that one follows, and that those follow, nearest first."""
        return dependencies.lineage(self._repo, lane)

    def common_base(self, one: str, other: str) -> str | None:
        """Return the newest commit that the heads of two lanes have in common."""
        return dependencies.common_base(self._repo, one, other)

    def graph(self) -> Graph:
        """Return all lanes that follow others or are followed."""
        return dependencies.graph(self._repo)

    def pause(
        self, lane: str | None = None, *, reason: str | None = None, expect: str | None = None
    ) -> Paused:
        """Let a lane take no work for now; raises Negative where it is paused already."""
        return pausing.pause(self._repo, lane, why=reason, expect=expect)

    def resume(self, lane: str | None = None, *, expect: str | None = None) -> Paused:
        """Make a paused or abandoned lane active again; raises Negative where it is that."""
        return pausing.resume(self._repo, lane, expect=expect)

    def abandon(
        self,
        lane: str,
        *,
        reason: str | None = None,
        cascade: bool = False,
        expect: str | None = None,
    ) -> Paused:
        """Give a lane up, and with ``cascade`` those that follow it; `resume` brings it back.

        Raises Refused where others follow it otherwise, and for the adopted lane.
        """
        return pausing.abandon(self._repo, lane, why=reason, cascade=cascade, expect=expect)
