"""Where a lane's work is to land."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.errors import Refused
from gitlanes.models.records import LaneState
from gitlanes.store import namesakes
from gitlanes.store.adopt import require_adopted_lane

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_NAMED = "name the target with --into LANE"
# What to do instead of mending the lane that is the target of most.
NAME_IT = f"{_NAMED}, or "


def target_of(repo: LaneRepo, source: LaneState, into: str | None) -> LaneState:
    """Return the lane to promote into: the one named, the parent, or the adopted one.

    Raises Refused where that one cannot be read, is no more, or is the source itself.
    """
    if into is not None:
        found = repo.view.lane(into)
    elif source.record.parent is None:
        found = require_adopted_lane(repo, NAME_IT)
    else:
        found = _parent(repo, source, source.record.parent)
    if found.record.uuid == source.record.uuid:
        raise Refused(
            f"lane '{source.record.name}' cannot be promoted into itself",
            hint="name another lane, or the target with --into LANE",
        )
    return found


def _parent(repo: LaneRepo, source: LaneState, uuid: str) -> LaneState:
    found, name = namesakes.find(repo, uuid), source.record.name
    if found is None:
        what, gone = f"the parent of lane '{name}' is not known here", uuid
    elif found.record.live:
        return found
    else:
        gone = namesakes.name_of(repo, found.record)
        what = f"the parent of lane '{name}' was deleted"
    raise Refused(what, hint=f"{_NAMED}, or let it go: git lanes dep remove {name} --on {gone}")
