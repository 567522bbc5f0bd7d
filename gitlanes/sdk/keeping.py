"""The part of `gitlanes.Repo` that changes what lanes are: their names, branches, status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from gitlanes.fleet import clearing
from gitlanes.lanes import archiving, bind, editing, lifecycle, renaming
from gitlanes.lanes.about import About
from gitlanes.models.lanes import Archived, Bound, DeletedLane, Edited, Renamed
from gitlanes.models.plain import NOTHING
from gitlanes.store.lane_repo import LaneRepo


class Keeping:
    """Lanes edited, bound, renamed, put away and deleted."""

    _repo: LaneRepo

    def edit(
        self,
        name: str | None = None,
        *,
        description: str | None = None,
        meta: Mapping[str, str] = NOTHING,
        unset_meta: Iterable[str] = (),
        mode: str | None = None,
        unset_mode: bool = False,
        expect: str | None = None,
    ) -> Edited:
        """Change what is said of a lane; raises Negative where it is like that already."""
        return editing.edit(
            self._repo,
            name,
            About(description, dict(meta), mode),
            unset_meta=tuple(unset_meta),
            unset_mode=unset_mode,
            expect=expect,
        )

    def bind(self, lane: str | None, branch: str, *, expect: str | None = None) -> Bound:
        """Tie a lane to a branch; None is the lane in whose workspace one stands."""
        return bind.bind(self._repo, lane, branch, expect=expect)

    def unbind(self, lane: str | None = None, *, expect: str | None = None) -> Bound:
        """Let a lane and its branch part; both stay where they are."""
        return bind.unbind(self._repo, lane, expect=expect)

    def rename(self, old: str, new: str, *, expect: str | None = None) -> Renamed:
        """Give a lane another name; ids of its attempts and snapshots still resolve."""
        return renaming.rename(self._repo, old, new, expect=expect)

    def archive(
        self, name: str | None = None, *, force: bool = False, expect: str | None = None
    ) -> Archived:
        """Put a lane away, and remove its workspace; ``force`` stops an agent at work there."""
        clearing.clear(self._repo, name, force=force, expect=expect)
        return archiving.archive(self._repo, name, force=force, expect=expect)

    def unarchive(self, name: str, *, expect: str | None = None) -> Archived:
        """Make an archived lane active again."""
        return archiving.unarchive(self._repo, name, expect=expect)

    def delete(self, name: str, *, force: bool = False, expect: str | None = None) -> DeletedLane:
        """Delete a lane; its records stay readable. ``force`` stops an agent at work there."""
        clearing.clear(self._repo, name, force=force, expect=expect)
        return lifecycle.delete(self._repo, name, force=force, expect=expect)
