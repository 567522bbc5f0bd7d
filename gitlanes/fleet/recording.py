"""What the journal remembers of agents: that one began in a lane, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gitlanes import clock
from gitlanes.models.fleet import CRASHED, FINISHED, KILLED, OVER_BUDGET
from gitlanes.models.notes import Cost
from gitlanes.models.plain import plain, replace
from gitlanes.models.records import Lane
from gitlanes.store import spending
from gitlanes.store.codec import one_line
from gitlanes.store.transaction import transaction

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# What is said of an agent that has ended.
DONE = {
    FINISHED: "finished",
    CRASHED: "crashed",
    KILLED: "was stopped",
    OVER_BUDGET: "came to a budget",
}


def began(repo: LaneRepo, run: str, order: Mapping[str, Any]) -> str | None:
    """Record that an agent begins in a lane; return when, None where the lane is gone."""
    told = {
        "id": run,
        "program": order["program"]["name"],
        "agent": order["agent"],
        "batch": order["batch"],
        "model": order["model"],
        "started": clock.utc_text(clock.now()),
    }
    said = f"agent {one_line(order['agent'], 100)} begins in lane"
    return _record(repo, order, {k: x for k, x in told.items() if x is not None}, said)


def ended(
    repo: LaneRepo,
    run: str,
    order: Mapping[str, Any],
    how: Mapping[str, Any],
    unpaid: Cost | None = None,
) -> str | None:
    """Record how an agent ended, once; return when, None where the lane is gone.

    ``how`` has its status, and its code and reason if there are any. What it took and no attempt
    could carry, ``unpaid``, counts in the lane's totals all the same.
    """
    lane = _lane(repo, order)
    if lane is not None and lane.run.get("id") == run and "ended" in lane.run:
        return str(lane.run["ended"])
    known = dict(lane.run) if lane is not None and lane.run.get("id") == run else {"id": run}
    told = {key: x for key, x in how.items() if x is not None}
    known |= {**told, "ended": clock.utc_text(clock.now())}
    said = f"agent {one_line(order['agent'], 100)} {DONE[told['status']]} in lane"
    return _record(repo, order, known, said, unpaid)


def _record(
    repo: LaneRepo,
    order: Mapping[str, Any],
    run: dict[str, Any],
    said: str,
    unpaid: Cost | None = None,
) -> str | None:
    with transaction(repo, "run", actor=order["agent"]) as tx:
        state = repo.view.by_uuid(order["lane_uuid"], order["lane"])
        if state is None or not state.record.live:
            return None
        record = replace(state.record, run=run)
        if unpaid is not None and unpaid.known:
            taken = {"time": tx.time, **plain(unpaid, absent=False)}
            total = spending.recorded(spending.of(repo, record), taken, order["agent"])
            record = replace(record, spent=total)
        tx.description = f"{said} {state.record.name}"
        tx.lane(state, record, details={"run": run})
    return str(run.get("ended") or run["started"])


def _lane(repo: LaneRepo, order: Mapping[str, Any]) -> Lane | None:
    found = repo.view.by_uuid(order["lane_uuid"], order["lane"])
    return found.record if found is not None and found.record.live else None
