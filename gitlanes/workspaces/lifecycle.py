"""Making workspaces."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes import clock, ids
from gitlanes.errors import BadValue, GitFailed, Locked, Refused, line
from gitlanes.git import sparse, worktrees
from gitlanes.git.process import uninterrupted
from gitlanes.models.records import CONFLICTED, Lane
from gitlanes.models.workspaces import Given, Workspace
from gitlanes.store import pending, recovery
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.expectation import require_active, require_commit
from gitlanes.store.transaction import Transaction, locked
from gitlanes.workspaces import (
    capture,
    finding,
    moving,
    pool,
    provisioning,
    removal,
)
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.git.process import Git
    from gitlanes.store.lane_repo import LaneRepo


def _nothing() -> None:
    """Do nothing more."""


def create(
    repo: LaneRepo,
    name: str,
    *,
    path: Path | None = None,
    at: str | None = None,
    expect: str | None = None,
    quick: bool = False,
) -> Workspace:
    """Give an existing lane a workspace at its head; `path` defaults to the lane's usual place.

    ``at`` names an older state of the lane's own history to begin with; a ``quick`` one is not set
    up. Raises Raced if the lane is not at `expect`, BadValue for a path that can be none.
    """
    check_path(path)
    lane = repo.view.lane(name).record
    completed = complete(repo, lane)
    if completed is not None and path is None and at is None:
        require_commit(f"lane '{name}'", lane.head, expect)
        return completed
    with locked(repo) as lock:
        lane = repo.view.lane(name).record
        if lane.status != CONFLICTED:  # that has to be resolved somewhere
            require_active(lane)
        require_commit(f"lane '{name}'", lane.head, expect)
        _refuse_second(repo, lane)
        commit = _start(repo, lane, at)
        moving.require_content(repo, commit)
        given = None if quick else provisioning.marked(repo, lane)
        place = free_place(repo, lane.name, path, lock)
        make(repo, lane, place, lock, partial(plant, repo, lane, place, commit, lock, given=given))
    return fill(repo, lane)


def make(repo: LaneRepo, lane: Lane, place: str, lock: int, planting: Callable[[], None]) -> None:
    """Have a work tree made so that a kill leaves none, or one that is marked as incomplete."""
    locks = locks_taken(repo, lane)
    making = pending.Pending(ids.new_id(clock.now()), (), place, locks=locks)
    pending.write(repo.state_directory, making, durable=repo.durable())
    try:
        planting()
    except BaseException:
        recovery.recover(repo, lock)
        raise
    pending.clear(repo.state_directory)


def _start(repo: LaneRepo, lane: Lane, at: str | None) -> str:
    """Return where a lane's own workspace begins; raises Refused outside the lane's history."""
    head = str(lane.head)
    commit = repo.view.commit_of(at) if at is not None else head
    if not is_ancestor(repo, commit, head):
        raise Refused(
            f"'{line(str(at), 60)}' is not in the history of lane '{lane.name}'",
            hint="look at it in a workspace of its own with --detached",
        )
    return commit


def create_with(
    tx: Transaction, lane: Lane, place: str, commit: str, *, quick: bool = False
) -> None:
    """Let a transaction that makes a lane make its workspace, too; `fill` it afterwards.

    A ``quick`` one is not set up.
    """
    given = None if quick else provisioning.marked(tx.repo, lane)
    make = partial(plant, tx.repo, lane, place, commit, tx.lock, given=given)
    tx.make_worktree(place, make, locks_taken(tx.repo, lane))


def locks_taken(repo: LaneRepo, lane: Lane) -> tuple[str, ...]:
    """Return the files that git locks to make a lane's workspace, from the common directory."""
    return sparse.LOCKS if lane.sparse and not sparse.is_prepared(repo.git) else ()


def check_path(path: Path | None) -> None:
    """Raise BadValue for a path that no directory can have; asked before anything is written."""
    if path is not None and not worktrees.can_be(str(path)):
        raise BadValue(
            f"bad workspace path '{line(str(path), 60)}'",
            hint="a path has no NUL byte, and only characters that the file system can write",
        )


def free_place(repo: LaneRepo, name: str, path: Path | None, lock: int) -> str:
    """Return the absolute path for a new workspace; raises Refused if something is there."""
    place = Path(path or finding.default_path(repo, name)).absolute()
    if Path(os.path.realpath(place)).is_relative_to(repo.place.common_dir):
        raise Refused(f"'{place}' is in the git directory", hint="choose another place with --path")
    pool.make_way(repo, str(place), lock)
    if place.exists() or place.is_symlink():
        abandoned = worktrees.owner_of(str(place))
        state = states.read(abandoned) if abandoned else None
        if state is None or repo.view.by_uuid(state.lane) is not None:
            raise Refused(
                f"'{place}' is there already",
                hint="choose another place with --path, or move that away",
            )
    _warn_inside(repo, place)
    return str(place)


