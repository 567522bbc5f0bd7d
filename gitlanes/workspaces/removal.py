"""Removing workspaces: nothing goes that is nowhere else."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes.errors import Refused, line
from gitlanes.git import worktrees
from gitlanes.models.records import ACTIVE, CONFLICTED
from gitlanes.models.workspaces import Removed, Snapshot, Workspace
from gitlanes.store import layout
from gitlanes.store.expectation import require_commit
from gitlanes.store.transaction import locked
from gitlanes.workspaces import (
    bringing,
    capture,
    claims,
    edits,
    finding,
    moving,
    pool,
    snapshots,
    submodules,
)
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# What helps with edits that git does not tell of.
_LOOK_AGAIN = (
    "let git look at all files again ('git update-index --no-skip-worktree --no-assume-unchanged "
    "FILE'), then propose them"
)


def remove(repo: LaneRepo, name: str, *, force: bool = False, expect: str | None = None) -> Removed:
    """Remove the workspace of a lane, which stays; or that of an id or an absolute path.

    Raises Refused on unsaved work; with `force` that is snapshotted first. Raises Raced if the
    lane is not at `expect`.
    """
    workspace = finding.to_remove(repo, name)
    lane = repo.view.by_uuid(workspace.lane_uuid, workspace.lane)
    if expect is not None and lane is not None:
        require_commit(f"lane '{workspace.lane}'", lane.record.head, expect)
    with removing(repo, workspace, force=force) as saved:
        return Removed(workspace.lane, saved, workspace.id)


@contextmanager
def removing(
    repo: LaneRepo,
    workspace: Workspace,
    *,
    force: bool,
    saving: bool = False,
    careful: bool = False,
    forcible: bool = True,
) -> Iterator[Snapshot | None]:
    """Snapshot a workspace if need be, let the block decide, then remove the directory.

    With ``saving`` unsaved work is snapshotted as with ``force``; claims, and files with secrets,
    refuse still. With ``careful`` ignored files do, too, which no snapshot has, but for those that
    `lanes.exclude` names. Where it is ``forcible`` the refusal says so. An exception inside the
    block leaves the workspace as it is.
    """
    if workspace.root:
        raise Refused(
            f"workspace of lane '{workspace.lane}' is the repository itself",
            hint="only linked workspaces can be removed",
        )
    tree = worktrees.WorkTree(workspace.git_dir, workspace.path)
    if not Path(workspace.path).is_dir():
        if (state := states.read(workspace.git_dir)) is not None:
            claims.require_own(repo, state, force=force)
        yield _saved_without_files(repo, workspace)
        with locked(repo):
            take_away(repo, tree)
        return
    _refuse_others_inside(repo, tree)
    with capture.held(repo, workspace) as hold:
        claims.require_own(repo, hold.state, force=force)
        if careful:
            _refuse_ignored(repo, workspace)
        saved = _saved_before_removal(repo, hold, force=force, saving=saving, forcible=forcible)
        submodules.rescue(repo, workspace)
        yield saved
        keeping = saved is None and pool.fits(repo, hold)
        hold.begin(states.Step(states.REMOVE))
        made = pool.empty(repo, hold) if keeping else {}
        with locked(repo) as lock:
            if not keeping or not pool.take_in(repo, hold, made, lock):
                take_away(repo, tree)


def _refuse_others_inside(repo: LaneRepo, tree: worktrees.WorkTree) -> None:
    """Raise Refused where another work tree lies in this one: no snapshot of it has that."""
    top = os.path.join(os.path.realpath(tree.path), "")
    for other in worktrees.every(repo.place.common_dir):
        if os.path.realpath(other.path).startswith(top):
            raise Refused(
                f"another work tree lies in '{tree.path}': '{other.path}'",
                hint="remove that, or move it with 'git worktree move', first",
            )


def take_away(repo: LaneRepo, tree: worktrees.WorkTree) -> None:
    """Remove a work tree, under the repository's lock; called again, it finishes that."""
    worktrees.remove(tree, str(repo.state_directory / "trash"))


