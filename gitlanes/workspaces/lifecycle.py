"""Making and removing workspaces."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes import clock, ids
from gitlanes.errors import BadValue, Locked, Refused
from gitlanes.git import worktrees
from gitlanes.models.records import Lane
from gitlanes.models.workspaces import Snapshot, Workspace
from gitlanes.store import codec, layout, pending, recovery
from gitlanes.store.expectation import require_commit
from gitlanes.store.transaction import Transaction, locked
from gitlanes.workspaces import capture, finding, snapshots, submodules
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def create(
    repo: LaneRepo, name: str, *, path: Path | None = None, expect: str | None = None
) -> Workspace:
    """Give an existing lane a workspace at its head; `path` defaults to the lane's usual place.

    Raises Raced if the lane is not at `expect`, BadValue for a path that can be none.
    """
    check_path(path)
    complete(repo, repo.view.lane(name).record)
    with locked(repo) as lock:
        lane = repo.view.lane(name).record
        require_commit(f"lane '{name}'", lane.head, expect)
        _refuse_second(repo, lane)
        place = free_place(repo, lane.name, path)
        making = pending.Pending(ids.new_id(clock.now()), (), place)
        pending.write(repo.state_directory, making)
        try:
            plant(repo, lane, place, str(lane.head), lock)
        except BaseException:
            recovery.recover(repo, lock)
            raise
        pending.clear(repo.state_directory)
    return fill(repo, lane)


def create_with(tx: Transaction, lane: Lane, place: str, commit: str) -> None:
    """Let a transaction that makes a lane make its workspace, too; `fill` it afterwards."""
    tx.make_worktree(place, lambda: plant(tx.repo, lane, place, commit, tx.lock))


def check_path(path: Path | None) -> None:
    """Raise BadValue for a path that no directory can have; asked before anything is written."""
    if path is not None and not worktrees.can_be(str(path)):
        raise BadValue(
            f"bad workspace path '{codec.one_line(ascii(str(path))[1:-1], 60)}'",
            hint="a path has no NUL byte, and only characters that the file system can write",
        )


def free_place(repo: LaneRepo, name: str, path: Path | None) -> str:
    """Return the absolute path for a new workspace; raises Refused if something is there."""
    place = Path(path or finding.default_path(repo, name)).absolute()
    if place.exists() or place.is_symlink():
        abandoned = worktrees.owner_of(str(place))
        state = states.read(abandoned) if abandoned else None
        if state is None or repo.view.by_uuid(state.lane) is not None:
            raise Refused(
                f"'{place}' is there already",
                hint="choose another place with --path, or move that away",
            )
    return str(place)


def plant(repo: LaneRepo, lane: Lane, place: str, commit: str, lock: int) -> None:
    """Make the work tree without its files, marked as incomplete."""
    Path(place).parent.mkdir(parents=True, exist_ok=True)
    worktrees.add(repo.git, place, commit, f"workspace of lane {lane.name}", (lock,))
    git_dir = str(worktrees.owner_of(place))
    locks = tuple(f"{git_dir}/{x}.lock" for x in ("index", "HEAD", "ORIG_HEAD"))
    step = states.Step(states.CHECKOUT, locks=locks)
    states.write(git_dir, states.WorkspaceState(lane.uuid, lane.name, commit, commit, step))


def fill(repo: LaneRepo, lane: Lane) -> Workspace:
    """Write the files of a workspace just made, and run git's post-checkout hook there."""
    workspace = finding.require_workspace(repo, lane)
    with capture.held(repo, workspace) as hold:
        pass  # taking hold of an incomplete workspace completes it
    worktrees.run_checkout_hook(hold.git, str(hold.state.head), repo.settings)
    return workspace


def complete(repo: LaneRepo, lane: Lane) -> Workspace | None:
    """Write the files of a workspace whose making was interrupted; return the lane's, if any."""
    workspace = finding.workspace_of(repo, lane)
    if workspace is None or workspace.root or not Path(workspace.path).is_dir():
        return workspace
    state = states.read(workspace.git_dir)
    if state and state.step and state.step.kind == states.CHECKOUT:
        with suppress(Locked), capture.held(repo, workspace, timeout=0):
            pass  # the one who holds it is at it
    return workspace


def remove(
    repo: LaneRepo, name: str, *, force: bool = False, expect: str | None = None
) -> Snapshot | None:
    """Remove a lane's workspace; the lane stays. Return the snapshot if one was needed.

    Raises Refused on unsaved work; with `force` that is snapshotted first. Raises Raced if the
    lane is not at `expect`.
    """
    state = repo.view.lane(name)
    require_commit(f"lane '{name}'", state.record.head, expect)
    workspace = finding.workspace_of(repo, state.record)
    if workspace is None:
        finding.require_workspace(repo, state.record)
        return None
    with removing(repo, workspace, force=force) as saved:
        return saved


@contextmanager
def removing(repo: LaneRepo, workspace: Workspace, *, force: bool) -> Iterator[Snapshot | None]:
    """Snapshot a workspace if need be, let the block decide, then remove the directory.

    An exception inside the block leaves the workspace as it is.
    """
    if workspace.root:
        raise Refused(
            f"workspace of lane '{workspace.name}' is the repository itself",
            hint="only linked workspaces can be removed",
        )
    tree = worktrees.WorkTree(workspace.git_dir, workspace.path)
    if not Path(workspace.path).is_dir():
        yield None
        with locked(repo):
            _remove(repo, tree)
        return
    with capture.held(repo, workspace) as hold:
        saved = _saved_before_removal(repo, hold, force=force)
        submodules.rescue(repo, workspace)
        yield saved
        with locked(repo):
            states.begin(hold.git_dir, hold.state, states.Step(states.REMOVE))
            _remove(repo, tree)


def _remove(repo: LaneRepo, tree: worktrees.WorkTree) -> None:
    worktrees.remove(tree, str(repo.state_directory / "trash"))


def _saved_before_removal(repo: LaneRepo, hold: capture.Held, *, force: bool) -> Snapshot | None:
    files = capture.unsaved(repo, hold.workspace)
    head = repo.refs.target(layout.worktree_head(Path(hold.git_dir).name))
    stray = head not in (hold.state.head, hold.state.base)
    if not files and not stray:
        return None
    if not force:
        what = f"{len(files)} unsaved file(s)" if files else "commits that were not proposed"
        raise Refused(
            f"workspace of lane '{hold.workspace.name}' has {what}",
            hint="propose them, or use --force: a snapshot is taken first",
            data={"unsaved": [path.decode("utf-8", "surrogateescape") for _, path in files]},
        )
    return snapshots.save(repo, hold)


def _refuse_second(repo: LaneRepo, lane: Lane) -> None:
    found = finding.workspace_of(repo, lane)
    if found is None:
        return
    state = states.read(found.git_dir)
    if state and state.step and state.step.kind == states.REMOVE and not Path(found.path).exists():
        _remove(repo, worktrees.WorkTree(found.git_dir, found.path))
        return
    raise Refused(
        f"lane '{lane.name}' has a workspace already: '{found.path}'",
        hint=f"remove it with 'git lanes workspace remove {lane.name}'",
    )
