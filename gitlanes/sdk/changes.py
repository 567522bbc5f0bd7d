"""The part of `gitlanes.Repo` that is about changes: their identity through rewrites."""

from __future__ import annotations

from gitlanes.exchange import reconcile
from gitlanes.history import changes
from gitlanes.lanes import rewrites
from gitlanes.models.changes import Change, ChangeList
from gitlanes.models.reconciled import Reconciled
from gitlanes.models.rewrites import Rewritten
from gitlanes.sdk.offering import lane_of
from gitlanes.store.expectation import expecting
from gitlanes.store.lane_repo import LaneRepo


class Changes:
    """What became of changes, and where they landed."""

    _repo: LaneRepo

    def change(self, named: str) -> tuple[Change, ...]:
        """Return the changes that a Change-Id, an attempt or any commit of theirs names.

        Several only for a squash. Raises NotFound.
        """
        return changes.show(self._repo, named)

    def changes(self, lane: str | None = None, *, limit: int | None = None) -> ChangeList:
        """Return changes by their newest attempts, the one that moved last first."""
        return changes.listing(self._repo, lane=lane, limit=limit)

    def record_change(
        self, kind: str, *commits: str, lane: str | None = None, expect: str | None = None
    ) -> Rewritten:
        """Record a 'squash' (the last commit is what the others became), 'split' or 'drop'.

        ``expect`` is of the lane that is named, else of the present one.
        """
        with expecting(self._repo, expect, lambda: lane_of(self._repo, lane)):
            return rewrites.told(self._repo, kind, commits, lane=lane)

    def reconcile(
        self, branch: str | None = None, *, dry_run: bool = False, expect: str | None = None
    ) -> Reconciled:
        """Find lanes' work that a host squashed or rebased into a bound branch, and record it.

        Without a name the branch is that of the adopted lane. With ``dry_run`` nothing is
        recorded. ``expect`` is of the branch's lane. Raises NotFound, and Refused where branch and
        lane have to be joined first.
        """
        repo = self._repo
        with expecting(repo, expect, lambda: reconcile.target_for(repo, branch).record.name):
            return reconcile.reconcile(repo, branch, dry_run=dry_run)
