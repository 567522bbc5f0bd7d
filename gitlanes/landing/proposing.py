"""A promotion left open: an attempt of the target that somebody else accepts or rejects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, Negative
from gitlanes.landing import landed_commits, ledger, plans
from gitlanes.landing.plans import Landing
from gitlanes.landing.promote import Order, carry_out, checked, event, mode_of, unforced
from gitlanes.models.plain import replace
from gitlanes.models.records import PROPOSED, REPLAY, Attempt
from gitlanes.models.results import CollidingPath, Promotion
from gitlanes.plugins import around
from gitlanes.review import costs, standing
from gitlanes.store import records
from gitlanes.store.transaction import Transaction
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def propose(repo: LaneRepo, lane: str | None = None, order: Order | None = None) -> Promotion:
    """Leave a promotion as an open attempt of its target; nothing lands.

    The landing's commit is written and kept by the target's journal. It replaces an open
    promotion of the same lane and carries its Change-Id on. Raises what `promote` raises,
    BadValue for a replay, Negative where an open attempt lands the same.
    """
    order = checked(order)
    if mode_of(order, finding.lane_or_present(repo, lane)) == REPLAY:
        raise BadValue(
            "a replay cannot be proposed: it is an attempt for each commit",
            hint="use --mode merge or --mode squash",
        )
    with around(event(repo, "propose", lane, order), repo.state_directory, repo.warn) as told:
        made, _, unsaved = carry_out(repo, lane, order, "propose", _offer)
        told.result = made = replace(made, unsaved=unsaved.told(repo))
    return made


def _offer(
    tx: Transaction, landing: Landing, forced: tuple[CollidingPath, ...], order: Order, mode: str
) -> Promotion:
    source, target = landing.source.record, landing.target.record
    rivals = ledger.overtaken(target, source)
    _require_difference(rivals, landing, order, mode)
    attempt = _attempt(tx, landing, forced, order, mode, rivals)
    gone = standing.replaced(rivals, attempt, tx.time)
    records.add_intent(tx, attempt, order.intent, {"promotion": attempt.promotion})
    tx.description = f"propose {attempt.id}: {attempt.title}"
    record = replace(
        target,
        next=attempt.number + 1,
        open=(*ledger.without(target.open, gone), attempt),
    )
    if order.cost.known:
        books = costs.opened(tx, target, order.intent.agent)
        record = costs.charge(tx, books, record, attempt, order.cost, order.intent)
    tx.lane(
        landing.target,
        record,
        parents=[attempt.commit, landing.ends[0]],
        attempts=[attempt, *gone],
        details={"promotion": attempt.promotion},
    )
    return replace(
        plans.outcome(tx.repo, unforced(landing), mode),
        forced=forced,
        proposed=attempt,
        superseded=tuple(x.id for x in gone),
        dry_run=False,
    )


def _attempt(
    tx: Transaction,
    landing: Landing,
    forced: tuple[CollidingPath, ...],
    order: Order,
    mode: str,
    rivals: list[Attempt],
) -> Attempt:
    """Write the commit that would land and return the attempt that stands for it."""
    carried = rivals[-1].change_id if rivals else None
    made = landed_commits.write(tx, landing, mode, order.message, change=carried)
    if not made:
        source, target = landing.source.record.name, landing.target.record.name
        raise Negative(
            f"nothing to propose: '{target}' has the content of '{source}' already",
            hint=f"run 'git lanes promote {source}' to have that on record",
        )
    return replace(
        made[-1].attempt,
        status=PROPOSED,
        landed=None,
        decided=None,
        promotion=ledger.told(landing, mode, forced),
    )


def _require_difference(rivals: list[Attempt], landing: Landing, order: Order, mode: str) -> None:
    """Raise Negative where an open attempt lands the same head already."""
    if order.message is not None or order.force.paths or order.force.everything:
        return
    wanted = (landing.ends[0], mode)
    for x in rivals:
        if x.promotion and (x.promotion["source"], x.promotion["mode"]) == wanted:
            raise Negative(
                f"nothing to propose: {x.id} lands the head of '{x.promotion['lane']}' already",
                hint=f"decide it: git lanes accept {x.id}",
                data={"attempt": x.id},
            )
