"""Lanes that are to go: no agent goes on in one, whose work would be nowhere then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.fleet import killing, observing, places, running
from gitlanes.store.expectation import check_expected, require_commit
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def clear(
    repo: LaneRepo, name: str | None, *, force: bool = False, expect: str | None = None
) -> None:
    """See that no agent is at work in a lane; doors call it before the lane is put away or deleted.

    Without a name it is the lane in whose workspace one stands. Raises Refused where one is; with
    ``force`` it is stopped, and its work kept. Raises Raced if the lane is not at `expect`.
    """
    check_expected(expect)
    if not places.live(repo):
        return
    found = repo.view.find(name) if name else finding.lane_or_present(repo, None)
    if found is None or not found.record.live:
        return
    lane = found.record
    require_commit(f"lane '{lane.name}'", lane.head, expect)
    observing.reconcile(repo)
    if force:
        own = [x for x in places.live(repo) if x[0].order().get("lane_uuid") == lane.uuid]
        killing.stop(repo, own, force=False)
    running.refuse_busy(repo, lane.uuid, lane.name)
