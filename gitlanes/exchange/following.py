"""What goes along by itself once work has landed; for doors, which have it done then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.store import layout

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def follow(repo: LaneRepo, lane: str) -> None:
    """Archive what landed, export the lane to its branches again, and sync what follows it.

    Each only if that is set, the last after a promotion. What cannot go along is warned of: what
    landed has landed. Git packs what became loose, beside all that.
    """
    from gitlanes.git.maintenance import start_if_due  # readers know of this module, too

    start_if_due(repo.git, repo.own_settings)
    if repo.settings.flag("lanes.archiveOnMerge", False):
        from gitlanes.lanes.resting import archive_landed  # most do not have it

        archive_landed(repo, lane)
    _export_again(repo, lane)
    if repo.settings.flag("lanes.autoCascade", False):
        from gitlanes.graph.cascading import after_promotion  # most do not have it

        after_promotion(repo, lane)


def _export_again(repo: LaneRepo, lane: str) -> None:
    """Export to each branch but those that somebody deleted, or that are in another repository."""
    if not repo.settings.flag("lanes.autoExport", False):
        return
    from gitlanes.errors import LanesError
    from gitlanes.exchange.exporting import export  # most never export by themselves

    state = repo.view.find(lane)
    for branch in state.record.exports if state is not None and state.record.live else ():
        if repo.refs.target(layout.branch(branch)) is None:
            continue
        try:
            export(repo, lane, branch=branch)
        except LanesError as error:
            repo.warn(f"branch '{branch}' does not go along with lane '{lane}': {error.message}")
