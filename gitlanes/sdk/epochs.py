"""The part of `gitlanes.Repo` that writes journals anew."""

from __future__ import annotations

from gitlanes.epochs import compacting, purging
from gitlanes.models.epochs import Compacted, Purged
from gitlanes.store.lane_repo import LaneRepo


class Epochs:
    """Journals that begin anew, and that are written anew without a secret."""

    _repo: LaneRepo

    def compact(self, *lanes: str, least: int | None = None, dry_run: bool = False) -> Compacted:
        """Let the journals of these lanes, or of all that have ``least`` entries, begin anew.

        Nothing is lost. Raises Negative where there is none to compact.
        """
        found = compacting.plan(self._repo, lanes, least=least)
        return found if dry_run else compacting.compact(self._repo, [x.lane for x in found.lanes])

    def purge(self, secret: str, *, dry_run: bool = False) -> Purged:
        """Write all that holds a secret anew without it; branches and other clones are told of.

        Raises Negative where it is nowhere, BadValue for a short one, Refused where it is part of a
        name or a workspace that has to go along has unsaved work.
        """
        run = purging.preview if dry_run else purging.purge
        return run(self._repo, secret)
