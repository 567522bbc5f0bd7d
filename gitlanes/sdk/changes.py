"""The part of `gitlanes.Repo` that is about changes: their identity through rewrites."""

from __future__ import annotations

from gitlanes.exchange import reconcile
from gitlanes.models.reconciled import Reconciled
from gitlanes.store.lane_repo import LaneRepo


class Changes:
    """What became of changes, and where they landed."""

    _repo: LaneRepo

    def reconcile(self, branch: str | None = None, *, dry_run: bool = False) -> Reconciled:
        """Find lanes' work that a host squashed or rebased into a bound branch, and record it.

        Without a name the branch is that of the adopted lane. With ``dry_run`` nothing is
        recorded. Raises NotFound, and Refused where branch and lane have to be joined first.
        """
        return reconcile.reconcile(self._repo, branch, dry_run=dry_run)