def _warn_inside(repo: LaneRepo, place: Path) -> None:
    """Warn of a place in the repository's own directory that git does not ignore there."""
    root, place = repo.root(), Path(os.path.normpath(place))
    if root is None or not place.is_relative_to(root[1]):
        return
    asked = ("--no-literal-pathspecs", "check-ignore", "--quiet", "--", str(place))
    if repo.git.at(*root).run(*asked, check=False).code == 0:
        return
    repo.warn(
        f"'{line(str(place), 200)}' lies in the repository's own directory: "
        "'git add' there would take it for a submodule, unless it is ignored (.git/info/exclude)"
    )


def plant(
    repo: LaneRepo,
    lane: Lane,
    place: str,
    commit: str,
    lock: int,
    detached: str | None = None,
    given: Given | None = None,
) -> None:
    """Make the work tree without its files, marked as incomplete; ``given`` marks what else is.

    One of the pool is taken where there is one.
    """
    waiting = [] if detached or lane.sparse else [x for x in pool.free(repo) if x.exists]
    if any(pool.take_out(repo, lane, x, place, commit, lock, given) for x in waiting):
        return
    Path(place).parent.mkdir(parents=True, exist_ok=True)
    what = f"detached workspace {detached}" if detached else f"workspace of lane {lane.name}"
    worktrees.add(repo.git, place, commit, what, (lock,))
    git_dir = str(worktrees.owner_of(place))
    if lane.sparse:
        _limit(repo, repo.git.at(git_dir, place), lane.sparse, lock)
    locks = tuple(f"{git_dir}/{x}.lock" for x in ("index", "HEAD", "ORIG_HEAD"))
    step = states.Step(states.CHECKOUT, locks=locks)
    state = states.WorkspaceState(lane.uuid, lane.name, commit, commit, step, detached, given=given)
    states.write(git_dir, state, durable=repo.durable())


def _limit(repo: LaneRepo, git: Git, directories: Sequence[str], lock: int) -> None:
    """Make a work tree without files sparse: whatever writes them later writes only those."""
    prepared = sparse.is_prepared(repo.git)
    sparse.limit(git, directories, (lock,))
    if not prepared:
        repo.warnings.append(
            f"{sparse.EXTENSION} is on now in this repository's git config: "
            "git's sparse checkouts need it"
        )


def fill(repo: LaneRepo, lane: Lane, undo: Callable[[], None] = _nothing) -> Workspace:
    """Write the files of a workspace just made, run git's post-checkout hook there, set it up.

    Where that fails, or is interrupted, ``undo`` is called, and the workspace goes again. Raises
    SetupFailed.
    """
    workspace = filled(repo, finding.require_workspace(repo, lane))
    try:
        provisioning.provide(repo, workspace)
    except BaseException:
        with uninterrupted():
            undo()
            removal.discard(repo, workspace)
        raise
    return workspace


def filled(repo: LaneRepo, workspace: Workspace, *, timeout: float = 60) -> Workspace:
    """Write the files of this workspace as `fill` does."""
    try:
        with capture.held(repo, workspace, timeout=timeout) as hold:
            pass  # taking hold of an incomplete workspace completes it
    except (GitFailed, OSError) as error:
        said = error.message if isinstance(error, GitFailed) else (error.strerror or str(error))
        raise GitFailed(
            f"cannot write all files of workspace '{workspace.path}': {said}",
            hint="mend that: the next command that works there goes on where this one stopped",
        ) from error
    worktrees.run_checkout_hook(hold.git, str(hold.state.head), repo.settings)
    return workspace


def complete(repo: LaneRepo, lane: Lane) -> Workspace | None:
    """Write the files of a lane's workspace, and set it up, if its making was interrupted.

    Return it then. Raises SetupFailed; what is there stays, for somebody may have worked there.
    """
    workspace = finding.workspace_of(repo, lane)
    if workspace is None or workspace.root or not Path(workspace.path).is_dir():
        return None
    state = states.read(workspace.git_dir)
    if state is None or not states.is_begun(state):
        return None
    with suppress(Locked):  # the one who holds it is at it
        if state.step is not None:
            filled(repo, workspace, timeout=0)
        provisioning.provide(repo, workspace, timeout=0)
        return workspace
    return None


def _refuse_second(repo: LaneRepo, lane: Lane) -> None:
    found = finding.workspace_of(repo, lane)
    if found is None:
        return
    state = states.read(found.git_dir)
    if state and state.step and state.step.kind == states.REMOVE and not Path(found.path).exists():
        removal.take_away(repo, worktrees.WorkTree(found.git_dir, found.path))
        return
    raise Refused(
        f"lane '{lane.name}' has a workspace already: '{found.path}'",
        hint="it is the repository's own directory"
        if found.root
        else f"remove it with 'git lanes workspace remove {lane.name}'",
    )
