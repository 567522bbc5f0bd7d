"""Sync: a lane's own work is laid again on the heads of the lanes that it follows."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, Collision, Negative, NotFound, Raced
from gitlanes.graph import conflicts, grounds, laying, marking, recording
from gitlanes.graph.asking import Agent, Handler, touched
from gitlanes.graph.grounds import Basis
from gitlanes.graph.laying import Course, Laid
from gitlanes.graph.settling import settle_by
from gitlanes.models.events import Event
from gitlanes.models.plain import Model, replace
from gitlanes.models.records import CONFLICTED, HERE, Lane, LaneState
from gitlanes.models.results import CollidingPath
from gitlanes.models.sync import ABORT, AGENT, MANUAL, STRATEGIES, SYNONYMS, Synced
from gitlanes.plugins import around
from gitlanes.review import decide
from gitlanes.store.attribution import collision
from gitlanes.store.expectation import check_expected, require_active, require_commit
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.workspaces import capture, claims, finding, intake, moving, updating

if TYPE_CHECKING:
    from gitlanes.models.workspaces import Moved
    from gitlanes.store.lane_repo import LaneRepo

# What was written down, None where a lane moved since it was planned.
Made = recording.Outcome | marking.Stopped | None

_TRIES = 3


class Order(Model):
    """How to sync: ``onto`` is the only lane to be laid on, ``handler`` answers for an agent.

    ``by`` is who does it. Unless ``record``, a collision leaves no conflict behind. ``cascade`` is
    the uuid of the lane whose cascade this belongs to, '' where that began at no single lane.
    """

    onto: str | None = None
    strategy: str = ABORT
    expect: str | None = None
    by: str | None = None
    handler: Handler | None = None
    record: bool = True
    cascade: str | None = None


def sync(repo: LaneRepo, lane: str | None = None, order: Order | None = None) -> Synced:
    """Lay each of a lane's own attempts again on the heads of the lanes that it follows.

    Change-Ids and notes stay; the old commits are kept by the journal. What landed there before
    is left out, and what comes to nothing counts as landed. The workspace goes along. Where both
    sides touched a path, the strategy decides; what it leaves raises Collision: the head stays,
    and the lane is conflicted. Raises Negative where it stands on those heads already, Refused
    for an unsaved edit in the way and for commits that others have, Raced.
    """
    order = checked(order)
    return sync_lane(repo, finding.lane_or_present(repo, lane), order)


def sync_lane(repo: LaneRepo, state: LaneState, order: Order) -> Synced:
    """Do it with a lane that is known: another one that has its name by now is left alone."""
    event = Event("sync", repo.place.common_dir, state.record.name, into=order.onto, agent=order.by)
    with around(event, repo.state_directory, repo.warn) as told, repo.objects.holding_back():
        told.result = made = _sync(repo, state, order)
    repo.landed(made.lane)
    return made


def preview(repo: LaneRepo, lane: str | None = None, order: Order | None = None) -> Synced:
    """Return what `sync` would do now, collisions included; nothing moves, no agent is asked."""
    order = checked(order)
    state = intake.foreseen(repo, finding.lane_or_present(repo, lane))
    parents = [intake.foreseen(repo, x) for x in grounds.parents_of(repo, state, order.onto)]
    basis = _basis(repo, state, parents, order)
    with grounds.movable(repo, basis) as require_movable:
        course = _laid(repo, basis, order, None)
        require_movable()
    outcome = recording.foreseen(repo, state, course.laid)
    found = _collisions(repo, basis, course) if course.stop else ()
    return replace(synced(basis, order, course, outcome), collisions=found, dry_run=True)


def checked(order: Order | None) -> Order:
    """Return the order if it can be understood; raises BadValue."""
    order = order or Order()
    strategy = SYNONYMS.get(order.strategy, order.strategy)
    if strategy not in STRATEGIES:
        raise BadValue(f"unknown strategy '{strategy}'", hint=f"one of {', '.join(STRATEGIES)}")
    check_expected(order.expect)
    return replace(order, strategy=strategy)


def _sync(repo: LaneRepo, state: LaneState, order: Order) -> Synced:
    agent = Agent(repo, order.handler) if order.strategy == AGENT else None
    with decide.holding(repo, finding.workspace_of(repo, state.record)) as hold:
        if hold is not None:
            claims.require_own(repo, hold.state, agent=order.by)
            updating.require_settled(hold)
            updating.require_no_commits(repo, hold)
        for _ in range(_TRIES):
            basis = _basis_now(repo, state.record, order)
            course, made = _done(repo, basis, order, agent, hold)
            if made is not None:
                break
        else:
            raise Raced("the lanes moved on meanwhile", hint="nothing changed; repeat the command")
        along = go_along(repo, hold) if hold and course.stop is None else None
    if isinstance(made, marking.Stopped):
        laid_out = order.strategy == MANUAL
        if laid_out:
            conflicts.start(repo, basis.lane.record.name, by=order.by)
        raise refusal(repo, basis, course, laid_out=laid_out)
    return replace(synced(basis, order, course, made), head=made.head, workspace=along)


def _done(
    repo: LaneRepo, basis: Basis, order: Order, agent: Agent | None, hold: capture.Held | None
) -> tuple[Course, Made]:
    """Lay it and write it down; nothing is made where a lane moved meanwhile."""
    with grounds.movable(repo, basis) as require_movable:
        if agent is not None:
            require_movable()
        course = _laid(repo, basis, order, agent)
        _require_free(repo, hold, basis, course, order)
        if course.stop is not None and not order.record:
            raise refusal(repo, basis, course)
        return course, _carried_out(repo, basis, course, order, hold, require_movable)


def _basis_now(repo: LaneRepo, lane: Lane, order: Order) -> Basis:
    """Return the same for the lanes as they are now, with what people committed taken in."""
    with repo.view.noting() as in_place:
        state = repo.view.by_uuid(lane.uuid, lane.name)
        if state is None or not state.record.live:
            raise NotFound("lane", lane.name, hint="it was deleted meanwhile")
        parents = grounds.parents_of(repo, state, order.onto)
    state, *parents = intake.caught_up(repo, state, *parents, in_place=in_place)
    return _basis(repo, state, parents, order)


def _basis(repo: LaneRepo, state: LaneState, parents: Sequence[LaneState], order: Order) -> Basis:
    """Return what is to be laid on what; raises Negative where it lies there already."""
    lane = state.record
    require_active(lane)
    require_commit(f"lane '{lane.name}'", lane.head, order.expect)
    if grounds.stands_on(repo, state, parents):
        names = ", ".join(f"'{x.record.name}'" for x in parents)
        raise Negative(
            f"nothing to sync: lane '{lane.name}' has all of {names}", data={"lane": lane.name}
        )
    return grounds.basis(repo, state, parents)


def _laid(repo: LaneRepo, basis: Basis, order: Order, agent: Agent | None) -> Course:
    """Return what laying it comes to; it writes nothing but trees."""
    settle = settle_by(repo, order.strategy, agent.about(basis) if agent else None)
    return laying.lay(repo, basis.own, repo.objects.commit(basis.ground).tree, settle)


def _require_free(
    repo: LaneRepo, hold: capture.Held | None, basis: Basis, course: Course, order: Order
) -> None:
    """Raise Refused for edits in the way: of the new head's files, or of a conflict's.

    Raises NotFound where a conflict is to be laid out, and there is no workspace.
    """
    if course.stop is not None and order.strategy == MANUAL and order.record:
        if hold is None:
            finding.require_workspace(repo, basis.lane.record)
        else:
            conflicts.require_clean(repo, hold)
    elif course.stop is None and hold is not None:
        blocking = moving.blocking(repo, hold, str(hold.state.base), course.tree)
        if blocking:
            raise updating.in_the_way(hold.workspace, blocking)


def _carried_out(
    repo: LaneRepo,
    basis: Basis,
    course: Course,
    order: Order,
    hold: capture.Held | None,
    require_movable: Callable[[], None],
) -> Made:
    """Write it all down; None where a lane moved since it was planned."""
    with transaction(repo, "sync", actor=order.by) as tx:
        planned = [basis.lane, *basis.parents]
        if repo.view.again(*planned) != planned:
            return None
        lane = basis.lane.record
        laid = recording.write(tx, basis.ground, course.laid)
        if course.stop is not None:
            require_movable()
            return stop(tx, basis, course, laid, order.strategy)
        outcome = finish(tx, basis, laid, order.cascade)
        tx.description = f"sync {lane.name} with {', '.join(basis.names)}"
        require_movable()
        if hold is not None:
            updating.mark(hold, tx, basis.lane.tip, new=str(outcome.head))
    return outcome


def stop(
    tx: Transaction, basis: Basis, course: Course, laid: Sequence[Laid], strategy: str
) -> marking.Stopped:
    """Record a conflict: the head stays, and what was laid is kept for whoever goes on."""
    assert course.stop is not None
    tip = next((x.commit for x in reversed(laid) if x.commit), basis.ground)
    stopped, details = marking.written(tx, basis, course.stop, tuple(laid), strategy, tip)
    lane = basis.lane.record
    why = conflicts.why(stopped)
    tx.description = f"sync {lane.name} stops: {why}"
    record = replace(lane, status=CONFLICTED, why=why, conflict=HERE)
    tx.lane(basis.lane, record, parents=[stopped.files], details=details)
    return stopped


def go_along(repo: LaneRepo, hold: capture.Held) -> Moved | None:
    """Bring the workspace to the new head, after the operation; a warning where it cannot."""
    if hold.state.step is None:
        return None
    with capture.afterwards(repo):
        return updating.go(repo, hold)
    return None


def finish(
    tx: Transaction, basis: Basis, laid: Sequence[Laid], cascade: str | None = None
) -> recording.Outcome:
    """Set the lane's record once everything is laid."""
    within = {} if cascade is None else {"cascade": cascade}
    details = {
        **within,
        "onto": [x._asdict() for x in basis.onto],
        "ground": basis.ground,
        "commits": [{"old": x.old, **({"new": x.commit} if x.commit else {})} for x in laid],
    }
    return recording.record(tx, basis, laid, {"sync": details})


