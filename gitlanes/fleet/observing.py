"""How agents are now: what is noted, held against what is there."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from gitlanes import clock
from gitlanes.errors import LanesError, Locked, Raced, as_lanes_error
from gitlanes.fleet import ending, places, queueing, spawning, tmux
from gitlanes.git import families, processes
from gitlanes.models.fleet import CRASHED, LIVE, QUEUED, Run, Runs
from gitlanes.models.notes import NO_COST, Cost
from gitlanes.models.plain import replace
from gitlanes.usage import sums
from gitlanes.workspaces import edits, finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_GLANCE = 0.1


def runs(
    repo: LaneRepo,
    *,
    all: bool = False,  # noqa: A002 - as the command has it
    batch: str | None = None,
    lanes: Iterable[str] = (),
) -> tuple[Run, ...]:
    """Return the agents at work, with ``all`` those that ended, too, in the order of their starts.

    What is noted is held against what is there first: an agent whose supervisor was killed is
    ended and its work kept, and those that wait begin.
    """
    reconcile(repo)
    wanted = frozenset(lanes)
    found = [
        (place, run)
        for place, run in places.named(repo)
        if (all or run.live)
        and (batch is None or run.batch == batch)
        and (not wanted or run.lane in wanted)
    ]
    return measured(repo, found)


def report(repo: LaneRepo, *, every: bool = False, batch: str | None = None) -> Runs:
    """Return the same with sums over each batch."""
    found = runs(repo, all=every, batch=batch)
    batches = dict.fromkeys(x.batch or "" for x in found)
    return Runs(found, {x: _total([y for y in found if (y.batch or "") == x]) for x in batches})


def of(place: places.Place) -> Run:
    """Return a run as it is noted."""
    found = place.told()
    assert found is not None
    return _timed(found)


def wait(repo: LaneRepo, lanes: Sequence[str], timeout: float | None = None) -> tuple[Run, ...]:
    """Wait until the agents of lanes have ended, and their work is proposed and judged.

    Returns the newest run of each lane, when the time is over as it is then.
    """
    end = None if timeout is None else clock.monotonic() + timeout
    uuids = {repo.view.lane(x).record.uuid: x for x in lanes}
    looked, own = 0.0, {}
    while True:
        if clock.monotonic() - looked > 1.0:
            reconcile(repo)
            every = {place.order().get("lane_uuid"): place for place in places.every(repo)}
            own = {uuids[x]: place for x, place in every.items() if x in uuids}
            looked = clock.monotonic()
        newest = {lane: run for lane, place in own.items() if (run := place.told())}
        over = end is not None and clock.monotonic() >= end
        if over or not any(x.live for x in newest.values()):
            return tuple(_timed(newest[x]) for x in lanes if x in newest)
        clock.sleep(_GLANCE)


def reconcile(repo: LaneRepo) -> None:
    """See to the runs whose supervisor was killed, and let those that wait begin."""
    for place, run in places.live(repo):
        if run.status != QUEUED and place.deserted:
            mend(repo, place)
    queueing.start_waiting(repo)


def mend(repo: LaneRepo, place: places.Place) -> str | None:
    """End what a killed supervisor left, keep the work, record the crash; return why it died.

    None where somebody else sees to it, or did.
    """
    try:
        with place.hold(0):
            state = place.state()
            if state.get("status") not in LIVE or state.get("status") == QUEUED:
                return None
            if state.get("host", os.uname().nodename) != os.uname().nodename:
                return None
            why = _how_it_died(state)
            families.end(_still(state), (spawning.MARK, place.id))
            _bury(repo, place, state, why)
            return why
    except (Locked, Raced):  # the next look goes on with it
        return None


def _how_it_died(state: dict[str, Any]) -> str:
    boot = processes.boot_id()
    if state.get("boot") and boot and state["boot"] != boot:
        return "the machine was started anew"
    return "its supervisor was killed" if state.get("pid") else "its supervisor did not start"


def _still(state: dict[str, Any]) -> int | None:
    """Return the agent's process, if it is that one still."""
    pid, mark = state.get("agent_pid"), state.get("agent_mark")
    same = state.get("boot") == processes.boot_id() and mark and pid
    return pid if same and pid and processes.start_of(pid) == mark else None


