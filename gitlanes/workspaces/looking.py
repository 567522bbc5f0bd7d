"""Detached workspaces: directories for looking at any state, several to a lane."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.errors import Refused
from gitlanes.models.workspaces import Workspace
from gitlanes.store.expectation import require_commit
from gitlanes.store.transaction import locked
from gitlanes.workspaces import finding, lifecycle, moving
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.models.records import Lane
    from gitlanes.store.lane_repo import LaneRepo


def look(
    repo: LaneRepo,
    name: str,
    *,
    path: Path | None = None,
    at: str | None = None,
    expect: str | None = None,
) -> Workspace:
    """Make a detached workspace of a lane: for looking at any state, the lane's head by default.

    There may be several. They are no lane's own: nothing is proposed from them. Its id is
    ``auth@2`` for an attempt, ``auth@s3`` for a snapshot, else ``auth@`` and 7 hex digits, and
    that is its directory's name, too. Raises as `lifecycle.create`.
    """
    lifecycle.check_path(path)
    lane = repo.view.lane(name).record
    commit = repo.view.commit_of(at) if at is not None else str(lane.head)
    begun = _begun(repo, _id_at(lane, at, commit))
    if begun is not None:
        return lifecycle.filled(repo, begun)
    moving.require_content(repo, commit)
    with locked(repo) as lock:
        lane = repo.view.lane(name).record
        require_commit(f"lane '{name}'", lane.head, expect)
        own = _free_id(repo, _id_at(lane, at, commit), path)
        place = lifecycle.free_place(repo, own, path, lock)
        planting = partial(lifecycle.plant, repo, lane, place, commit, lock, own)
        lifecycle.make(repo, lane, place, lock, planting)
    return lifecycle.filled(repo, finding.named(repo, own))


def _id_at(lane: Lane, at: str | None, commit: str) -> str:
    """Return what a detached workspace is called."""
    for spelling, mark in ((ids.ATTEMPT_ID, ""), (ids.SNAPSHOT_ID, "s")):
        match = spelling.fullmatch(at or "")
        if match and match["lane"] == lane.name:
            return f"{lane.name}@{mark}{match['number']}"
    return f"{lane.name}@{commit[:7]}"


def _begun(repo: LaneRepo, wanted: str) -> Workspace | None:
    """Return the detached workspace of that id whose making was interrupted, if there is one."""
    found = finding.by_id(repo, wanted)
    state = states.read(found.git_dir) if found else None
    step = state.step if state else None
    return found if step is not None and step.kind == states.CHECKOUT else None


def _free_id(repo: LaneRepo, wanted: str, path: Path | None) -> str:
    """Return an id that no workspace has; raises Refused for a second one at the usual place."""
    taken = {x.detached: x.path for x in finding.detached(repo)}
    if wanted in taken and path is None:
        raise Refused(
            f"workspace '{wanted}' is there already: '{taken[wanted]}'",
            hint="go there, or make another one with --path",
        )
    number, own = 1, wanted
    while own in taken:
        number += 1
        own = f"{wanted}-{number}"
    return own
