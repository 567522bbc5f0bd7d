"""Directories that lanes have no use for any more, kept for the next ones: the warm pool.

A pooled one has no lane and nothing untracked but what commands made. The next workspace takes
its place by a move, and only the files that differ are written.
"""

from __future__ import annotations

import os
import re
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes.errors import GitFailed
from gitlanes.git import index, worktrees
from gitlanes.git.processes import any_inside
from gitlanes.models.workspaces import Given
from gitlanes.store import pooled
from gitlanes.store.transaction import locked
from gitlanes.workspaces import finding
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.models.records import Lane
    from gitlanes.store.lane_repo import LaneRepo
    from gitlanes.workspaces.capture import Held

_NAME = re.compile(r"@pool-[1-9][0-9]*")
_REASON = "pooled workspace of gitlanes"
# All that the git directory of one may have: other files are of work that git is amid, of
# submodules, or of settings of its own.
_PLAIN = frozenset(
    {
        *("HEAD", "ORIG_HEAD", "FETCH_HEAD", "COMMIT_EDITMSG", "commondir", "gitdir", "index"),
        *("locked", "logs", "lanes.json", "lanes.lock", "lanes-index", "lanes-pool.json"),
        *("lanes.json.new", "lanes-pool.json.new"),  # a killed command left them
    }
)


def limit(repo: LaneRepo) -> int:
    """Return how many workspaces are kept: `lanes.pool`."""
    return repo.settings.count("lanes.pool", 0)


def is_pooled(path: str) -> bool:
    """Say whether a directory's name is that of a pooled one: no lane has such a name."""
    return _NAME.fullmatch(os.path.basename(path)) is not None


def free(repo: LaneRepo) -> list[worktrees.WorkTree]:
    """Return the work trees that wait for a lane, the newest first."""
    every = worktrees.every(repo.place.common_dir)
    found = [x for x in every if pooled.is_free(x.git_dir)]
    return sorted(found, key=lambda x: pooled.since(x.git_dir), reverse=True)


def fits(repo: LaneRepo, hold: Held) -> bool:
    """Say whether a workspace that is to go, clean, can be kept for another lane.

    Where a process stands in it, that would go on there, in what is another lane's then.
    """
    most = limit(repo)
    if not most or hold.workspace.detached or not _is_plain(hold.git_dir):
        return False
    return len(free(repo)) < most and not any_inside(hold.workspace.path)


def empty(repo: LaneRepo, hold: Held) -> dict[str, str]:
    """Delete all that is untracked, secrets above all; return what commands made, which stays."""
    made = {path: key for path, key in (hold.state.given or Given()).made.items() if key}
    git = finding.git_in(repo, hold.workspace)
    index.clean(git, (hold.lock,), ignored=True, keep=[*made])
    return made


def take_in(repo: LaneRepo, hold: Held, made: dict[str, str], lock: int) -> bool:
    """Keep a workspace, under the repository's lock; False where it cannot be moved."""
    tree = worktrees.WorkTree(hold.git_dir, hold.workspace.path)
    try:
        _move_aside(repo, tree, lock)
    except GitFailed:
        return False
    pooled.put_in(hold.git_dir, made)
    return True


def take_out(
    repo: LaneRepo,
    lane: Lane,
    tree: worktrees.WorkTree,
    place: str,
    commit: str,
    lock: int,
    given: Given | None,
) -> bool:
    """Make a pooled directory a lane's workspace, whose files are to be brought to a commit.

    False where git cannot move it, for it was damaged. It is moved first: whoever finds it there
    without a lane knows that it is of the pool.
    """
    os.makedirs(os.path.dirname(place), exist_ok=True)
    try:
        worktrees.move(repo.git, tree.path, place, (lock,))
    except GitFailed:
        return False
    worktrees.relabel(tree.git_dir, f"workspace of lane {lane.name}")
    locks = tuple(f"{tree.git_dir}/{x}.lock" for x in ("index", "HEAD", "ORIG_HEAD"))
    made = pooled.made_in(tree.git_dir)
    whole = Given(begun=True, made=made) if given or made else None
    step = states.Step(states.REUSE, new=commit, locks=locks)
    state = states.WorkspaceState(lane.uuid, lane.name, commit, commit, step, given=whole)
    states.write(tree.git_dir, state, durable=repo.durable())
    return True


def make_way(repo: LaneRepo, place: str, lock: int) -> None:
    """Move a pooled directory that a killed command left where a workspace is to be."""
    git_dir = os.path.join(place, worktrees.owner_of(place) or "")
    if pooled.is_free(git_dir):
        worktrees.repair(repo.git, place, pass_fds=(lock,))
        _move_aside(repo, worktrees.WorkTree(git_dir, place), lock)


def drop(repo: LaneRepo, path: str) -> None:
    """Remove a pooled directory, unless a lane has taken it meanwhile."""
    with locked(repo):
        for tree in free(repo):
            if tree.path == path:
                worktrees.remove(tree, str(repo.state_directory / "trash"))


def drain(repo: LaneRepo) -> None:
    """Remove all pooled directories."""
    for tree in free(repo):
        drop(repo, tree.path)


def _move_aside(repo: LaneRepo, tree: worktrees.WorkTree, lock: int) -> None:
    """Give a directory a name that no lane has, unless it has one."""
    if not is_pooled(tree.path):
        above = Path(finding.default_path(repo, "x")).parent
        above.mkdir(parents=True, exist_ok=True)
        there = (above / f"@pool-{number}" for number in count(1))
        place = next(x for x in there if not os.path.lexists(x))
        worktrees.move(repo.git, tree.path, str(place), (lock,))
    worktrees.relabel(tree.git_dir, _REASON)


def _is_plain(git_dir: str) -> bool:
    """Say whether nothing of a former lane is in a git directory that another could meet."""
    names = {x.name for x in os.scandir(git_dir)}
    if "refs" in names:
        names -= {"refs"} if not any(files for _, _, files in os.walk(f"{git_dir}/refs")) else set()
    return names <= _PLAIN
