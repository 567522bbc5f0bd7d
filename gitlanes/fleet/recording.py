"""What the journal remembers of agents: that one began in a lane, and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gitlanes.errors import Refused
from gitlanes.models.fleet import CRASHED, FINISHED, KILLED, OVER_BUDGET
from gitlanes.models.notes import Cost
from gitlanes.models.plain import plain, replace
from gitlanes.models.records import LaneState
from gitlanes.store import spending
from gitlanes.store.codec import one_line
from gitlanes.store.transaction import Transaction, transaction

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# What is said of an agent that has ended.
DONE = {
    FINISHED: "finished",
    CRASHED: "crashed",
    KILLED: "was stopped",
    OVER_BUDGET: "came to a budget",
}


def began(repo: LaneRepo, run: str, order: Mapping[str, Any]) -> str:
    """Record that an agent begins in a lane, and return when; raises Refused if that is gone."""
    told = {
        "id": run,
        "program": order["program"]["name"],
        "agent": order["agent"],
        "batch": order["batch"],
        "model": order["model"],
    }
    with transaction(repo, "run", actor=order["agent"]) as tx:
        state = lane_of(repo, order)
        if state is None:
            raise Refused(f"lane '{order['lane']}' is gone", hint="make it anew")
        _write(tx, state, {**told, "started": tx.time}, f"{order['agent']} begins")
    return tx.time


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
    with transaction(repo, "run", actor=order["agent"]) as tx:
        state = lane_of(repo, order)
        if state is None:
            return None
        known = state.record.run if state.record.run.get("id") == run else {"id": run}
        if "ended" not in known:
            if unpaid is not None and unpaid.known:
                taken = {"time": tx.time, **plain(unpaid, absent=False)}
                total = spending.of(repo, state.record)
                total = spending.recorded(total, taken, order["agent"])
                state = replace(state, record=replace(state.record, spent=total))
            known = {**known, **how, "ended": tx.time}
            _write(tx, state, known, f"{order['agent']} {DONE[how['status']]}")
    return str(known["ended"])


def lane_of(repo: LaneRepo, order: Mapping[str, Any]) -> LaneState | None:
    """Return the lane that a run is in, whatever it is called by now; None where it is gone."""
    found = repo.view.by_uuid(order["lane_uuid"], order["lane"])
    return found if found is not None and found.record.live else None


def _write(tx: Transaction, state: LaneState, run: Mapping[str, Any], said: str) -> None:
    known = {key: x for key, x in run.items() if x is not None}
    tx.description = f"agent {one_line(said, 150)} in lane {state.record.name}"
    tx.lane(state, replace(state.record, run=known), details={"run": known})
