"""Exported branches that go along by themselves; for doors, which have it done after a landing."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def follow(repo: LaneRepo, lane: str) -> None:
    """Export a lane again to every branch that it was exported to, if that is set.

    Branches that are not here, as they were deleted or made elsewhere only, stay so. One that
    cannot go along is warned of: what landed has landed.
    """
    if not repo.settings.flag("lanes.autoExport", False):
        return
    from gitlanes.errors import LanesError
    from gitlanes.exchange.exporting import export  # most never export by themselves
    from gitlanes.store import layout

    state = repo.view.find(lane)
    for branch in state.record.exports if state is not None and state.record.live else ():
        if repo.refs.target(layout.branch(branch)) is None:
            continue
        try:
            export(repo, lane, branch=branch)
        except LanesError as error:
            repo.warn(f"branch '{branch}' does not go along with lane '{lane}': {error.message}")
