"""Promotion: accepted work of one lane lands on another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitlanes.errors import BadValue, NotFound
from gitlanes.landing import landed_commits, plans
from gitlanes.landing.landed_commits import MERGE, MODES
from gitlanes.landing.plans import NO_FORCE, Force, Landing
from gitlanes.models.notes import NO_COST, NO_INTENT, Cost, Intent
from gitlanes.models.plain import Model, plain, replace
from gitlanes.models.records import Landed, Lane, LaneState
from gitlanes.models.results import CollidingPath, Promotion
from gitlanes.store import records
from gitlanes.store.expectation import check_expected, require_commit
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.workspaces import binding, capture, finding, intake

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Order(Model):
    """How to promote: ``expect`` is the head that the target must have."""

    into: str | None = None
    mode: str = MERGE
    force: Force = NO_FORCE
    message: str | None = None
    intent: Intent = NO_INTENT
    cost: Cost = NO_COST
    expect: str | None = None


def promote(repo: LaneRepo, lane: str | None = None, order: Order | None = None) -> Promotion:
    """Land a lane's accepted head on its target; the lane goes on afterwards.

    Raises Collision with each path that both sides touched and nothing moved, Negative where
    there is nothing new, NotFound for a forced path that does not collide, Raced if ``expect``
    does not hold.
    """
    order = _checked(order)
    source, target = _ends(repo, lane, order)
    unsaved = _Unsaved(repo, source.record)
    for end in (source, target):
        if end.record.bound:
            intake.catch_up(repo, end.record.name)
            source, target = repo.view.again(source, target)
    landing = plans.plan(repo, source, target, order.force)
    forced = _require_landing(repo, landing, order)
    with transaction(repo, "promote", actor=order.intent.agent) as tx:
        source, target = repo.view.again(source, target)
        if (source, target) != (landing.source, landing.target):
            landing = plans.plan(repo, source, target, order.force)
            forced = _require_landing(repo, landing, order)
        promotion = _land(tx, landing, forced, order)
    following = binding.follow(repo, target.record.name) if target.record.bound else None
    return replace(promotion, following=following, unsaved=unsaved.paths())


def preview(repo: LaneRepo, lane: str | None = None, order: Order | None = None) -> Promotion:
    """Return what `promote` would do now, collisions included, and move nothing."""
    order = _checked(order)
    source, target = (intake.foreseen(repo, x) for x in _ends(repo, lane, order))
    unsaved = _Unsaved(repo, source.record)
    landing = plans.plan(repo, source, target, order.force)
    return plans.outcome(repo, landing, order.mode, unsaved.paths())


def _checked(order: Order | None) -> Order:
    """Return the order if it can be understood: before anything is taken in, and in a dry run."""
    order = order or Order()
    if order.mode not in MODES:
        raise BadValue(f"unknown promotion mode '{order.mode}'", hint=f"one of {', '.join(MODES)}")
    records.check(order.intent, order.cost)
    check_expected(order.expect)
    return order


def _ends(repo: LaneRepo, lane: str | None, order: Order) -> tuple[LaneState, LaneState]:
    source = finding.lane_or_present(repo, lane)
    return source, plans.target_of(repo, source, order.into)


def _require_landing(repo: LaneRepo, landing: Landing, order: Order) -> tuple[CollidingPath, ...]:
    """Raise unless the plan can land as ordered; return what was forced."""
    target = landing.target.record
    require_commit(f"lane '{target.name}'", target.head, order.expect)
    plans.require_news(landing)
    made = landing.plan
    if made.collisions or made.forced:
        outcome = plans.outcome(repo, landing, order.mode)
        if made.collisions:
            raise plans.refusal(outcome)
        forced = outcome.forced
    else:
        forced = ()
    hit = {path for clash in made.forced for path in (clash.path, clash.other)}
    idle = next((path for path in order.force.paths if path not in hit), None)
    if idle is not None:
        raise NotFound("collision on", plain(idle), hint="only colliding paths can be forced")
    return forced


def _land(
    tx: Transaction, landing: Landing, forced: tuple[CollidingPath, ...], order: Order
) -> Promotion:
    source, target = landing.source.record, landing.target.record
    made = landed_commits.write(tx, landing, order.mode, order.message)
    head = made[-1].commit if made else str(target.head)
    details: dict[str, Any] = {
        "promotion": {
            "lane": source.name,
            "lane_uuid": source.uuid,
            "into": target.name,
            "into_uuid": target.uuid,
            "mode": order.mode,
            "base": list(landing.bases),
            "source": landing.ends[0],
            "target": landing.ends[1],
            "head": head,
            "forced": plain(forced),
        }
    }
    for landed in made:
        for commit in landed.carries:
            tx.carry_notes(commit, landed.commit)
    if made:
        last = made[-1].attempt
        records.add_intent(tx, last, order.intent, details)
        records.add_cost(tx, last, order.cost)
    attempts = tuple(x.attempt for x in made)
    tx.description = f"promote {source.name} into {target.name} ({order.mode})"
    if made:
        after = replace(
            target,
            head=head,
            next=target.next + len(made),
            landed=_with_received(source, target),
        )
        parents = [x.commit for x in made]
        tx.lane(landing.target, after, parents=parents[-1:], attempts=attempts, details=details)
    tx.lane(landing.source, _with_landing(source, target, head), details=details)
    unforced = replace(landing, plan=landing.plan._replace(forced=()))
    return replace(
        plans.outcome(tx.repo, unforced, order.mode),
        head=head,
        commits=tuple(x.commit for x in made),
        landed=attempts,
        forced=forced,
        dry_run=False,
    )


def _with_landing(source: Lane, target: Lane, head: str) -> Lane:
    """Return the source's record, whose next landing on this target counts from here."""
    landed = {**source.landed, target.uuid: Landed((str(source.head),), head, source.head)}
    return replace(source, landed=landed)


def _with_received(source: Lane, target: Lane) -> dict[str, Landed]:
    """Return where the target stands towards others, now that it has all of the source's work.

    Only a lane that is promoted into the source some day needs to know, and that one has its
    fork point from the source on record: main must not remember every lane that it received.
    """
    known = target.landed.get(source.uuid)
    if known is None:
        return target.landed
    head = str(source.head)
    return {**target.landed, source.uuid: Landed((head,), head, known.source)}


class _Unsaved:
    """The unsaved files of a lane's workspace, asked for in the background."""

    def __init__(self, repo: LaneRepo, lane: Lane):
        workspace = finding.workspace_of(repo, lane)
        there = workspace is not None and Path(workspace.path).is_dir()
        self._question = capture.ask_unsaved(repo, workspace) if workspace and there else None

    def paths(self) -> tuple[bytes, ...]:
        return tuple(path for _, path in self._question()) if self._question else ()
