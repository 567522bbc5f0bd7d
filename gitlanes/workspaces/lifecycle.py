"""Making and removing workspaces."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes import clock, ids
from gitlanes.errors import BadValue, GitFailed, Locked, Refused, line
from gitlanes.git import sparse, worktrees
from gitlanes.models.records import ACTIVE, CONFLICTED, Lane
from gitlanes.models.workspaces import Removed, Snapshot, Workspace
from gitlanes.store import layout, pending, recovery
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.expectation import require_active, require_commit
from gitlanes.store.transaction import Transaction, locked
from gitlanes.workspaces import capture, claims, edits, finding, moving, snapshots, submodules
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.git.process import Git
    from gitlanes.store.lane_repo import LaneRepo


def create(
    repo: LaneRepo,
    name: str,
    *,
    path: Path | None = None,
    at: str | None = None,
    expect: str | None = None,
) -> Workspace:
    """Give an existing lane a workspace at its head; `path` defaults to the lane's usual place.

    ``at`` names an older state of the lane's own history to begin with. Raises Raced if the lane
    is not at `expect`, BadValue for a path that can be none.
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
        place = free_place(repo, lane.name, path)
        make(repo, lane, place, commit, lock)
    return fill(repo, lane)


def make(
    repo: LaneRepo, lane: Lane, place: str, commit: str, lock: int, detached: str | None = None
) -> None:
    """Make the work tree so that a kill leaves none, or one that is marked as incomplete."""
    locks = locks_taken(repo, lane)
    making = pending.Pending(ids.new_id(clock.now()), (), place, locks=locks)
    pending.write(repo.state_directory, making, durable=repo.durable())
    try:
        plant(repo, lane, place, commit, lock, detached)
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


def create_with(tx: Transaction, lane: Lane, place: str, commit: str) -> None:
    """Let a transaction that makes a lane make its workspace, too; `fill` it afterwards."""
    make = partial(plant, tx.repo, lane, place, commit, tx.lock)
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


def free_place(repo: LaneRepo, name: str, path: Path | None) -> str:
    """Return the absolute path for a new workspace; raises Refused if something is there."""
    place = Path(path or finding.default_path(repo, name)).absolute()
    if Path(os.path.realpath(place)).is_relative_to(repo.place.common_dir):
        raise Refused(f"'{place}' is in the git directory", hint="choose another place with --path")
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
    root = repo.root()
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
    repo: LaneRepo, lane: Lane, place: str, commit: str, lock: int, detached: str | None = None
) -> None:
    """Make the work tree without its files, marked as incomplete."""
    Path(place).parent.mkdir(parents=True, exist_ok=True)
    what = f"detached workspace {detached}" if detached else f"workspace of lane {lane.name}"
    worktrees.add(repo.git, place, commit, what, (lock,))
    git_dir = str(worktrees.owner_of(place))
    if lane.sparse:
        _limit(repo, repo.git.at(git_dir, place), lane.sparse, lock)
    locks = tuple(f"{git_dir}/{x}.lock" for x in ("index", "HEAD", "ORIG_HEAD"))
    step = states.Step(states.CHECKOUT, locks=locks)
    state = states.WorkspaceState(lane.uuid, lane.name, commit, commit, step, detached)
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


def fill(repo: LaneRepo, lane: Lane) -> Workspace:
    """Write the files of a workspace just made, and run git's post-checkout hook there."""
    return filled(repo, finding.require_workspace(repo, lane))


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
    """Write the files of a lane's workspace if its making was interrupted; return it then."""
    workspace = finding.workspace_of(repo, lane)
    if workspace is None or workspace.root or not Path(workspace.path).is_dir():
        return None
    state = states.read(workspace.git_dir)
    if state is None or state.step is None or state.step.kind != states.CHECKOUT:
        return None
    with suppress(Locked):  # the one who holds it is at it
        return filled(repo, workspace, timeout=0)
    return None


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
) -> Iterator[Snapshot | None]:
    """Snapshot a workspace if need be, let the block decide, then remove the directory.

    With ``saving`` unsaved work is snapshotted as with ``force``; claims, and files with secrets,
    refuse still. With ``careful`` ignored files do, too, which no snapshot has, but for those that
    `lanes.exclude` names. An exception inside the block leaves the workspace as it is.
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
            _remove(repo, tree)
        return
    _refuse_others_inside(repo, tree)
    with capture.held(repo, workspace) as hold:
        claims.require_own(repo, hold.state, force=force)
        if careful:
            _refuse_ignored(repo, workspace)
        saved = _saved_before_removal(repo, hold, force=force, saving=saving)
        submodules.rescue(repo, workspace)
        yield saved
        with locked(repo):
            hold.begin(states.Step(states.REMOVE))
            _remove(repo, tree)


def _refuse_others_inside(repo: LaneRepo, tree: worktrees.WorkTree) -> None:
    """Raise Refused where another work tree lies in this one: no snapshot of it has that."""
    top = os.path.join(os.path.realpath(tree.path), "")
    for other in worktrees.every(repo.place.common_dir):
        if os.path.realpath(other.path).startswith(top):
            raise Refused(
                f"another work tree lies in '{tree.path}': '{other.path}'",
                hint="remove that, or move it with 'git worktree move', first",
            )


def _remove(repo: LaneRepo, tree: worktrees.WorkTree) -> None:
    worktrees.remove(tree, str(repo.state_directory / "trash"))


def _saved_without_files(repo: LaneRepo, workspace: Workspace) -> Snapshot | None:
    """Snapshot what index and HEAD hold of a directory that is gone by another hand than ours."""
    state = states.read(workspace.git_dir)
    if state and state.step and state.step.kind == states.REMOVE:
        return None
    return snapshots.save_remains(repo, workspace)


def _saved_before_removal(
    repo: LaneRepo, hold: capture.Held, *, force: bool, saving: bool
) -> Snapshot | None:
    _refuse_secrets(repo, hold.workspace, force=force)
    files = edits.unsaved(repo, hold.workspace)
    head = repo.refs.target(layout.worktree_head(Path(hold.git_dir).name))
    stray = head not in (hold.state.head, hold.state.base)
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
        raise Refused(
            f"workspace {whose} has {what}",
            hint=f"{_way_to_keep(repo, here)}, or use --force: a snapshot is taken first",
            data={"unsaved": [path.decode("utf-8", "surrogateescape") for _, path in files]},
        )
    return snapshots.save(repo, hold)


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
