"""A bound lane and its branch: what people committed comes in, what landed goes out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes.errors import GitFailed, Locked, Raced, Refused
from gitlanes.git import index, worktrees
from gitlanes.git.refs import RefMove
from gitlanes.models.plain import replace
from gitlanes.models.records import Lane
from gitlanes.models.workspaces import Following
from gitlanes.store import layout
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.transaction import agree
from gitlanes.workspaces import capture, finding, mending, snapshots
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.git.trees import Change
    from gitlanes.store.lane_repo import LaneRepo

# Landings of others while one follows: go on to the newest head, but not for ever.
_ROUNDS = 10


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
        if tip == lane.head or tip is None:
            break
        if not is_ancestor(repo, tip, str(lane.head)):
            return Following(False, name, "the branch has commits that the lane has not")
        stopped = _advance(repo, lane, hold, tip)
        if stopped is not None:
            return stopped
    return Following(True, name)


def _advance(repo: LaneRepo, lane: Lane, hold: capture.Held, tip: str) -> Following | None:
    """Move files, index and branch from `tip` to the lane's head, or return what stopped it."""
    head, name = str(lane.head), layout.short_branch(str(lane.branch))
    step = states.Step(
        states.FOLLOW, old=tip, new=head, branch=lane.branch, locks=_locks(hold, lane)
    )
    hold.state = states.begin(hold.git_dir, hold.state, step)
    try:
        in_the_way = _move_files(repo, hold, tip, head)
    except Locked as busy:
        _done(hold)
        return Following(False, name, f"{busy.message}; the next command follows")
    if in_the_way is not None:
        _done(hold)
        remains = "unsaved changes in the repository's directory are in the way"
        return Following(False, name, remains, tuple(in_the_way))
    try:
        agree(repo, lane.name, head, RefMove(str(lane.branch), tip, head), (hold.lock,))
    except Raced:
        return _give_way(repo, lane, hold, tip)
    _done(hold)
    return None


def _give_way(repo: LaneRepo, lane: Lane, hold: capture.Held, tip: str) -> Following:
    """Bring files that are at the lane's head back to a commit that was just made on the branch.

    The next command takes that commit in, and follows with both.
    """
    name = layout.short_branch(str(lane.branch))
    now = repo.refs.target(str(lane.branch))
    if now in (None, tip):
        return Following(False, name, "the branch could not be moved; the next command follows")
    if _move_files(repo, hold, str(lane.head), str(now)) is None:
        _done(hold)
    return Following(False, name, "somebody moved the branch meanwhile; the next command follows")


def _done(hold: capture.Held) -> None:
    hold.state = replace(hold.state, step=None)
    states.write(hold.git_dir, hold.state)


def _move_files(repo: LaneRepo, hold: capture.Held, old: str, new: str) -> list[bytes] | None:
    """Bring index and files from one commit to another; return the paths whose edits forbid it.

    Files that are equal to the new commit's already (a proposal's own) are no obstacle.
    """
    from gitlanes.git.trees import changed_paths

    trees = (repo.objects.commit(old).tree, repo.objects.commit(new).tree)
    changes = changed_paths(repo.objects, repo.git, *trees)
    added = [path for path, (before, _) in changes.items() if before is None]
    blocking = _files_for_directories(hold, added) - changes.keys()
    blocking |= {path for path in added if _has_others(hold, path, changes)}
    if blocking:
        return sorted(blocking)
    plain = not hold.index and not _any_there(hold, added)
    if plain and index.two_way(hold.git, old, new, (hold.lock,)) is None:
        return None
    return hold.update(old, new, changes)


def _files_for_directories(hold: capture.Held, paths: Iterable[bytes]) -> set[bytes]:
    """Return what stands where a directory is to be: git overwrites it where it is ignored."""
    parents: set[bytes] = set()
    for path in paths:
        while (path := os.path.dirname(path)) and path not in parents:
            parents.add(path)
    places = {parent: os.path.join(os.fsencode(hold.workspace.path), parent) for parent in parents}
    return {
        parent
        for parent, place in places.items()
        if os.path.lexists(place) and (os.path.islink(place) or not os.path.isdir(place))
    }


def _has_others(hold: capture.Held, path: bytes, changes: Mapping[bytes, Change]) -> bool:
    """Say whether a directory lies at a path, with files that the step knows nothing of."""
    top = os.fsencode(hold.workspace.path)
    place = os.path.join(top, path)
    if os.path.islink(place) or os.path.lexists(os.path.join(place, b".git")):
        return False
    below = (os.path.join(at, x) for at, _, files in os.walk(place) for x in files)
    return any(os.path.relpath(file, top) not in changes for file in below)


def _any_there(hold: capture.Held, paths: Iterable[bytes]) -> bool:
    """Say whether something lies where a path is to be added: git overwrites ignored files."""
    top = os.fsencode(hold.workspace.path)
    return any(os.path.lexists(os.path.join(top, path)) for path in paths)


def _resume(repo: LaneRepo, lane: Lane, hold: capture.Held) -> None:
    """Finish an interrupted following: files that git half wrote are written anew.

    What is neither the old nor the new content could be an edit made since, so the whole
    directory is snapshotted before. Where git had not begun, it is an edit, and stays.
    """
    from gitlanes.git.trees import changed_paths

    step = hold.state.step
    if step is None or step.old is None or step.new is None:
        return
    begun = mending.remove_stale_locks(repo, step)
    trees = (repo.objects.commit(step.old).tree, repo.objects.commit(step.new).tree)
    changes = changed_paths(repo.objects, repo.git, *trees)
    hold.stage_more(list(changes))
    staged = index.staged_entries(hold.git, hold.index, list(changes))
    torn = sorted(path for path, sides in changes.items() if staged.get(path) not in sides)
    begun = begun or any(staged.get(path) == new for path, (_, new) in changes.items())
    if torn and begun and repo.refs.target(str(lane.branch)) == step.old:
        saved = snapshots.save(repo, hold)
        repo.warnings.append(
            f"an interrupted update of the repository's directory was finished; "
            f"files as they were are in snapshot {saved.id}"
        )
        index.restore_paths(hold.git, step.new, torn, (hold.lock,))
    hold.drop_index()
    _done(hold)


def _follow_branch(repo: LaneRepo, lane: Lane) -> Following:
    """Move the branch alone, where no directory has it checked out."""
    name = layout.short_branch(str(lane.branch))
    tip, place = finding.branch_place(repo, str(lane.branch))
    if tip == lane.head:
        return Following(True, name)
    if tip is None:
        return Following(False, name, "the branch does not exist any more")
    if place:
        return Following(False, name, f"the branch is checked out in '{place}'")
    if not is_ancestor(repo, tip, str(lane.head)):
        return Following(False, name, "the branch has commits that the lane has not")
    try:
        agree(repo, lane.name, str(lane.head), RefMove(str(lane.branch), tip, lane.head))
    except Raced as raced:
        return Following(False, name, raced.message)
    return Following(True, name)


def _locks(hold: capture.Held, lane: Lane) -> tuple[str, ...]:
    git_dir = Path(hold.git_dir)
    names = ("index.lock", "HEAD.lock", f"{lane.branch}.lock")
    return tuple(str(git_dir / name) for name in names)
