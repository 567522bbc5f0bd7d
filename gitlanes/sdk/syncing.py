"""The part of `gitlanes.Repo` that brings lanes up to those that they follow."""

from __future__ import annotations

from gitlanes.graph import cascading, conflicts, resolving, sync
from gitlanes.graph.asking import Handler
from gitlanes.models.sync import ABORT, STOP, Abandoned, Cascaded, Conflict, Started, Synced
from gitlanes.store.expectation import expecting
from gitlanes.store.lane_repo import LaneRepo
from gitlanes.workspaces import finding


class Syncing:
    """Sync, its conflicts, and cascades."""

    _repo: LaneRepo

    def sync(
        self,
        lane: str | None = None,
        *,
        onto: str | None = None,
        strategy: str = ABORT,
        handler: Handler | None = None,
        agent: str | None = None,
        expect: str | None = None,
        dry_run: bool = False,
    ) -> Synced:
        """Lay a lane's own attempts again on the heads of the lanes that it follows.

        ``handler`` answers for strategy 'agent': it takes a `Question`, and returns text, bytes, a
        `Resolution`, or None to leave the path to people. Raises Collision, which leaves the lane
        conflicted, Negative where there is nothing to do, Refused.
        """
        order = sync.Order(onto, strategy, expect, agent, handler)
        return (sync.preview if dry_run else sync.sync)(self._repo, lane, order)

    def conflicts(self, *, stale: bool = False) -> tuple[Conflict, ...]:
        """Return what syncs stopped at; with ``stale``, only where lanes have moved since."""
        return conflicts.listing(self._repo, stale=stale).conflicts

    def conflict(self, lane: str | None = None) -> Conflict:
        """Return a lane's conflict with the intents of both sides; raises Refused without one."""
        return conflicts.show(self._repo, lane)

    def start_conflict(
        self,
        lane: str | None = None,
        *,
        force: bool = False,
        agent: str | None = None,
        expect: str | None = None,
    ) -> Started:
        """Lay a conflict out in the lane's workspace; with ``force``, snapshot what is unsaved."""
        return conflicts.start(self._repo, lane, force=force, by=agent, expect=expect)

    def continue_conflict(
        self,
        lane: str | None = None,
        *,
        handler: Handler | None = None,
        agent: str | None = None,
        expect: str | None = None,
    ) -> Synced:
        """Take the workspace's files for the paths in conflict, and go on with the sync.

        Raises Refused while markers are left, Collision where a later attempt collides.
        """
        return resolving.go_on(self._repo, lane, expect=expect, by=agent, handler=handler)

    def abandon_conflict(self, lane: str | None = None, *, expect: str | None = None) -> Abandoned:
        """Give a conflict up: the lane is active with the work that it had."""
        return conflicts.abandon(self._repo, lane, expect=expect)

    def cascade(
        self,
        root: str | None = None,
        *,
        on_conflict: str = STOP,
        go_on: bool = False,
        agent: str | None = None,
        expect: str | None = None,
    ) -> Cascaded:
        """Sync the lanes that follow one, and those that follow those, each after its parents.

        With ``go_on`` and no root: all lanes that follow others. What was not brought up is part
        of the result. It is the root that is to be at ``expect``.
        """
        repo = self._repo
        with expecting(repo, expect, lambda: finding.lane_or_present(repo, root).record.name):
            return cascading.cascade(repo, root, on_conflict=on_conflict, go_on=go_on, by=agent)
