"""Stopping agents: what they did is kept, and so are their lanes."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from contextlib import suppress
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gitlanes import clock
from gitlanes.errors import LanesError, NotFound, line
from gitlanes.fleet import observing, places, queueing
from gitlanes.git import processes
from gitlanes.lanes import archiving
from gitlanes.models.fleet import KILLED, LIVE, QUEUED, Killed, Run

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Seconds that a supervisor has to keep an agent's work, gates included, before it is given up.
_PATIENCE = 60.0
_GLANCE = 0.05

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
    too, also of agents that ended before: open attempts stay, unsaved work is snapshotted, the
    workspace goes. Raises NotFound where none fits.
    """
    observing.reconcile(repo)
    found = [x for x in places.named(repo) if _fits(x[1], pattern, batch)]
    live = [x for x in found if x[1].live]
    if not (found if remove else live):
        raise NotFound(
            "agent", line(pattern or str(batch), 100), hint="see 'git lanes ps' for those at work"
        )
    _stop(repo, live, force=force)
    queueing.start_waiting(repo)
    archived, left = _archive(repo, found) if remove else ((), {})
    ended = tuple(observing.of(place) for place, _ in live)
    return Killed(ended, archived, left)


def _fits(run: Run, pattern: str | None, batch: str | None) -> bool:
    if batch is not None and run.batch != batch:
        return False
    return pattern is None or fnmatchcase(run.lane, pattern)


def _stop(repo: LaneRepo, live: Found, *, force: bool) -> None:
    with places.alone(repo):  # so that none of them begins meanwhile
        for place, _ in live:
            if place.state().get("status") == QUEUED:
                place.take_environment()
                place.write(status=KILLED, ended=clock.utc_text(clock.now()))
    for place, _ in live:
        _ask(place, signal.SIGUSR1 if force else signal.SIGTERM)
    end = clock.monotonic() + _PATIENCE
    for place, _ in live:
        while place.state().get("status") in LIVE and clock.monotonic() < end:
            if place.deserted:
                observing.mend(repo, place)
            clock.sleep(_GLANCE)
        if place.state().get("status") in LIVE:
            _ask(place, signal.SIGKILL)
            _wait_until_gone(place)
            observing.mend(repo, place)
        _wait_until_gone(place)


def _ask(place: places.Place, how: signal.Signals) -> None:
    """Send a signal to a run's supervisor, if its process is that one still."""
    state = place.state()
    pid, mark = state.get("pid"), state.get("mark")
    if state.get("status") in LIVE and pid and mark and processes.start_of(pid) == mark:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(pid, how)


def _wait_until_gone(place: places.Place) -> None:
    """Wait until a supervisor has ended: its session goes with it."""
    state, end = place.state(), clock.monotonic() + _PATIENCE / 6
    pid, mark = state.get("pid"), state.get("mark")
    while pid and mark and processes.start_of(pid) == mark and clock.monotonic() < end:
        clock.sleep(_GLANCE)


def _archive(repo: LaneRepo, found: Found) -> tuple[tuple[str, ...], dict[str, str]]:
    """Archive the lanes of runs; return which, and what kept others from it."""
    done, left = [], {}
    for name in dict.fromkeys(run.lane for _, run in found):
        state = repo.view.find(name)
        if state is None or not state.record.live or state.record.away:
            continue
        try:
            archiving.archive(repo, name, force=True)
        except LanesError as error:
            left[name] = error.message
        else:
            done.append(name)
    return tuple(done), left