def _saved_without_files(repo: LaneRepo, workspace: Workspace) -> Snapshot | None:
    """Snapshot what index and HEAD hold of a directory that is gone by another hand than ours."""
    state = states.read(workspace.git_dir)
    if state and state.step and state.step.kind == states.REMOVE:
        return None
    return snapshots.save_remains(repo, workspace)


def _saved_before_removal(
    repo: LaneRepo, hold: capture.Held, *, force: bool, saving: bool, forcible: bool
) -> Snapshot | None:
    _refuse_secrets(repo, hold.workspace, force=force)
    hidden = hold.hidden_edits()
    files = edits.unsaved(repo, hold.workspace) + [("hidden", x) for x in hidden]
    head = repo.refs.target(layout.worktree_head(Path(hold.git_dir).name))
    stray = moving.has_own_commits(repo, head, hold.state)
    if not files and not stray:
        return None
    if not (force or saving):
        here = hold.workspace
        what = (
            f"{len(files)} unsaved file{'' if len(files) == 1 else 's'}"
            if files
            else "commits that were not proposed"
        )
        whose = f"'{here.id}'" if here.detached else f"of lane '{here.lane}'"
        keep = _LOOK_AGAIN if hidden else _way_to_keep(repo, here)
        forced = ", or use --force: a snapshot is taken first" if forcible else " first"
        raise Refused(
            f"workspace {whose} has {what}",
            hint=f"{keep}{forced}",
            data={"unsaved": [path.decode("utf-8", "surrogateescape") for _, path in files]},
        )
    return snapshots.save(repo, hold, hidden)


def _way_to_keep(repo: LaneRepo, here: Workspace) -> str:
    """Return what helps with unsaved work, by what its lane takes."""
    found = repo.view.by_uuid(here.lane_uuid, here.lane)
    status = found.record.status if found else None
    if here.detached or status not in (ACTIVE, CONFLICTED):
        return "move them elsewhere"
    if status == ACTIVE:
        return "propose them"
    go_on = f"'git lanes conflict continue {here.lane}'"
    return f"resolve the conflict ({go_on}), give it up ('git lanes conflict abandon {here.lane}')"


def _refuse_ignored(repo: LaneRepo, here: Workspace) -> None:
    """Raise Refused for ignored files, unless they are of the kinds that anybody can make anew."""
    found = [os.fsdecode(x) for x in edits.ignored(repo, here)]
    if found:
        raise Refused(
            f"workspace '{here.id}' has ignored files: {_listed(found)}",
            hint="move what is of use, then remove it; what is not, lanes.exclude can name for all",
            data={"ignored": found},
        )


def _listed(paths: Sequence[str]) -> str:
    named = ", ".join(f"'{line(x, 100)}'" for x in paths[:5])
    return f"{named} and {len(paths) - 5} more" if len(paths) > 5 else named


def _refuse_secrets(repo: LaneRepo, here: Workspace, *, force: bool) -> None:
    """Raise Refused for files with secrets that only the workspace has; warn where forced."""
    found = [os.fsdecode(x) for x in edits.unsaved_secrets(repo, here)]
    state = states.read(here.git_dir)
    copies = state.given.copies if state is not None and state.given else {}
    found += [os.fsdecode(x) for x in bringing.changed(here.path, copies)]
    if not found:
        return
    if force:
        repo.warn(f"removed for good, as no snapshot has files with secrets: {_listed(found)}")
        return
    raise Refused(
        f"workspace '{here.id}' has files that may hold secrets: {_listed(found)}",
        hint="move them elsewhere first: no snapshot has them, and with --force they are lost",
        data={"secret": found},
    )


def discard(repo: LaneRepo, workspace: Workspace) -> None:
    """Remove a workspace that nobody has worked in yet, with all that is there."""
    with capture.held(repo, workspace) as hold, locked(repo):
        hold.begin(states.Step(states.REMOVE))
        take_away(repo, worktrees.WorkTree(workspace.git_dir, workspace.path))