def _bury(repo: LaneRepo, place: places.Place, state: dict[str, Any], why: str) -> None:
    order = place.order()
    how = state.get("ending") or {"status": CRASHED, "reason": why}
    cost = {key: x for key, x in state.get("cost", {}).items() if key in Cost.fields}
    try:
        noted = ending.settle(repo, place.id, order, how, place.asked, replace(NO_COST, **cost))
        ending.release(repo, order)
    except (Locked, Raced):
        raise
    except (LanesError, OSError) as error:
        noted = {"problem": as_lanes_error(error).message}
    noted["ended"] = noted.get("ended") or clock.utc_text(clock.now())
    place.take_environment()
    place.write(**how, **noted)


def measured(repo: LaneRepo, found: Sequence[tuple[places.Place, Run]]) -> tuple[Run, ...]:
    """Return runs with what they use now, and under the names that lanes and sessions have."""
    working = [run for _, run in found if run.live and run.pid]
    used = processes.usage([x.pid for x in working if x.pid])
    sessions = _sessions(repo, working)
    changed = _changed(repo, [x for x in working if x.path])
    told = []
    for _, run in found:
        use = used.get(run.pid or 0) if run.live else None
        seconds = _timed(run)
        told.append(
            replace(
                seconds,
                session=sessions.get(run.pid or 0) if run.live else None,
                cpu=use.share(seconds.seconds) if use else None,
                memory=use.memory if use else None,
                changed=changed.get(run.id, run.changed),
            )
        )
    return tuple(told)


def _sessions(repo: LaneRepo, working: Sequence[Run]) -> dict[int, str]:
    """Return {supervisor's process: the name of its session}, whatever it is called by now."""
    found: dict[int, str] = {}
    for socket in {x.socket for x in working if x.socket}:
        if tmux.missing(repo.environ) is None:
            there = tmux.sessions(socket, repo.environ)
            found |= {pid: name for pid, (_, name) in there.items()}
    return found


def _changed(repo: LaneRepo, working: Sequence[Run]) -> dict[str, int | None]:
    """Return {run's id: files in its workspace that no commit has}; git looks at all at once.

    Where that cannot be seen it is None, and told.
    """
    there = {x.path: x for x in finding.every(repo)} if working else {}
    asked: dict[str, Callable[[], list[tuple[str, bytes]]]] = {}
    found: dict[str, int | None] = {}
    for run in working:
        if run.path not in there:
            continue
        try:
            asked[run.id] = edits.ask_unsaved(repo, there[run.path])
        except LanesError as error:
            found[run.id] = None
            repo.warn(f"cannot see the files of lane '{run.lane}': {error.message}")
    for run_id, answer in asked.items():
        try:
            found[run_id] = len(answer())
        except LanesError:
            continue  # it goes away just now
    return found


def _timed(run: Run) -> Run:
    """Return a run with the seconds that it took so far."""
    if run.started is None:
        return run
    end = clock.from_utc_text(run.ended) if run.ended else clock.now()
    return replace(run, seconds=round(max(0.0, end - clock.from_utc_text(run.started)), 1))


def _total(found: Sequence[Run]) -> dict[str, Any]:
    counts: dict[str, int] = {}
    for run in found:
        counts[run.status] = counts.get(run.status, 0) + 1
    return {
        "runs": len(found),
        "statuses": counts,
        "seconds": round(sum(x.seconds or 0 for x in found), 1),
        "changed": sum(x.changed or 0 for x in found),
        "cost": sums.summed(sums.as_sums(x.cost) for x in found),
    }
