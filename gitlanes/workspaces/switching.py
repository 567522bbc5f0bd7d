"""Handing a workspace's directory to another lane, writing only the files that differ."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from gitlanes.errors import Locked, Raced, Refused
from gitlanes.git import worktrees
from gitlanes.models.workspaces import Moved, Workspace
from gitlanes.store.expectation import check_expected, require_commit
from gitlanes.store.transaction import locked
from gitlanes.workspaces import capture, claims, finding, moving, restoring, snapshots, updating
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.models.records import Lane
    from gitlanes.models.workspaces import Snapshot
    from gitlanes.store.lane_repo import LaneRepo


def switch(
    repo: LaneRepo,
    name: str,
    *,
    workspace: str | None = None,
    force: bool = False,
    expect: str | None = None,
) -> Moved:
    """Hand a workspace over to lane `name`, which has none; its old lane has none afterwards.

    The workspace is that of the lane called ``workspace``, or the present one. Raises Refused
    on unsaved work and commits that were not proposed; with ``force`` they are snapshotted
    first. Raises Raced if lane `name` is not at `expect`.
    """
    check_expected(expect)
    target = repo.view.lane(name).record
    _complete(repo, target)
    found = finding.named(repo, workspace)
    _require_own(found)
    with capture.held(repo, found) as hold:
        require_commit(f"lane '{name}'", target.head, expect)
        if found.lane_uuid == target.uuid:
            return updating.moved(hold, str(target.head), {})
        claims.require_own(repo, hold.state, force=force)
        _require_free(repo, target)
        _require_alike(repo, hold, target)
        updating.require_settled(hold)
        return _hand_over(repo, hold, target, force=force)


def _hand_over(repo: LaneRepo, hold: capture.Held, lane: Lane, *, force: bool) -> Moved:
    head, old = str(lane.head), moving.head_of(repo, hold)
    new = str(repo.refs.target(f"{head}^{{tree}}"))
    stock = restoring.take_stock(repo, hold, new)
    saved = _set_aside(repo, hold, stock, force=force)
    changes = moving.changes_between(repo, stock.tree, new)
    step = states.Step(
        states.RESTORE, old=stock.tree, new=new, base=head, locks=moving.locks_of(hold)
    )
    with locked(repo):
        again = repo.view.lane(lane.name).record
        _require_free(repo, again)
        if (again.uuid, again.head) != (lane.uuid, lane.head):
            raise Raced(f"lane '{lane.name}' moved meanwhile")
        # From here on the directory is the new lane's, whoever finishes writing its files.
        before = hold.state
        hold.begin(step, lane=lane.uuid, name=lane.name, head=old)
    restoring.carry_out(repo, hold, stock.tree, before)
    worktrees.relabel(hold.git_dir, f"workspace of lane {lane.name}")
    return updating.moved(hold, head, changes, saved)


def _complete(repo: LaneRepo, lane: Lane) -> None:
    """Finish the handing over of the lane's workspace, if that was interrupted."""
    found = finding.workspace_of(repo, lane)
    state = states.read(found.git_dir) if found is not None and not found.root else None
    if found is not None and state is not None and state.step is not None:
        with suppress(Locked), capture.held(repo, found, timeout=0):
            pass  # the one who holds it is at it


def _set_aside(
    repo: LaneRepo, hold: capture.Held, stock: restoring.Stock, *, force: bool
) -> Snapshot | None:
    """Return the snapshot that has what would be lost; raises Refused unless forced."""
    stray = restoring.stray(repo, hold)
    if stray and not force:
        updating.require_no_commits(repo, hold)
    saved = restoring.set_aside(repo, hold, stock, force=force)
    return snapshots.keep(repo, hold, stock.tree, stock.staged) if stray else saved


def _require_own(found: Workspace) -> None:
    """Raise Refused unless it is a lane's own, and no repository's."""
    if found.root:
        raise Refused(
            "the repository's own directory cannot be handed to another lane",
            hint="go into another lane's workspace, or name one with --workspace",
        )
    if found.detached:
        raise Refused(
            f"workspace '{found.detached}' is for looking only",
            hint=f"look at another state with: git lanes workspace update {found.detached} --to "
            "STATE",
        )


def _require_free(repo: LaneRepo, lane: Lane) -> None:
    """Raise Refused where the lane has a workspace, naming it."""
    other = finding.workspace_of(repo, lane)
    if other is not None:
        gone = "" if os.path.isdir(other.path) else ", which is gone"
        raise Refused(
            f"lane '{lane.name}' has a workspace already: '{other.path}'{gone}",
            hint=f"go there, or remove it with 'git lanes workspace remove {lane.name}'",
        )


def _require_alike(repo: LaneRepo, hold: capture.Held, lane: Lane) -> None:
    """Raise Refused where the two lanes' workspaces show different directories."""
    present = repo.view.by_uuid(hold.state.lane, hold.state.name)
    if present is not None and present.record.sparse != lane.sparse:
        raise Refused(
            f"lanes '{present.record.name}' and '{lane.name}' show different directories",
            hint=f"make a workspace of its own: git lanes workspace create {lane.name}",
        )
