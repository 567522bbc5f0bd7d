"""Several tries at the same work, from the prompt to what lands, unattended."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from gitlanes import clock
from gitlanes.errors import LanesError, Negative, NotFound
from gitlanes.exchange.exporting import export, require_possible
from gitlanes.fleet import fanning, killing, observing, programs
from gitlanes.fleet.picking import BEST, Wish, pick, settled
from gitlanes.gates import definitions, trust
from gitlanes.lanes.targets import target_of
from gitlanes.models.batches import Fanned, Gone, Picked
from gitlanes.models.fleet import WAITING, Run, RunOrder
from gitlanes.models.plain import Model, replace
from gitlanes.models.records import LaneState
from gitlanes.store.adopt import require_adopted_lane
from gitlanes.workspaces import intake

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Seconds between two looks.
_BEAT = 1.0

Tell = Callable[[str], None]


class Tries(Model):
    """What is tried, and what then: ``agents`` and ``models`` are dealt in turn.

    ``wish`` says how to pick, ``branch`` where the winner's work is exported to. After ``timeout``
    seconds agents that are still at work are stopped, and what they did is not picked.
    """

    order: RunOrder
    number: int = 3
    prefix: str | None = None
    agents: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    wish: Wish = BEST
    branch: str | None = None
    timeout: float | None = None


def go(repo: LaneRepo, tries: Tries, tell: Tell) -> Gone:
    """Start several agents with one prompt, wait for them, pick the best, export it if wanted.

    ``tell`` is called with what is done. On Ctrl-C the agents are stopped and their work is kept.
    Raises what `fanning.start` and `picking.pick` raise: Negative where nothing can be picked.
    """
    tries = _checked(repo, tries)
    begun = fanning.fanout(
        repo,
        tries.number,
        tries.prefix,
        tries.order,
        agents=tries.agents,
        models=tries.models,
        settle=0,
    )
    try:
        lanes = ", ".join(x.lane for x in begun.runs)
        tell(f"batch {begun.batch}: agents are at work in {lanes}")
        for name, why in begun.failed.items():
            tell(f"no agent in {name}: {why}")
        runs = _waited(repo, begun, tries.timeout, tell)
    except BaseException:
        _stop(repo, begun.batch)
        tell(f"stopped; what they did is kept: see 'git lanes compare {begun.batch}'")
        raise
    tell("picking the best one")
    picked = _picked(repo, begun.batch, tries.wish, tell)
    exported = None
    if tries.branch is not None:
        tell(f"{picked.winner} has landed on {picked.into}: putting branch {tries.branch} there")
        try:
            exported = export(repo, picked.winner, branch=tries.branch)
        except LanesError:
            tell(f"left to do: git lanes export {picked.winner} --branch NAME")
            raise
    return Gone(begun.batch, runs, picked, exported, begun.failed)


def _checked(repo: LaneRepo, tries: Tries) -> Tries:
    """Return them with the rules to pick by; raises for what would not do in the end."""
    order, wish = tries.order, tries.wish
    state = LaneState(programs.to_be(repo, order.on), "")
    target = intake.foreseen(repo, target_of(repo, state, wish.into)).record
    wish = settled(repo, wish, target)
    trust.require(repo, definitions.rules_at(repo, target))
    if tries.branch is not None:
        start = order.on or order.start or require_adopted_lane(repo).record.name
        require_possible(repo, tries.branch, _start(repo, start))
    return replace(tries, wish=wish)


def _start(repo: LaneRepo, name: str) -> str:
    """Return the commit that new lanes will begin at, with what their lane has yet to take in."""
    state = repo.view.find(name)
    if state is None or not state.record.live:
        return repo.view.commit_of(name)
    return str(intake.foreseen(repo, state).record.head)


def _picked(repo: LaneRepo, batch: str, wish: Wish, tell: Tell) -> Picked:
    """Pick; where that is kept from it, tell what goes on from there."""
    try:
        return pick(repo, batch, wish)
    except Negative:
        raise
    except (LanesError, KeyboardInterrupt):
        tell(f"the agents' work is kept; to go on, with the same options: git lanes pick {batch}")
        raise


def _waited(repo: LaneRepo, begun: Fanned, timeout: float | None, tell: Tell) -> tuple[Run, ...]:
    """Wait until all have ended, telling how each is; those that take too long are stopped."""
    end = None if timeout is None else clock.monotonic() + timeout
    lanes = [x.lane for x in begun.runs]
    told: dict[str, str] = {}
    while True:
        runs = observing.wait(repo, lanes, _BEAT)
        for run in runs:
            if told.get(run.lane) != run.status and (not run.live or run.status == WAITING):
                told[run.lane] = run.status
                tell(_said(run))
        if not any(x.live for x in runs):
            return runs
        if end is not None and clock.monotonic() >= end:
            tell("the time is over: stopping those that are still at work")
            _stop(repo, begun.batch)
            end = None


def _said(run: Run) -> str:
    if run.live:
        return f"{run.lane} waits for input: see 'git lanes attach {run.lane}'"
    left = f", {run.attempt}" if run.attempt else ""
    why = f": {run.reason}" if run.reason else ""
    return f"{run.lane} is {run.status}{left}{why}"


def _stop(repo: LaneRepo, batch: str) -> None:
    with suppress(NotFound):  # they have ended meanwhile
        killing.kill(repo, batch=batch)