def synced(basis: Basis, order: Order, course: Course, made: recording.Outcome) -> Synced:
    """Return what a sync came to, without head and workspace."""
    return Synced(
        lane=basis.lane.record.name,
        onto=basis.names,
        strategy=order.strategy,
        before=str(basis.lane.record.head),
        head=None,
        ground=basis.ground,
        laid_again=made.laid_again,
        elsewhere=made.elsewhere,
        dropped=made.dropped,
        resolved={os.fsdecode(path): how for path, how in course.how.items()},
    )


def _collisions(repo: LaneRepo, basis: Basis, course: Course) -> tuple[CollidingPath, ...]:
    assert course.stop is not None
    case = course.stop.case
    return touched(repo, basis, case.plan, course.stop.left, case.commit)


def refusal(repo: LaneRepo, basis: Basis, course: Course, *, laid_out: bool = False) -> Collision:
    """Return the error for a sync that stopped; its conflict may be ``laid_out`` already."""
    paths = _collisions(repo, basis, course)
    name, onto = basis.lane.record.name, ", ".join(f"'{x}'" for x in basis.names)
    way = f"resolve it: git lanes conflict start {name}"
    if laid_out:
        way = f"resolve it in its workspace, then: git lanes conflict continue {name}"
    who = next((x.source.attempt for x in paths if x.source and x.source.attempt), None)
    return collision(
        f"{who or f'lane {name}'} collides with {onto} on {len(paths)} "
        f"path{'' if len(paths) == 1 else 's'}",
        paths,
        f"{way}; or give it up: git lanes conflict abandon {name}",
        lane=name,
        onto=basis.names,
        attempt=who,
    )
