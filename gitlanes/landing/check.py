"""Would it land? Asked of many lanes at once, by paths alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from gitlanes.landing import plans
from gitlanes.landing.promote import Order, mode_of
from gitlanes.models.records import ACTIVE
from gitlanes.models.results import Promotion
from gitlanes.store.adopt import adopted_lane
from gitlanes.workspaces import intake

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def check(repo: LaneRepo, lanes: Sequence[str] = (), *, into: str | None = None) -> list[Promotion]:
    """Return for each lane what promoting its accepted head would come to; nothing moves.

    Without names: all active lanes that have a target other than themselves.
    """
    repo.view.require_adopted()
    if lanes:
        sources = [repo.view.lane(name) for name in lanes]
    else:
        adopted = adopted_lane(repo)
        skip = {into, adopted.record.name if adopted and into is None else None}
        sources = [x for x in repo.view.lanes() if x.record.name not in skip]
        sources = [x for x in sources if x.record.status == ACTIVE]
    found = []
    for source in map(partial(intake.foreseen, repo), repo.counted("checking lanes", sources)):
        target = intake.foreseen(repo, plans.target_of(repo, source, into))
        mode = mode_of(Order(), source)
        found.append(plans.outcome(repo, plans.plan(repo, source, target), mode))
    return found
