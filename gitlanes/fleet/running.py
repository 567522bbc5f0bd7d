"""Running an agent in a lane: all that can be refused is, before anything is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitlanes import clock
from gitlanes.errors import BadValue, Negative, Refused
from gitlanes.fleet import ending, logs, observing, places, programs, queueing
from gitlanes.lanes import lifecycle
from gitlanes.models.fleet import (
    ENDED,
    FINISHED,
    KILLED,
    OVER_BUDGET,
    QUEUED,
    STARTING,
    WAITING,
    Program,
    Run,
    RunOrder,
)
from gitlanes.models.plain import plain, replace
from gitlanes.review import budgets
from gitlanes.store import layout
from gitlanes.store.adopt import require_adopted_lane
from gitlanes.store.codec import check_agent
from gitlanes.store.expectation import require_active
from gitlanes.usage.budgets import LANE, require
from gitlanes.workspaces import claims, finding
from gitlanes.workspaces import lifecycle as workspaces

if TYPE_CHECKING:
    from gitlanes.models.lanes import NewLane
    from gitlanes.models.records import Lane
    from gitlanes.store.lane_repo import LaneRepo

# Seconds within which an agent that dies could not be started properly, and lines that are told
# of it then.
SETTLED = 5.0
_SHOWN = 20
_GLANCE = 0.05


def run(repo: LaneRepo, lane: str, order: RunOrder, *, settle: float = SETTLED) -> Run:
    """Start an agent in a lane, which is made if it is not there; return how it stands.

    It is watched for ``settle`` seconds. Where `lanes.maxAgents` are at work it waits as queued.
    Raises NotFound for a program or a definition that is not there, Refused where an agent is at
    work in the lane or somebody else has claimed it, BudgetExceeded, BadValue, and Negative where
    the agent died at once.
    """
    layout.check_lane_name(lane)
    repo.view.require_adopted()
    observing.reconcile(repo)
    found = repo.view.find(lane)
    record = found.record if found is not None and found.record.live else None
    program = programs.chosen(repo, record, order)
    order = replace(
        order,
        prompt=programs.prompted(repo, record, order),
        agent=check_agent(order.agent or f"{program.name}@{lane}"),
    )
    _check(program, order)
    _require_budget(repo, lane, record, order)
    if record is not None:
        _require_free(repo, record, order)
    made = _prepared(repo, lane, record, order)
    with places.alone(repo):
        refuse_busy(repo, made["lane_uuid"], lane)
        status = STARTING if queueing.room(repo) else QUEUED
        place = places.make(repo, made, program, order, status)
        if status == STARTING:
            queueing.launch(repo, place)
    try:
        seen = _watched(place, settle)
    except KeyboardInterrupt:
        if settle:
            repo.warn(f"agent '{order.agent}' goes on; 'git lanes kill {lane}' stops it")
        raise
    return observing.measured(repo, [(place, seen)])[0] if seen.live else seen


def beginning(repo: LaneRepo, lane: str, order: RunOrder) -> str:
    """Return the lane that a run begins with: its own, or the one that a new lane starts from."""
    found = repo.view.find(lane)
    if found is not None and found.record.live:
        return lane
    start = (order.on or order.start or "").partition("/")[0]
    named = repo.view.find(start) if start and layout.is_lane_name(start) else None
    return start if named else require_adopted_lane(repo).record.name


def _check(program: Program, order: RunOrder) -> None:
    """Raise for an order whose command could not be made."""
    values = {"prompt": order.prompt, "agent": str(order.agent), "prompt_file": ""}
    programs.argv(program, {**values, **({"model": order.model} if order.model else {})})
    words = (*order.args, order.model or "", order.batch or "")
    if any("\0" in x for x in words):
        raise BadValue("an argument cannot have a NUL byte")


def refuse_busy(repo: LaneRepo, uuid: str, name: str) -> None:
    """Raise Refused where an agent is at work in a lane, or waits for that."""
    for place, found in places.live(repo):
        if place.order().get("lane_uuid") == uuid:
            raise Refused(
                f"agent '{found.agent}' is {found.status} in lane '{name}'",
                hint=f"see 'git lanes ps'; 'git lanes kill {name}' stops it",
                data={"run": place.id},
            )


def _require_free(repo: LaneRepo, lane: Lane, order: RunOrder) -> None:
    """Raise Refused where an agent cannot work in a lane that is there."""
    name = lane.name
    if order.start is not None or order.on is not None:
        raise BadValue(f"lane '{name}' is there: it starts nowhere else", hint="name a new lane")
    require_active(lane)
    refuse_busy(repo, lane.uuid, name)
    workspace = finding.workspace_of(repo, lane)
    if workspace is not None:
        finding.require_workspace(repo, lane)
        held = claims.who(repo, name).workspaces[0]
        if held.owner is not None and held.stale is None and held.owner.agent != order.agent:
            raise Refused(
                claims.said(f"workspace of lane '{name}'", held.owner),
                hint=f"its holder ends that with 'git lanes workspace release {name}'",
            )


def _require_budget(repo: LaneRepo, name: str, lane: Lane | None, order: RunOrder) -> None:
    """Raise BudgetExceeded where a budget is used up that the work would count towards."""
    for standing in budgets.budget_left(repo, beginning(repo, name, order), order.agent):
        if lane or order.on or standing.scope != LANE:
            require(standing)


def _prepared(repo: LaneRepo, name: str, lane: Lane | None, order: RunOrder) -> dict[str, Any]:
    """Make the lane or its workspace, where they are not there; return what a run knows of it."""
    if lane is None:
        made = _made(repo, name, order)
        lane, path = made.lane, made.path
    else:
        there = finding.workspace_of(repo, lane)
        if there is not None and there.root:
            repo.warn(f"the agent works in your own directory: '{there.path}'")
        path = there.path if there else workspaces.create(repo, name, quick=order.quick).path
    return {"lane": lane.name, "lane_uuid": lane.uuid, "next": lane.next, "path": str(path)}


def _made(repo: LaneRepo, name: str, order: RunOrder) -> NewLane:
    """Make the lane; where somebody was first who runs an agent there, that is what is told."""
    try:
        return make_lane(repo, name, order)
    except Refused:
        found = repo.view.find(name)
        if found is None or not found.record.live:
            raise
        refuse_busy(repo, found.record.uuid, name)
        raise Refused(
            f"lane '{name}' was made meanwhile, for '{found.record.owner or 'nobody'}'",
            hint=f"name another lane; what is in this one: git lanes show {name}",
        ) from None


def make_lane(repo: LaneRepo, name: str, order: RunOrder) -> NewLane:
    """Make the lane that an agent is to work in, with its workspace; ``agent`` is set."""
    return lifecycle.new(
        repo,
        name,
        start=order.start,
        on=order.on,
        agent=order.agent,
        batch=order.batch,
        quick=order.quick,
    )


def _watched(place: places.Place, seconds: float) -> Run:
    """Look for some seconds whether a run ends; raises Negative where it ends badly.

    One that waits, for its turn or for somebody, does not end by itself.
    """
    end = clock.monotonic() + seconds
    while clock.monotonic() < end:
        state = place.state()
        if state.get("status") in (*ENDED, QUEUED, WAITING) or state.get("code"):
            break
        clock.sleep(_GLANCE)
    found = observing.of(place)
    dead = found.status in ENDED and (found.status != FINISHED or found.code)
    if seconds and (dead or found.code):
        status = place.state().get("ending", {}).get("status", found.status)
        why = (found.reason or found.status).removeprefix(ending.STOPPED)
        said = f"agent '{found.agent}' in lane '{found.lane}' died at once: {why}"
        if status in (OVER_BUDGET, KILLED):
            said = f"agent '{found.agent}' in lane '{found.lane}' was stopped: {why}"
        raise Negative(
            said,
            hint=f"all that it printed: git lanes logs {found.lane}",
            data={"run": plain(found), "output": logs.last_lines(place.log, _SHOWN)},
        )
    return found
