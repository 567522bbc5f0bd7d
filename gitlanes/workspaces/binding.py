"""A bound lane and its branch: what people committed comes in, what landed goes out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes.errors import GitFailed, Locked, Raced, Refused
from gitlanes.git import worktrees
from gitlanes.git.refs import RefMove
from gitlanes.models.records import Lane
from gitlanes.models.workspaces import Following
from gitlanes.store import layout
from gitlanes.store.unrecorded import agree
from gitlanes.workspaces import branches, capture, finding, moving
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Landings of others while one follows: go on to the newest head, but not for ever.
_ROUNDS = 10

_HAS_MORE = "the branch has commits that the lane has not"
_WAITS = {
    branches.MISSING: "the branch does not exist any more",
    branches.RESET: "the branch was moved back",
}


def follow(repo: LaneRepo, lane_name: str, hold: capture.Held | None = None) -> Following | None:
    """Bring a bound lane's branch, and the root's index and files, to the lane's head.

    A step of its own after a landing. `hold` is the root, if the caller holds it already, with
    the index staged that the head was made of. Never waits, and never overwrites an edit: the
    result says what remains. None for a lane without a branch.
    """
    lane = repo.view.lane(lane_name).record
    if lane.branch is None:
        return None
    name = layout.short_branch(lane.branch)
    root = finding.workspace_of(repo, lane)
    try:
        if hold is not None:
            return _follow_root(repo, lane, hold)
        if root is None or not root.root:
            return _follow_branch(repo, lane)
        with capture.held(repo, root, timeout=0) as held:
            return _follow_root(repo, lane, held)
    except Locked:
        return Following(
            False, name, "the repository's directory is busy; the next command follows"
        )
    except (GitFailed, Raced, Refused) as error:
        # The landing stands, whatever became of its files: the marker tells the next command.
        return Following(False, name, f"{error.message}; the next command follows")


def interrupted(repo: LaneRepo) -> bool:
    """Say whether a following in the repository's own directory was not finished."""
    root = repo.root()
    state = states.read(root[0]) if root else None
    return state is not None and state.step is not None


def _follow_root(repo: LaneRepo, lane: Lane, hold: capture.Held) -> Following:
    """Follow in the root, whose lock is held, until the branch is at the lane's newest head."""
    name = layout.short_branch(str(lane.branch))
    doing = worktrees.in_progress(hold.git_dir)
    if doing:
        return Following(False, name, f"the repository is in the middle of a {doing}")
    if worktrees.attached_branch(hold.git) != lane.branch:
        return _follow_branch(repo, lane)
    _resume(repo, lane, hold)
    for _ in range(_ROUNDS):
        lane = repo.view.lane(lane.name).record
        tip = repo.refs.target(str(lane.branch))
        if tip == lane.head:
            break
        how = branches.relation(repo, lane)
        if how != branches.LAGS or tip is None:
            return Following(False, name, _WAITS.get(how, _HAS_MORE))
        stopped = _advance(repo, lane, hold, tip)
        if stopped is not None:
            return stopped
    return Following(True, name)


def _advance(repo: LaneRepo, lane: Lane, hold: capture.Held, tip: str) -> Following | None:
    """Move files, index and branch from `tip` to the lane's head, or return what stopped it."""
    head, name = str(lane.head), layout.short_branch(str(lane.branch))
    try:
        moving.refuse_secrets_before(hold, moving.changes_between(repo, tip, head))
    except Refused as refused:  # before anything is marked as begun: it could never be finished
        return Following(False, name, refused.message)
    step = states.Step(
        states.FOLLOW, old=tip, new=head, branch=lane.branch, locks=_locks(hold, lane)
    )
    hold.begin(step)
    try:
        in_the_way = moving.move_files(repo, hold, tip, head)
    except Locked as busy:
        hold.done()
        return Following(False, name, f"{busy.message}; the next command follows")
    if in_the_way is not None:
        hold.done()
        remains = "unsaved changes in the repository's directory are in the way"
        return Following(False, name, remains, tuple(in_the_way))
    try:
        agree(repo, lane.name, head, RefMove(str(lane.branch), tip, head), (hold.lock,))
    except Raced:
        return _give_way(repo, lane, hold, tip)
    hold.done()
    return None


def _give_way(repo: LaneRepo, lane: Lane, hold: capture.Held, tip: str) -> Following:
    """Bring files that are at the lane's head back to a commit that was just made on the branch.

    The next command takes that commit in, and follows with both.
    """
    name = layout.short_branch(str(lane.branch))
    now = repo.refs.target(str(lane.branch))
    if now in (None, tip):
        return Following(False, name, "the branch could not be moved; the next command follows")
    if moving.move_files(repo, hold, str(lane.head), str(now)) is None:
        hold.done()
    return Following(False, name, "somebody moved the branch meanwhile; the next command follows")


def _resume(repo: LaneRepo, lane: Lane, hold: capture.Held) -> None:
    """Finish an interrupted following: files that git half wrote are written anew.

    Files that somebody has moved the branch away from since stay.
    """
    step = hold.state.step
    if step is None or step.old is None or step.new is None:
        return
    wanted = repo.refs.target(str(lane.branch)) == step.old
    moving.write_anew(repo, hold, step.old, step.new, wanted=wanted)
    hold.done()


def _follow_branch(repo: LaneRepo, lane: Lane) -> Following:
    """Move the branch alone, where no directory has it checked out."""
    name = layout.short_branch(str(lane.branch))
    tip, use = finding.branch_use(repo, str(lane.branch))
    if tip == lane.head:
        return Following(True, name)
    how = branches.relation(repo, lane)
    if tip is None or how != branches.LAGS:
        return Following(False, name, _WAITS.get(how, _HAS_MORE))
    if use:
        return Following(False, name, f"the branch is {use}")
    try:
        agree(repo, lane.name, str(lane.head), RefMove(str(lane.branch), tip, lane.head))
    except Raced as raced:
        return Following(False, name, raced.message)
    return Following(True, name)


def _locks(hold: capture.Held, lane: Lane) -> tuple[str, ...]:
    git_dir = Path(hold.git_dir)
    names = ("index.lock", "HEAD.lock", f"{lane.branch}.lock")
    return tuple(str(git_dir / name) for name in names)
