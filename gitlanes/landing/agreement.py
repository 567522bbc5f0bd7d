"""Whether people have to agree to a landing, and whether they did."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gitlanes.gates.definitions import rules_at
from gitlanes.landing import landed_commits
from gitlanes.models.records import Lane, LaneState

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def require(
    repo: LaneRepo, source: LaneState, target: LaneState, then: Lane, bases: Iterable[str]
) -> None:
    """Raise Refused unless what a lane, as it is `then`, brings to a target was agreed to.

    Where neither lane has a stack and no policy asks for approvals, it was.
    """
    named = source.record.stacks or target.record.stacks
    if not named and not rules_at(repo, target.record).approvals:
        return
    from gitlanes.stacks import approval  # 2 ms, and most lanes have no stacks

    brought = landed_commits.brought(repo, then, target.record, bases)
    approval.require(repo, source, target, [oid for oid, _ in brought])
