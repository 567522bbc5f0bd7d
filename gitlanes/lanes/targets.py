"""Where a lane's work is to land."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.errors import Refused
from gitlanes.models.records import LaneState
from gitlanes.store.adopt import require_adopted_lane

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_NAMED = "name the target with --into LANE"
# What to do instead of mending the lane that is the target of most.
NAME_IT = f"{_NAMED}, or "


def target_of(repo: LaneRepo, source: LaneState, into: str | None) -> LaneState:
    """Return the lane to promote into: the one named, the parent, or the adopted one.

    Raises Refused where that one cannot be read, or is the source itself.
    """
    if into is not None:
        found = repo.view.lane(into)
    elif source.record.parent is None:
        found = require_adopted_lane(repo, NAME_IT)
    elif (parent := repo.view.by_uuid(source.record.parent)) is not None:
        found = parent
    else:
        raise Refused(f"the parent of lane '{source.record.name}' is not known here", hint=_NAMED)
    if found.record.uuid == source.record.uuid:
        raise Refused(
            f"lane '{source.record.name}' cannot be promoted into itself",
            hint="name another lane, or the target with --into LANE",
        )
    return found
