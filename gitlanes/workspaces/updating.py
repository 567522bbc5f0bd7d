"""Bringing a lane's workspace to the lane's head, or to another state, with edits kept."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from typing import TYPE_CHECKING

from gitlanes.errors import GitFailed, Locked, Refused
from gitlanes.git import worktrees
from gitlanes.git.refs import Mover
from gitlanes.models.plain import plain, replace
from gitlanes.models.records import CONFLICTED
from gitlanes.models.workspaces import Moved, Snapshot, Workspace
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.expectation import check_expected, require_commit
from gitlanes.workspaces import (
    binding,
    capture,
    claims,
    finding,
    intake,
    mending,
    moving,
    underway,
)
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.git.trees import Change
    from gitlanes.store.lane_repo import LaneRepo
    from gitlanes.store.transaction import Transaction


def update(
    repo: LaneRepo, name: str | None = None, *, to: str | None = None, expect: str | None = None
) -> Moved:
    """Bring a workspace to its lane's head, or to a state, writing only the files that differ.

    Edits on other paths stay; an edit in the way raises Refused, and nothing is touched. To the
    head, or to a commit of the lane's own history, HEAD and base go along; of any other state
    the files come alone, as unsaved work. ``name`` is a lane or a detached workspace's id, whose
    HEAD goes along everywhere. Raises Raced if the lane is not at `expect`.
    """
    check_expected(expect)
    workspace = finding.named(repo, name)
    if workspace.root:
        return _root(repo, workspace, to, expect)
    with capture.held(repo, workspace) as hold:
        claims.require_own(repo, hold.state)
        head = _head(repo, hold.workspace, to)
        require_commit(f"lane '{hold.workspace.lane}'", head, expect)
        require_settled(hold)
        require_no_conflict(repo, hold)
        require_no_commits(repo, hold)
        new = repo.view.commit_of(to) if to is not None else str(head)
        along = workspace.detached is not None or is_ancestor(repo, new, str(head))
        return _bring(repo, hold, new, along=along)


def _head(repo: LaneRepo, workspace: Workspace, to: str | None) -> str | None:
    """Return the head of a workspace's lane; a detached one outlives it, and goes elsewhere yet."""
    state = repo.view.find(workspace.lane)
    if state is not None and state.record.live:
        return state.record.head
    if workspace.detached is None:
        return repo.view.lane(workspace.lane).record.head
    if to is None:
        raise Refused(
            f"lane '{workspace.lane}' of workspace '{workspace.id}' was deleted",
            hint=f"look at a state: git lanes workspace update {workspace.id} --to STATE",
        )
    return None


def finish(repo: LaneRepo, hold: capture.Held) -> None:
    """Finish an interrupted update; one that had not begun, or was not to be, is forgotten."""
    step = hold.state.step
    assert step is not None
    if step.operation is not None and not mending.happened(repo, hold.state, step):
        hold.done()
        return
    begun = moving.write_anew(repo, hold, str(step.old), str(step.new))
    try:
        blocking = moving.move_files(repo, hold, str(step.old), str(step.new))
    except GitFailed as failed:
        raise unfinished(hold, failed) from failed
    except Refused:
        if not begun:
            hold.done()
        raise
    if blocking is None:
        moving.settle(repo, hold)
    elif not begun:
        hold.done()
    else:
        raise in_the_way(hold.workspace, blocking, "move them away, then repeat")


def mark(
    hold: capture.Held,
    tx: Transaction,
    tip: str,
    *,
    new: str,
    old: str | None = None,
    base: str | None = None,
) -> None:
    """Note that the files go to a commit once the operation is in the lane's journal after `tip`.

    They are those of `old`, by default of the workspace's base, but for edits. HEAD and base go
    to ``base``, by default to the commit as well.
    """
    step = states.Step(states.UPDATE, old or hold.state.base, new, tx.operation, tip, base or new)
    hold.begin(replace(step, locks=moving.locks_of(hold)))


def go(repo: LaneRepo, hold: capture.Held) -> Moved:
    """Do the step that is marked, after its operation; raises what `update` does."""
    step = hold.state.step
    assert step is not None
    changes = moving.changes_between(repo, str(step.old), str(step.new))
    _move(repo, hold, step)
    return moved(hold, str(step.new), changes)


def require_settled(hold: capture.Held) -> None:
    """Raise Refused while git is in the middle of something in that workspace."""
    doing = worktrees.in_progress(hold.git_dir)
    if doing is not None:
        raise Refused(
            f"workspace '{hold.workspace.id}' is in the middle of a {doing}",
            hint=f"finish it, or run '{worktrees.way_out(doing)}' there",
        )


def require_no_conflict(repo: LaneRepo, hold: capture.Held) -> None:
    """Raise Refused where the lane's conflict is laid out: other files would count as its end."""
    here, base = hold.workspace, hold.state.base
    state = repo.view.find(here.lane) if here.detached is None else None
    if state is None or state.record.status != CONFLICTED or base is None:
        return
    if not is_ancestor(repo, base, str(state.record.head)):
        raise Refused(
            f"the conflict of lane '{here.lane}' is laid out in its workspace",
            hint=f"begin it again: git lanes conflict start {here.lane} --force; "
            f"or give it up: git lanes conflict abandon {here.lane}",
        )


