"""Finishing a step on a workspace that a killed process left under way.

The workspace's lock is held, and children inherit it: that it was free says that nobody works
on the step any more.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from gitlanes.errors import Refused
from gitlanes.git import index, lock_files, worktrees
from gitlanes.models.plain import replace
from gitlanes.models.workspaces import Workspace
from gitlanes.store import journal, pooled
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.git.process import Git
    from gitlanes.store.lane_repo import LaneRepo


def named(repo: LaneRepo, workspace: Workspace) -> Workspace:
    """Return the workspace under the name that its lane has now, and note that there.

    A lane's renaming ends in its workspace, and may have been killed before.
    """
    state = states.read(workspace.git_dir)
    lane = repo.view.by_uuid(state.lane, state.name) if state else None
    if state is None or lane is None:
        return workspace
    name = lane.record.name
    if state.name != name:
        states.write(workspace.git_dir, replace(state, name=name), durable=repo.durable())
    return replace(workspace, lane=name)


def mended(repo: LaneRepo, workspace: Workspace, git: Git, lock: int) -> states.WorkspaceState:
    """Return the workspace's state, its interrupted step finished or undone.

    An interrupted 'follow' is left to the one who follows: it needs the lane's head. Those that
    move files, 'update' and 'restore', are left to the one who holds the workspace.
    """
    state = states.read(workspace.git_dir)
    if state is None:
        raise Refused(f"'{workspace.path}' is no workspace any more", hint="repeat the command")
    step = state.step
    if step is None or step.kind in (states.FOLLOW, states.UPDATE, states.RESTORE):
        return state
    remove_stale_locks(repo, step)
    if step.kind == states.CHECKOUT:
        worktrees.fill(git, (lock,), partial(repo.progress, "writing files"))
        done = replace(state, step=None)
    elif step.kind == states.REUSE:
        done = _reused(git, state, step, lock)
    elif happened(repo, state, step):
        done = _moved(git, state, step, lock)
    else:
        done = replace(state, step=None)
    states.write(workspace.git_dir, done, durable=repo.durable())
    return done


def _reused(
    git: Git, state: states.WorkspaceState, step: states.Step, lock: int
) -> states.WorkspaceState:
    """Make a pooled directory's files those of a commit, with what commands made in it."""
    index.hold_commit(git, str(step.new), (lock,))
    made = state.given.made if state.given else {}
    index.clean(git, (lock,), ignored=True, keep=[*made])
    pooled.forget(git.git_dir)
    return replace(state, step=None)


def _moved(
    git: Git, state: states.WorkspaceState, step: states.Step, lock: int
) -> states.WorkspaceState:
    """Finish a move of HEAD and index, unless the agent has put HEAD elsewhere meanwhile."""
    if step.new is None:
        return replace(state, step=None, base=step.base)
    actual = git.run("rev-parse", "--verify", "--quiet", "HEAD", check=False).text
    if actual in (step.old, step.new):
        index.put_head(git, step.new, (lock,), keep_staged=step.kind == states.SHIFT)
        if worktrees.in_progress(git.git_dir) == "merge":
            git.run("merge", "--quit", pass_fds=(lock,))
    return replace(state, step=None, base=step.base, head=step.new)


def remove_stale_locks(repo: LaneRepo, step: states.Step) -> bool:
    """Remove the lock files that the interrupted step named; say whether there were any.

    Raises Locked while a git command might hold one.
    """
    return lock_files.remove_named(step.locks, repo.place.common_dir)


def happened(repo: LaneRepo, state: states.WorkspaceState, step: states.Step) -> bool:
    """Say whether the step's operation made it into the lane's journal."""
    found = repo.view.by_uuid(state.lane, state.name)
    if found is None:
        return False
    for entry in journal.walk(repo.refs, found.tip):
        if entry.oid == step.tip:
            return False
        if entry.operation == step.operation:
            return True
    return False
