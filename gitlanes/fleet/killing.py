"""Stopping agents: what they did is kept, and so are their lanes."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence, Set
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gitlanes import clock
from gitlanes.errors import LanesError, Negative, NotFound, line
from gitlanes.fleet import observing, places, queueing
from gitlanes.lanes import archiving
from gitlanes.models.fleet import KILLED, LIVE, QUEUED, Killed, Run
from gitlanes.workspaces import finding, snapshots

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Seconds that a supervisor has to keep an agent's work, gates included, before it is given up.
_PATIENCE = 60.0
_GLANCE = 0.05

_ARCHIVED = "the lane was archived when its agent was stopped"

Found = Sequence[tuple[places.Place, Run]]


def kill(
    repo: LaneRepo,
    pattern: str | None = None,
    *,
    batch: str | None = None,
    force: bool = False,
    remove: bool = False,
) -> Killed:
    """Stop the agents of all lanes that a pattern fits, or of a batch; return how they are then.

    Each is asked to end and ended some seconds later, with ``force`` at once, with all that it
    started. Its work is kept as `ending.settle` does. With ``remove`` their lanes are archived,
    too, also of agents that ended before, and lanes of a batch that had none: open attempts stay,
    unsaved work is snapshotted, the workspace goes. Raises NotFound where none fits, and Negative
    where one cannot be stopped.
    """
    observing.reconcile(repo)
    found = [x for x in places.named(repo) if _fits(x[1].lane, {x[1].batch}, pattern, batch)]
    live = [x for x in found if x[1].live]
    lanes = [run.lane for _, run in found]
    lanes += _members(repo, pattern, batch) if remove else []
    if not (lanes if remove else live):
        raise _none(lanes, pattern or str(batch))
    stop(repo, live, force=force)
    queueing.start_waiting(repo)
    archived, left = _archive(repo, lanes) if remove else ((), {})
    ended = tuple(observing.of(place) for place, _ in live)
    return Killed(ended, archived, left)


def _none(ended: Sequence[str], asked: str) -> NotFound:
    name = line(asked, 100)
    if ended:
        hint = f"all of them have ended; their lanes are archived by 'git lanes kill {name} --rm'"
        return NotFound("agent at work in", name, hint=hint)
    return NotFound("agent", name, hint="see 'git lanes ps' for those at work")


def _members(repo: LaneRepo, pattern: str | None, batch: str | None) -> list[str]:
    """Return the lanes that fit, and were made for agents, whatever is known of their runs here."""
    found = (x.record for x in repo.view.lanes())
    return [
        x.name
        for x in found
        if (x.batch or x.run) and _fits(x.name, {x.batch, x.run.get("batch")}, pattern, batch)
    ]


def _fits(lane: str, batches: Set[str | None], pattern: str | None, batch: str | None) -> bool:
    if batch is not None and batch not in batches:
        return False
    return pattern is None or fnmatchcase(lane, pattern)


def stop(repo: LaneRepo, live: Found, *, force: bool) -> None:
    """Stop agents, and wait until their work is kept; raises Negative where one goes on."""
    with places.alone(repo):  # so that none of them begins meanwhile
        for place, _ in live:
            if place.state().get("status") == QUEUED:
                place.take_environment()
                place.write(status=KILLED, ended=clock.utc_text(clock.now()))
    waiting = unasked = [place for place, _ in live if _works(place)]
    end = clock.monotonic() + _PATIENCE
    while waiting and clock.monotonic() < end:
        how = signal.SIGUSR1 if force else signal.SIGTERM
        unasked = [x for x in unasked if not _ask(x, how)]  # who begins just now hears it later
        for place in waiting:
            if place.deserted:
                observing.mend(repo, place)
        waiting = [x for x in waiting if _works(x)]
        clock.sleep(_GLANCE)
    for place in waiting:
        _ask(place, signal.SIGKILL)
        _wait_until_gone(place)
        observing.mend(repo, place)
    for place, run in live:
        _wait_until_gone(place)
        if _works(place):
            raise Negative(
                f"agent '{run.agent}' in lane '{run.lane}' cannot be stopped",
                hint=f"what is known of it is in '{line(str(place.directory), 200)}'",
                data={"run": run.id},
            )


def _works(place: places.Place) -> bool:
    return place.state().get("status") in LIVE


def _ask(place: places.Place, how: signal.Signals) -> bool:
    """Send a signal to a run's supervisor; False where none is known that would hear it yet."""
    pid = place.supervisor
    if pid is None:
        return False
    with suppress(ProcessLookupError, PermissionError):
        os.kill(pid, how)
    return True


def _wait_until_gone(place: places.Place) -> None:
    """Wait until a supervisor has ended: its session goes with it."""
    end = clock.monotonic() + _PATIENCE / 6
    while place.supervisor and clock.monotonic() < end:
        clock.sleep(_GLANCE)


def _archive(repo: LaneRepo, names: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Archive lanes; return which, and what kept others from it."""
    done, left = [], {}
    for name in dict.fromkeys(names):
        state = repo.view.find(name)
        if state is None or not state.record.live or state.record.away:
            continue
        with suppress(LanesError):  # what hinders that hinders the archiving, if it matters
            if finding.workspace_of(repo, state.record) and not state.record.bound:
                snapshots.save_unsaved(repo, name, reason=_ARCHIVED)
        try:
            archiving.archive(repo, name, force=True)
        except LanesError as error:
            left[name] = error.message
        else:
            done.append(name)
    return tuple(done), left
