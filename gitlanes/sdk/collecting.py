"""The part of `gitlanes.Repo` that takes away what nobody needs any more."""

from __future__ import annotations

from gitlanes.models.collecting import Collected
from gitlanes.store.lane_repo import LaneRepo
from gitlanes.upkeep import gc


class Collecting:
    """Lanes archived and pruned by their age."""

    _repo: LaneRepo

    def gc(self, *, older_than: float | None = None, dry_run: bool = False) -> Collected:
        """Archive merged and abandoned lanes, and prune archived ones; nobody is asked.

        ``older_than`` is in seconds, `lanes.retention` by default. With ``dry_run`` nothing
        changes. Raises BadValue for a negative time, NotAdopted.
        """
        return gc.gc(self._repo, older_than=older_than, dry_run=dry_run)
