"""Would it land? Asked of many lanes at once, by paths alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import Refused
from gitlanes.landing import plans
from gitlanes.landing.promote import Order, mode_of
from gitlanes.lanes.targets import NAME_IT, target_of
from gitlanes.models.records import ACTIVE, LaneState
from gitlanes.models.results import Promotion
from gitlanes.store.adopt import require_adopted_lane
from gitlanes.workspaces import intake

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def check(repo: LaneRepo, lanes: Sequence[str] = (), *, into: str | None = None) -> list[Promotion]:
    """Return for each lane what promoting its accepted head would come to; nothing moves.

    Without names: all active lanes that have a target other than themselves; one that could
    not land anywhere is left out with a warning.
    """
    repo.view.require_adopted()
    if lanes:
        sources = [repo.view.lane(name) for name in lanes]
    else:
        skip = into or require_adopted_lane(repo, NAME_IT).record.name
        sources = [x for x in repo.view.lanes() if x.record.name != skip]
        sources = [x for x in sources if x.record.status == ACTIVE]
    found = []
    for source in repo.counted("checking lanes", sources):
        try:
            found.append(_foreseen(repo, source, into))
        except Refused as refused:
            if lanes:
                raise
            repo.warn(f"lane '{source.record.name}' is left out: {refused.message}")
    return found


def _foreseen(repo: LaneRepo, lane: LaneState, into: str | None) -> Promotion:
    source, target = intake.foreseen_for(repo, lane, target_of(repo, lane, into))
    return plans.outcome(repo, plans.plan(repo, source, target), mode_of(Order(), source))
