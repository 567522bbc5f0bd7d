"""Whose texts say what runs for a lane: never its own, for a lane could weaken them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.store.adopt import adopted_lane
from gitlanes.workspaces import intake

if TYPE_CHECKING:
    from gitlanes.models.records import Lane
    from gitlanes.store.lane_repo import LaneRepo


def judge_within(repo: LaneRepo, lane: Lane) -> Lane:
    """Return the lane whose head has the rules for what is done within a lane.

    It is its parent, else the adopted lane. What people committed on its branch since counts, too.
    """
    found = repo.view.by_uuid(lane.parent) if lane.parent else None
    if found is None or not found.record.live:
        found = adopted_lane(repo)
    if found is None or not found.record.live or not found.record.head:
        return lane
    own = found.record.uuid == lane.uuid
    return found.record if own else intake.foreseen(repo, found).record
