"""The part of `gitlanes.Repo` that writes journals anew."""

from __future__ import annotations

from gitlanes.epochs import compacting
from gitlanes.models.epochs import Compacted
from gitlanes.store.lane_repo import LaneRepo


class Epochs:
    """Journals that begin anew."""

    _repo: LaneRepo

    def compact(self, *lanes: str, least: int | None = None, dry_run: bool = False) -> Compacted:
        """Let the journals of these lanes, or of all that have ``least`` entries, begin anew.

        Nothing is lost. Raises Negative where there is none to compact.
        """
        found = compacting.plan(self._repo, lanes, least=least)
        return found if dry_run else compacting.compact(self._repo, [x.lane for x in found.lanes])
