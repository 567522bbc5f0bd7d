"""Promotion: accepted work of one lane lands on another."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gitlanes.errors import BadValue, GateFailed, NotFound
from gitlanes.gates.clearance import Clearance
from gitlanes.gates.recording import record
from gitlanes.landing import agreement, landed_commits, ledger, plans, strictness
from gitlanes.landing.plans import NO_FORCE, Force, Landing
from gitlanes.lanes.targets import target_of
from gitlanes.models.events import Event
from gitlanes.models.gates import NO_WAIVER, Cleared, Waiver
from gitlanes.models.notes import NO_COST, NO_INTENT, Cost, Intent
from gitlanes.models.plain import Model, plain, replace
from gitlanes.models.records import MERGE, MODES, Attempt, Lane, LaneState
from gitlanes.models.results import CollidingPath, Promotion
from gitlanes.plugins import around
from gitlanes.review import costs, standing
from gitlanes.store import queued, records
from gitlanes.store.expectation import check_expected, require_commit
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.workspaces import binding, finding, intake

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


# What else a landing does to the target's record, and what its entry tells of that.
Along = Callable[[Transaction, Lane, Attempt], tuple[Lane, dict[str, Any]]]


class Order(Model):
    """How to promote: ``expect`` is the head that the target must have.

    ``mode`` is the one that the lane prefers unless told, and 'merge' where it prefers none.
    With ``strict`` nothing may stay behind in the source. ``waiver`` is what it lets pass.
    With ``along``, which is done in the same operation, there is a commit even where the target
    has all of the work. ``queued`` is the head that the source must have, and land from the
    target's queue with.
    """

    into: str | None = None
    mode: str | None = None
    force: Force = NO_FORCE
    message: str | None = None
    intent: Intent = NO_INTENT
    cost: Cost = NO_COST
    expect: str | None = None
    strict: bool = False
    waiver: Waiver = NO_WAIVER
    along: Along | None = None
    queued: str | None = None


# What a promotion comes to within its transaction: the plan, what was forced, the order, the mode.
Outcome = Callable[[Transaction, Landing, tuple[CollidingPath, ...], Order, str], Promotion]


def promote(repo: LaneRepo, lane: str | None = None, order: Order | None = None) -> Promotion:
    """Land a lane's accepted head on its target; the lane goes on afterwards.

    Raises Collision with each path that both sides touched and nothing moved, Negative where
    there is nothing new, NotFound for a forced path that does not collide, Raced if ``expect``
    does not hold, Refused if the order is strict and something would stay behind. The combined
    tree has to pass the target's gates: GateFailed is raised, recorded on the source's head, and
    nothing moved.
    """
    order = checked(order)
    with around(event(repo, "promote", lane, order), repo.state_directory, repo.warn) as told:
        told.result = made = _promote(repo, lane, order)
    repo.landed(made.into)
    return made


def event(repo: LaneRepo, verb: str, lane: str | None, order: Order) -> Event:
    """Return what listeners are told of a promotion."""
    return Event(verb, repo.place.common_dir, lane, into=order.into, agent=order.intent.agent)


def _promote(repo: LaneRepo, lane: str | None, order: Order) -> Promotion:
    clearance = Clearance(repo, order.waiver)
    asked: list[str] = []

    def land(
        tx: Transaction,
        landing: Landing,
        forced: tuple[CollidingPath, ...],
        order: Order,
        mode: str,
    ) -> Promotion:
        asked.append(landing.ends[0])
        cleared = clearance.promoted(landing.target.record, str(landing.plan.tree))
        return _land(tx, landing, forced, order, mode, cleared)

    try:
        made, target, unsaved = clearance.settle(
            lambda: carry_out(repo, lane, order, "promote", land)
        )
    except GateFailed as error:
        record(repo, asked[-1:], clearance.failed, order.intent.agent)
        error.hint = "nothing landed: mend it in the lane, or see what landed beside it meanwhile"
        raise
    following = binding.follow(repo, target.name) if target.bound else None
    return replace(made, following=following, unsaved=unsaved.told(repo))


def preview(repo: LaneRepo, lane: str | None = None, order: Order | None = None) -> Promotion:
    """Return what `promote` would do now, collisions included, and move nothing."""
    order = checked(order)
    source, target = intake.foreseen_for(repo, *_ends(repo, lane, order))
    require_commit(f"lane '{target.record.name}'", target.record.head, order.expect)
    unsaved = strictness.Unsaved(repo, source.record)
    if order.strict:
        strictness.require(repo, source.record, unsaved)
    landing = plans.plan(repo, source, target, order.force)
    if not landing.plan.collisions:
        _require_hits(landing, order)
    return plans.outcome(repo, landing, mode_of(order, source), unsaved.told(repo))


def carry_out(
    repo: LaneRepo, lane: str | None, order: Order, verb: str, outcome: Outcome
) -> tuple[Promotion, Lane, strictness.Unsaved]:
    """Plan a promotion without a lock and carry it out within one transaction.

    Where either lane moved in between, it is planned again. Returns the target as planned for,
    too, and the question for unsaved files, which git may still be answering.
    """
    with repo.view.noting() as in_place:
        source, target = _ends(repo, lane, order)
    unsaved = strictness.Unsaved(repo, source.record)
    if order.strict:
        strictness.require(repo, source.record, unsaved)
    source, target = intake.caught_up(repo, source, target, in_place=in_place)
    landing = plans.plan(repo, source, target, order.force)
    forced = _require_landing(repo, landing, order)
    with transaction(repo, verb, actor=order.intent.agent) as tx:
        source, target = repo.view.again(source, target)
        if (source, target) != (landing.source, landing.target):
            landing = plans.plan(repo, source, target, order.force)
            forced = _require_landing(repo, landing, order)
        made = outcome(tx, landing, forced, order, mode_of(order, source))
    return made, target.record, unsaved


def checked(order: Order | None) -> Order:
    """Return the order if it can be understood: before anything is taken in, and in a dry run."""
    order = order or Order()
    if order.mode is not None and order.mode not in MODES:
        raise BadValue(f"unknown promotion mode '{order.mode}'", hint=f"one of {', '.join(MODES)}")
    records.check(order.intent, order.cost)
    check_expected(order.expect)
    return order


def mode_of(order: Order, source: LaneState) -> str:
    """Return the mode: the one ordered, else the one that the lane prefers."""
    preferred = source.record.mode if source.record.mode in MODES else None
    return order.mode or preferred or MERGE


def _ends(repo: LaneRepo, lane: str | None, order: Order) -> tuple[LaneState, LaneState]:
    source = finding.lane_or_present(repo, lane)
    return source, target_of(repo, source, order.into)


def _require_landing(repo: LaneRepo, landing: Landing, order: Order) -> tuple[CollidingPath, ...]:
    """Raise unless the plan can land as ordered; return what was forced."""
    target = landing.target.record
    require_commit(f"lane '{target.name}'", target.head, order.expect)
    if order.queued is not None:
        queued.require(repo, landing.source.record, landing.target, order.queued)
    if order.strict:
        strictness.require(repo, landing.source.record)
    if order.along is None:
        plans.require_news(landing)
    made = landing.plan
    if made.collisions or made.forced:
        outcome = plans.outcome(repo, landing, mode_of(order, landing.source))
        if made.collisions:
            raise plans.refusal(outcome)
        forced = outcome.forced
    else:
        forced = ()
    _require_hits(landing, order)
    return forced


def _require_hits(landing: Landing, order: Order) -> None:
    """Raise NotFound for a path that is to be forced and does not collide."""
    hit = {path for clash in landing.plan.forced for path in (clash.path, clash.other)}
    idle = next((path for path in order.force.paths if path not in hit), None)
    if idle is not None:
        raise NotFound("collision on", plain(idle), hint="only colliding paths can be forced")


def _land(
    tx: Transaction,
    landing: Landing,
    forced: tuple[CollidingPath, ...],
    order: Order,
    mode: str,
    cleared: Cleared,
) -> Promotion:
    source, target = landing.source.record, landing.target.record
    agreement.require(tx.repo, landing.source, landing.target, source, landing.bases)
    books = costs.opened(tx, target, order.intent.agent) if order.cost.known else None
    made = landed_commits.write(tx, landing, mode, order.message, always=order.along is not None)
    head = made[-1].commit if made else str(target.head)
    details = {"promotion": ledger.told(landing, mode, forced, head)}
    for landed in made:
        for commit in landed.carries:
            tx.carry_notes(commit, landed.commit)
    if made:
        last = made[-1].attempt
        records.add_intent(tx, last, order.intent, details)
        records.add_evaluations(tx, last.commit, cleared.evaluations, last)
    attempts = tuple(replace(x.attempt, waived=cleared.waived or None) for x in made)
    gone = replaced(source, target, attempts, tx.time)
    tx.description = f"promote {source.name} into {target.name} ({mode})"
    after = replace(
        ledger.received(source, target, str(source.head)),
        head=head,
        next=target.next + len(made),
        open=ledger.without(target.open, gone),
    )
    after, told = queued.landed(tx.repo, landing.target, after, source, tx.time)
    if made and order.along:
        after, more = order.along(tx, after, attempts[-1])
        told = {**told, **more}
    if made or gone or told:
        if made and books:
            after = costs.charge(tx, books, after, made[-1].attempt, order.cost, order.intent)
        parents = [x.commit for x in made][-1:]
        changed = (*attempts, *gone)
        said = {**details, **told}
        tx.lane(landing.target, after, parents=parents, attempts=changed, details=said)
    lands = ledger.landed_on(source, target, str(source.head), head)
    tx.lane(landing.source, lands, details=details)
    return replace(
        plans.outcome(tx.repo, unforced(landing), mode),
        head=head,
        commits=tuple(x.commit for x in made),
        landed=attempts,
        forced=forced,
        superseded=tuple(x.id for x in gone),
        dry_run=False,
    )


def replaced(
    source: Lane, target: Lane, landed: tuple[Attempt, ...], time: str
) -> tuple[Attempt, ...]:
    """Return the target's open attempts whose place a landing takes.

    They are promotions of the same lane, and attempts of the changes that it brings.
    """
    overtaken = ledger.overtaken(target, source)
    gone = standing.replaced(overtaken, landed[-1] if landed else None, time)
    for attempt in landed:
        rivals = [x for x in standing.rivals(target, attempt) if x not in overtaken]
        gone += standing.replaced(rivals, attempt, time)
    return gone


def unforced(landing: Landing) -> Landing:
    """Return the landing without its forced paths, whose story is told already."""
    return replace(landing, plan=landing.plan._replace(forced=()))
