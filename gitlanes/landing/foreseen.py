"""What would land: the files that an attempt, or a lane's accepted head, would change there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.history.diff import CONTENT, diff
from gitlanes.landing import accepting, plans
from gitlanes.landing.promote import Order, mode_of
from gitlanes.lanes.targets import target_of
from gitlanes.models.history import Diff
from gitlanes.review import decide, standing
from gitlanes.store.transaction import settled
from gitlanes.workspaces import intake

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def would_land(repo: LaneRepo, name: str, *, into: str | None = None) -> Diff:
    """Return what accepting an open attempt, or promoting a lane, would change in its target.

    It is counted from the target's head as it is now, what landed meanwhile taken into account.
    Nothing moves. Raises Collision as the landing would, Refused for a decided attempt.
    """
    head, tree = (
        _of_attempt(repo, name) if ids.ATTEMPT_ID.fullmatch(name) else _of_lane(repo, name, into)
    )
    return diff(repo, head, tree, rendering=CONTENT)


def _of_attempt(repo: LaneRepo, name: str) -> tuple[str, str]:
    """Return the head that an open attempt would land on, and the tree that comes of it."""
    state = settled(repo, repo.view.attempt_in(name)[1].record.name)
    attempt = standing.require_open(repo, state, name)
    laid = accepting.laid if attempt.promotion is not None else decide.laid_tree
    return str(state.record.head), laid(repo, state, attempt)


def _of_lane(repo: LaneRepo, name: str, into: str | None) -> tuple[str, str]:
    source = repo.view.lane(name)
    source, target = intake.foreseen_for(repo, source, target_of(repo, source, into))
    landing = plans.plan(repo, source, target)
    if landing.plan.tree is None:
        raise plans.refusal(plans.outcome(repo, landing, mode_of(Order(), source)))
    return str(target.record.head), landing.plan.tree
