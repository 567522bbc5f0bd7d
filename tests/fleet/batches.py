"""Batches of lanes without agents, in a few words."""

from __future__ import annotations

from gitlanes import Cost
from tests.support.repos import TestRepo

BATCH = "b1"


def offer(
    repo: TestRepo,
    lane: str,
    text: str,
    *,
    path: str = "work.txt",
    cost: str | None = None,
    wall_ms: int | None = None,
    accept: bool = False,
    batch: str = BATCH,
) -> str:
    """Make a lane of the batch and propose a file in it, or accept it; return the attempt's id."""
    if lane not in (x.name for x in repo.lanes.lanes().lanes):
        repo.lanes.new(lane, workspace=False, batch=batch)
    taken = Cost(amount=cost, currency="USD" if cost else None, wall_ms=wall_ms)
    made = repo.lanes.put_file(
        lane, path, text.encode(), accept=accept, message=f"work of {lane}", cost=taken
    )
    return made.attempt.id