def require_no_commits(repo: LaneRepo, hold: capture.Held, below: str | None = None) -> None:
    """Raise Refused where HEAD has commits of the agent's own: nothing else keeps them.

    What stands on ``below`` resolves a conflict, and cannot be proposed.
    """
    head = moving.head_of(repo, hold)
    if head in (None, hold.state.head, hold.state.base):
        return
    here, own = hold.workspace, str(hold.state.head or hold.state.base)
    if not moving.has_own_commits(repo, head, hold.state):
        raise Refused(
            f"HEAD of workspace '{here.id}' was moved back to {str(head)[:12]}",
            hint=f"bring it forward, there: git switch --detach --merge {own[:12]}",
        )
    if below is not None and below == hold.state.base:
        raise Refused(
            f"workspace '{here.id}' has commits of its own on the conflict of its lane",
            hint=f"make them edits again, there: git reset --soft {below[:12]}",
        )
    trees = [repo.objects.commit(x).tree for x in (str(head), own)]
    if here.detached is None and trees[0] == trees[1]:
        raise Refused(
            f"workspace '{here.id}' has commits of its own that change nothing",
            hint=f"let HEAD go back, there: git reset --soft {own[:12]}; "
            f"a new message: git lanes commit {here.lane} --amend -m MESSAGE",
        )
    raise Refused(
        f"workspace '{here.id}' has commits that were not proposed",
        hint=f"keep them with 'git branch NAME', then run 'git switch --detach {own[:12]}'"
        if here.detached
        else f"propose them first: git lanes propose {here.lane}",
    )


def in_the_way(workspace: Workspace, paths: list[bytes], hint: str | None = None) -> Refused:
    """Return the error for edits that would be overwritten."""
    state = str(workspace.base)[:12] if workspace.detached else workspace.lane
    aside = f"git lanes restore {state} {workspace.id} --force"
    what = f"{len(paths)} changed file{'' if len(paths) == 1 else 's'}"
    return Refused(
        f"{what} in workspace '{workspace.id}' would be overwritten",
        hint=hint or f"save or move them first, or set all aside in a snapshot: {aside}",
        data={"in_the_way": plain(paths)},
    )


def _bring(repo: LaneRepo, hold: capture.Held, new: str, *, along: bool) -> Moved:
    old = str(hold.state.base)
    changes = moving.changes_between(repo, old, new)
    moving.refuse_secrets_before(hold, changes)
    before = moving.marks_of(hold, changes)
    if changes or (along and new != old):
        base = new if along else None
        _move(repo, hold, states.Step(states.UPDATE, old=old, new=new, base=base))
    after = moving.marks_of(hold, changes)
    # Files that were there before, equal to the new ones, are left alone.
    done = {path: sides for path, sides in changes.items() if before[path] != after[path]}
    return moved(hold, new, done)


def _move(repo: LaneRepo, hold: capture.Held, step: states.Step) -> None:
    """Do a step; where git refuses, it is as if it had never been."""
    step = replace(step, locks=moving.locks_of(hold))
    if step != hold.state.step:  # it is not marked yet
        hold.begin(step)
    with closing(Mover(hold.git, (hold.lock,))) as mover:  # it starts while files are written
        try:
            blocking = moving.move_files(repo, hold, str(step.old), str(step.new))
        except (Locked, Refused):
            hold.done()
            raise
        except GitFailed as failed:
            raise unfinished(hold, failed) from failed
        if blocking is not None:
            hold.done()
            raise in_the_way(hold.workspace, blocking)
        moving.settle(repo, hold, mover)


def unfinished(hold: capture.Held, failed: GitFailed) -> GitFailed:
    """Return the error for a step that git could not do to its end."""
    return GitFailed(
        f"{failed.message} in '{hold.workspace.path}'",
        hint="mend that, then repeat: the next command goes on where this one stopped",
        data=failed.data,
    )


def moved(
    hold: capture.Held,
    state: str,
    changes: Mapping[bytes, Change],
    snapshot: Snapshot | None = None,
) -> Moved:
    """Return what a step did."""
    after = [new for _, new in changes.values()]
    modules = tuple(p for p, (_, x) in changes.items() if x is not None and x[0] == "160000")
    here = hold.workspace
    return Moved(
        lane=hold.state.name,
        workspace=hold.state.detached or hold.state.name,
        path=here.path,
        state=state,
        base=hold.state.base,
        written=len([x for x in after if x is not None]),
        removed=len([x for x in after if x is None]),
        submodules=modules,
        snapshot=snapshot,
    )


def _root(repo: LaneRepo, workspace: Workspace, to: str | None, expect: str | None) -> Moved:
    """Let the repository's own directory follow its lane's head: it goes nowhere else."""
    name = workspace.lane
    lane = repo.view.lane(name).record
    require_commit(f"lane '{name}'", lane.head, expect)
    if to is not None and repo.view.commit_of(to) != lane.head:
        raise Refused(
            f"the repository's own directory is always at the head of lane '{name}'",
            hint=f"bring the files alone with 'git lanes restore {to} {name}', or look at that "
            f"state elsewhere: git lanes workspace create {name} --at {to} --detached",
        )
    with capture.held(repo, workspace) as hold:
        claims.require_own(repo, hold.state)
        underway.require_branch(hold, str(lane.branch))
        before = repo.refs.target(str(lane.branch))
        intake.require_agreement(repo, name)
        following = binding.follow(repo, name, hold)
        if following is not None and following.paths:
            raise in_the_way(workspace, list(following.paths))
        if following is not None and not following.followed:
            raise Refused(f"the branch does not follow: {following.remains}")
        head = str(repo.view.lane(name).record.head)
        made = moved(hold, head, moving.changes_between(repo, str(before), head))
        return replace(made, base=head)
