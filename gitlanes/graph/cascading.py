"""Bringing up all lanes that follow one, each after its parents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, Collision, LanesError, Locked, Negative, Raced
from gitlanes.graph import dependencies, grounds
from gitlanes.graph.sync import Order, sync_lane
from gitlanes.models.plain import Model
from gitlanes.models.records import ACTIVE, CONFLICTED, RENAMED, Lane, LaneState
from gitlanes.models.sync import DEFER, ON_CONFLICT, SKIP, STOP, Cascaded, Lagging, Synced
from gitlanes.review import decide
from gitlanes.store import journal
from gitlanes.store.adopt import require_adopted_lane
from gitlanes.store.transaction import transaction
from gitlanes.workspaces import finding
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitlanes.store.lane_repo import LaneRepo

_STOPPED = "the cascade stopped before it"


class _Walk(Model):
    """What became of lanes so far; ``left`` is {uuid: name} of those not brought up.

    ``root`` is the uuid of the lane that it began at, if it is one.
    """

    updated: list[Synced]
    current: list[str]
    failed: list[Lagging]
    skipped: list[Lagging]
    deferred: list[Lagging]
    left: dict[str, str]
    root: str


def cascade(
    repo: LaneRepo,
    root: str | None = None,
    *,
    on_conflict: str = STOP,
    go_on: bool = False,
    by: str | None = None,
) -> Cascaded:
    """Sync the lanes that follow a lane, and those that follow those, each after its parents.

    Without a name it is the lane in whose workspace one stands; with ``go_on``, all lanes that
    follow others. One that stands on its parents' heads is left as it is, so that this can be
    repeated after a kill, or once a conflict is resolved. Where a lane collides the cascade
    stops, skips it and what follows it ('skip'), or leaves a conflict there and goes on ('defer');
    to stop leaves a conflict, too.
    """
    if on_conflict not in ON_CONFLICT:
        raise BadValue(
            f"unknown way with conflicts '{on_conflict}'", hint=f"one of {', '.join(ON_CONFLICT)}"
        )
    repo.view.require_adopted()
    first = None if go_on and root is None else finding.lane_or_present(repo, root).record
    every = repo.view.lanes(deleted=True)
    known = {x.record.uuid: x for x in every if x.record.status != RENAMED}
    walk = _Walk([], [], [], [], [], {}, first.uuid if first else "")
    stopped = False
    for uuid in repo.counted("syncing lanes", _ordered(known, first.uuid if first else None)):
        state = _now(repo, known[uuid].record)
        if state is None:
            _leave(walk.skipped, walk, known[uuid], "it was deleted meanwhile")
        elif stopped:
            _leave(walk.skipped, walk, state, _STOPPED)
        elif not _visit(repo, walk, state, on_conflict, by):
            stopped = True
    if not walk.left and (synced := [x.lane for x in walk.updated] or _untold(repo, walk, first)):
        _complete(repo, synced, first, by)
    return Cascaded(
        first.name if first else None,
        tuple(walk.updated),
        tuple(walk.current),
        tuple(walk.failed),
        tuple(walk.skipped),
        tuple(walk.deferred),
    )


def _untold(repo: LaneRepo, walk: _Walk, first: Lane | None) -> list[str]:
    """Return the lanes that an earlier run synced which was killed before it said so."""
    times = {}
    for name in walk.current:
        state = repo.view.find(name)
        told = journal.read_entry(repo.refs, state.tip) if state else None
        sync = told.details.get("sync") if told else None
        if told and isinstance(sync, dict) and sync.get("cascade") == walk.root:
            times[name] = told.time
    root = _root(repo, first)
    if times and root is not None:
        last = max(times.values())
        for entry in journal.walk(repo.refs, root.tip):
            if entry.time < last:
                break
            if "cascade" in entry.details:
                return []
    return list(times)


def _now(repo: LaneRepo, lane: Lane) -> LaneState | None:
    """Return a lane as it is now, be it called otherwise; None if it is no more."""
    state = repo.view.by_uuid(lane.uuid, lane.name)
    return state if state is not None and state.record.live else None


def _root(repo: LaneRepo, first: Lane | None) -> LaneState | None:
    """Return the lane whose journal tells of a cascade."""
    return _now(repo, first) if first else require_adopted_lane(repo)


def _complete(repo: LaneRepo, lanes: list[str], first: Lane | None, by: str | None) -> None:
    """Record that all lanes were brought up, in the journal of the one that it began at."""
    with transaction(repo, "cascade", actor=by) as tx:
        state = _root(repo, first)
        if state is None:
            return
        count = f"{len(lanes)} lane{'s' if len(lanes) > 1 else ''}"
        tx.description = f"cascade {state.record.name}: {count} synced"
        tx.lane(state, state.record, details={"cascade": {"lanes": lanes}})


def _ordered(known: Mapping[str, LaneState], root: str | None) -> list[str]:
    """Return the live lanes that follow the root, or any lane, each after its parents.

    Archived ones are left out unless others follow them.
    """
    lanes = {uuid: x.record for uuid, x in known.items()}
    if root is None:
        wanted = [uuid for uuid, x in lanes.items() if x.live and x.parents]
    else:
        wanted = dependencies.dependants(lanes, root)
    hidden = dependencies.shelved(lanes)
    wanted = [x for x in wanted if x not in hidden]
    found: list[str] = []
    while len(found) < len(wanted):
        rest = [x for x in wanted if x not in found]
        ready = [x for x in rest if not set(lanes[x].parents) & set(rest)]
        # Two clones can have made a circle, which has no first one.
        found += ready or rest
    return found


def _visit(repo: LaneRepo, walk: _Walk, state: LaneState, on_conflict: str, by: str | None) -> bool:
    """Bring one lane up, or say why not; return False where the cascade stops."""
    lane = state.record
    waits = [walk.left[x] for x in lane.parents if x in walk.left]
    if waits:
        _leave(walk.skipped, walk, state, f"it follows {', '.join(waits)}")
    elif lane.status == CONFLICTED:
        _leave(walk.deferred, walk, state, lane.why or "it is in conflict")
    elif lane.status != ACTIVE:
        _leave(walk.skipped, walk, state, f"it is {lane.status}")
    elif not lane.parents:
        _leave(walk.skipped, walk, state, "it follows no lane any more")
    else:
        try:
            if grounds.stands_on(repo, state, grounds.parents_of(repo, state, None)):
                _mend(repo, state)
                walk.current.append(lane.name)
            else:
                order = Order(by=by, record=on_conflict != SKIP, cascade=walk.root)
                walk.updated.append(sync_lane(repo, state, order))
        except Collision as error:
            now = _now(repo, lane)
            conflicted = now is not None and now.record.status == CONFLICTED
            into = walk.deferred if conflicted and on_conflict == DEFER else walk.failed
            _leave(walk.skipped if on_conflict == SKIP else into, walk, state, error.message)
            return on_conflict != STOP
        except (Locked, Raced):
            raise
        except Negative:
            walk.current.append(lane.name)
        except LanesError as error:
            _leave(walk.failed, walk, state, f"{error.message}; {error.hint}")
            return on_conflict != STOP
    return True


def _mend(repo: LaneRepo, state: LaneState) -> None:
    """Finish what a killed sync left to be done in a lane's workspace."""
    place = finding.workspace_of(repo, state.record)
    there = states.read(place.git_dir) if place and not place.root else None
    if there is not None and there.step is not None:
        with decide.holding(repo, place):
            pass


def _leave(into: list[Lagging], walk: _Walk, state: LaneState, why: str) -> None:
    into.append(Lagging(state.record.name, why))
    walk.left[state.record.uuid] = state.record.name


def after_promotion(repo: LaneRepo, lane: str) -> None:
    """Bring up the lanes that follow one, if what landed there last is a promotion.

    What cannot go along is warned of, and left without a conflict.
    """
    if not _is_promotion(repo, lane):
        return
    try:
        made = cascade(repo, lane, on_conflict=SKIP)
    except LanesError as error:
        repo.warn(f"lanes that follow '{lane}' are not synced: {error.message}")
        return
    for left in (*made.failed, *made.skipped):
        repo.warn(f"lane '{left.lane}' is not synced: {left.reason}")


def _is_promotion(repo: LaneRepo, lane: str) -> bool:
    """Say whether the newest entry of a lane is that of a promotion into it."""
    state = repo.view.find(lane)
    if state is None:
        return False
    entry = journal.read_entry(repo.refs, state.tip)
    told = entry.details.get("promotion") or {}
    return "part" in entry.details or told.get("into_uuid") == state.record.uuid
