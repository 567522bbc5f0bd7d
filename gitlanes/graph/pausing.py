"""Lanes that take no work for now, or none any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.errors import Negative, Raced, Refused
from gitlanes.graph import dependencies
from gitlanes.lanes.archiving import Unasked
from gitlanes.lanes.resting import put_away
from gitlanes.models.graph import Paused
from gitlanes.models.plain import replace
from gitlanes.models.records import ABANDONED, ACTIVE, PAUSED, RENAMED, Lane, LaneState
from gitlanes.store.expectation import check_expected, require_commit, require_unbound
from gitlanes.store.transaction import transaction
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def pause(
    repo: LaneRepo, lane: str | None = None, *, why: str | None = None, expect: str | None = None
) -> Paused:
    """Let a lane take no work for now; its workspace and open attempts stay as they are.

    Raises Negative where it is paused already, Refused where it is not active, Raced if it is
    not at `expect`.
    """
    return _set(repo, lane, PAUSED, why, expect, frm=(ACTIVE,))


def resume(repo: LaneRepo, lane: str | None = None, *, expect: str | None = None) -> Paused:
    """Make a paused or abandoned lane active again; raises Negative where it is that."""
    return _set(repo, lane, ACTIVE, None, expect, frm=(PAUSED, ABANDONED))


def abandon(
    repo: LaneRepo,
    lane: str,
    *,
    why: str | None = None,
    cascade: bool = False,
    expect: str | None = None,
) -> Paused:
    """Give a lane up without landing it: its work and workspace stay, and `resume` brings it back.

    With ``cascade`` all that follow it are given up, too. Where `lanes.archiveOnAbandon` is set
    they are archived. Raises Refused where others follow it otherwise, and for the adopted lane.
    """
    made = _set(repo, lane, ABANDONED, why, expect, frm=(ACTIVE, PAUSED), cascade=cascade)
    if not repo.settings.flag("lanes.archiveOnAbandon", False):
        return made
    return replace(made, archived=put_away(repo, made.lanes, Unasked(_still, saving=True)))


def _still(state: LaneState) -> None:
    if state.record.status != ABANDONED:
        raise Raced("it was taken up again meanwhile", hint="nothing was lost")


def _set(
    repo: LaneRepo,
    lane: str | None,
    status: str,
    why: str | None,
    expect: str | None,
    *,
    frm: tuple[str, ...],
    cascade: bool = False,
) -> Paused:
    """Set the status of a lane, and of those that follow it, as one operation."""
    check_expected(expect)
    name = finding.lane_or_present(repo, lane).record.name
    with transaction(repo, _VERBS[status]) as tx:
        state = repo.view.lane(name)
        require_commit(f"lane '{name}'", state.record.head, expect)
        _require(state.record, status, frm)
        every = [state]
        if status == ABANDONED:
            every += following(repo, state, cascade=cascade)
        fitting = [x for x in every if x.record.status in frm]
        for one in fitting:
            tx.lane(one, replace(one.record, status=status, why=why or None))
        names = tuple(x.record.name for x in fitting)
        tx.description = f"{_VERBS[status]} lane {name}"
    skipped = tuple(x.record.name for x in every if x not in fitting)
    return Paused(status, why or None, names, skipped)


_VERBS = {PAUSED: "pause", ACTIVE: "resume", ABANDONED: "abandon"}


def _require(lane: Lane, status: str, frm: tuple[str, ...]) -> None:
    verb = _VERBS[status]
    if lane.status == status:
        raise Negative(f"nothing to {verb}: lane '{lane.name}' is {status} already")
    if lane.status not in frm:
        raise Refused(
            f"lane '{lane.name}' is {lane.status}",
            hint=f"only lanes that are {' or '.join(frm)} can be {_DONE[status]}",
        )
    if status == ABANDONED:
        require_unbound(lane, "abandoned")


_DONE = {PAUSED: "paused", ACTIVE: "resumed", ABANDONED: "abandoned"}


def following(repo: LaneRepo, state: LaneState, *, cascade: bool) -> list[LaneState]:
    """Return the lanes that follow one; raises Refused where there are some, unless told."""
    every = repo.view.lanes(deleted=True)
    states = {x.record.uuid: x for x in every if x.record.status != RENAMED}
    records = {uuid: x.record for uuid, x in states.items()}
    found = [states[x] for x in dependencies.dependants(records, state.record.uuid)]
    active = [x.record.name for x in found if x.record.status in (ACTIVE, PAUSED)]
    if active and not cascade:
        raise Refused(
            f"lane '{state.record.name}' is followed by {', '.join(active)}",
            hint="abandon them, too, with --cascade, or let them go on without it: "
            f"git lanes dep remove {active[0]} --on {state.record.name}",
        )
    return found
