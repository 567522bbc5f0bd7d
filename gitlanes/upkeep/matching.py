"""Checks whether workspaces are as their lanes are."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from gitlanes.models.health import WARNING
from gitlanes.models.records import Lane
from gitlanes.upkeep.survey import Problem, Spot, Survey, problem
from gitlanes.workspaces import mending, removal
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def mismatches(survey: Survey) -> Iterator[Problem]:
    """Find workspaces of archived lanes, of former names, and on commits that are not here."""
    for spot, state in survey.known:
        lane = survey.lane(state.lane)
        if spot.gone or state.step is not None or not spot.idle:
            continue  # other checks tell of these
        if lane is None or not lane.live:
            if spot.workspace.root and state.name not in survey.unreadable:
                yield _of_no_lane(spot, state)
            continue
        if lane.away and not spot.workspace.detached:
            yield _of_archived(survey.repo, spot, lane)
        elif state.name != lane.name:
            yield _misnamed(survey.repo, spot, state, lane)
        if state.base is not None and survey.repo.refs.target(f"{state.base}^{{commit}}") is None:
            yield problem(
                f"workspace '{spot.path}' is based on {state.base[:12]}, which is not here",
                spot.path,
                "get that commit from another clone with 'git fetch --refetch', or keep what you "
                f"need, then 'git worktree remove --force --force {spot.path}'",
            )


def _of_no_lane(spot: Spot, state: states.WorkspaceState) -> Problem:
    return problem(
        f"'{spot.path}' is recorded as lane '{state.name}', which is gone",
        spot.path,
        f"move '{spot.git_dir}/lanes.json' away, then run 'git lanes init'",
    )


def _of_archived(repo: LaneRepo, spot: Spot, lane: Lane) -> Problem:
    what = f"lane '{lane.name}' is {lane.status}, and has a workspace: '{spot.path}'"
    mend = "remove it, with its unsaved work in a snapshot"

    def remove() -> str:
        going = removal.removing(repo, spot.workspace, force=False, saving=True, careful=True)
        with going as saved:
            pass
        return "removed it" + (f"; its unsaved work is in snapshot {saved.id}" if saved else "")

    return problem(what, spot.path, mend, remove, question=f"{what}: {mend}?")


def _misnamed(repo: LaneRepo, spot: Spot, state: states.WorkspaceState, lane: Lane) -> Problem:
    return problem(
        f"workspace '{spot.path}' says that it is of lane '{state.name}', which is "
        f"'{lane.name}' now",
        spot.path,
        "note its lane's name there",
        partial(_named, repo, spot),
        severity=WARNING,
    )


def _named(repo: LaneRepo, spot: Spot) -> str:
    with states.hold(spot.git_dir, spot.workspace.lane, timeout=0):
        mending.named(repo, spot.workspace)
    return "noted it"
