"""Which directory belongs to which lane."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitlanes.errors import CorruptRecord, NotFound, Refused
from gitlanes.git import worktrees
from gitlanes.git.process import Git
from gitlanes.git.refs import list_refs
from gitlanes.models.records import Lane, LaneState
from gitlanes.models.workspaces import Workspace
from gitlanes.store import layout
from gitlanes.store.view import nearest, shown
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def default_path(repo: LaneRepo, name: str) -> str:
    """Return where a lane's workspace goes unless told: ``<repository>.lanes/<lane>``.

    ``lanes.workspaceRoot`` in git config names another directory, relative to the repository.
    """
    root = repo.root()
    top = root[1] if root else repo.place.common_dir
    configured = repo.settings.path("lanes.workspaceRoot")
    if configured:
        return os.path.normpath(os.path.join(top, configured, name))
    return os.path.join(top.removesuffix(".git") + ".lanes", name)


def workspace_of(repo: LaneRepo, lane: Lane) -> Workspace | None:
    """Return a lane's workspace, or None; detached ones do not count.

    Git's id of the work tree is tried by name first.
    """
    if lane.bound and (root := _root(repo)) and root.lane_uuid == lane.uuid:
        return root
    hint = worktrees.at(repo.place.common_dir, lane.name)
    found = _workspace(hint) if hint else None
    if found is not None and found.lane_uuid == lane.uuid and found.detached is None:
        return found
    return next((x for x in linked(repo) if x.lane_uuid == lane.uuid), None)


def require_workspace(repo: LaneRepo, lane: Lane) -> Workspace:
    """Return a lane's workspace; raises NotFound or, where its directory is gone, Refused."""
    found = workspace_of(repo, lane)
    if found is None:
        back = "unarchive" if lane.away else "workspace create"
        raise NotFound("workspace of lane", lane.name, hint=f"run 'git lanes {back} {lane.name}'")
    return _there(found)


def _there(found: Workspace) -> Workspace:
    if not found.root and not os.path.isdir(found.path):
        what = f"workspace '{found.id}'" if found.detached else f"workspace of lane '{found.lane}'"
        raise Refused(f"{what} is gone: '{found.path}'", hint=when_gone(found.id))
    return found


def when_gone(workspace: str) -> str:
    """Return what helps where a workspace's directory is gone."""
    return (
        "if it was moved, run 'git worktree repair' there; "
        f"else 'git lanes workspace remove {workspace}', then 'workspace create'"
    )


def linked(repo: LaneRepo) -> Iterator[Workspace]:
    """Yield all lanes' workspaces that are linked work trees."""
    return (x for x in _linked(repo) if x.detached is None)


def detached(repo: LaneRepo) -> Iterator[Workspace]:
    """Yield the workspaces that are for looking only."""
    return (x for x in _linked(repo) if x.detached is not None)


def every(repo: LaneRepo) -> Iterator[Workspace]:
    """Yield all lanes' workspaces, the repository's own directory first.

    Those whose state is damaged are left out, with a warning.
    """
    try:
        root = _root(repo)
    except CorruptRecord as error:
        repo.warn(f"{error.message}; see 'git lanes doctor'")
        root = None
    if root is not None:
        yield root
    yield from linked(repo)


def named(repo: LaneRepo, name: str | None) -> Workspace:
    """Return the workspace of that lane, or of that id (``auth@2``), or the present one.

    Raises NotFound, and Refused where its directory is gone or this is no workspace.
    """
    if name is None:
        return present(repo)
    if "@" not in name:
        return require_workspace(repo, repo.view.lane(name).record)
    found = by_id(repo, name)
    if found is None:
        raise _not_found(repo, name)
    return _there(found)


def by_id(repo: LaneRepo, name: str) -> Workspace | None:
    """Return the detached workspace of that id, or None."""
    return next((x for x in detached(repo) if x.detached == name), None)


def to_remove(repo: LaneRepo, name: str) -> Workspace:
    """Return the workspace of that lane, id or absolute path, its directory gone or not.

    Raises NotFound.
    """
    if os.path.isabs(name):
        real = os.path.realpath(name)
        places = (*filter(None, (_root(repo),)), *_linked(repo))
        found = next((x for x in places if os.path.realpath(x.path) == real), None)
    elif "@" in name:
        found = by_id(repo, name)
    else:
        lane = repo.view.lane(name).record
        found = workspace_of(repo, lane)
        if found is None:
            where = "see 'git lanes workspace list'"
            raise NotFound("workspace of lane", lane.name, hint=where)
    if found is None:
        raise _not_found(repo, name)
    return found


def _not_found(repo: LaneRepo, name: str) -> NotFound:
    near = nearest(name, [x.id for x in _linked(repo)])
    return NotFound("workspace", shown(name), nearest=near, hint="see 'git lanes workspace list'")


def present(repo: LaneRepo) -> Workspace:
    """Return the workspace that one stands in, detached ones included; raises Refused."""
    found = present_detached(repo)
    return found or require_workspace(repo, lane_or_present(repo, None).record)


def present_detached(repo: LaneRepo) -> Workspace | None:
    """Return the detached workspace that one stands in, or None."""
    state = states.read(repo.place.git_dir) if repo.place.work_tree else None
    if state is None or state.detached is None:
        return None
    top, git_dir = str(repo.place.work_tree), repo.place.git_dir
    base, own, owner = state.base, state.detached, state.owner
    return Workspace(state.name, state.lane, top, git_dir, False, base, own, owner)


def present_lane(repo: LaneRepo) -> LaneState | None:
    """Return the lane in whose workspace one stands, or None; a detached one is no lane's."""
    state = states.read(repo.place.git_dir) if repo.place.work_tree else None
    if state is None or state.detached:
        return None
    found = repo.view.by_uuid(state.lane, state.name)
    return found if found is not None and found.record.live else None


def lane_or_present(repo: LaneRepo, name: str | None) -> LaneState:
    """Return the named lane, or without a name the one in whose workspace one stands."""
    if name is not None:
        return repo.view.lane(name)
    found = present_lane(repo)
    if found is not None:
        return found
    repo.view.require_adopted()
    state = states.read(repo.place.git_dir) if repo.place.work_tree else None
    if state is not None and state.detached:
        raise Refused(
            f"this directory is the detached workspace '{state.detached}', for looking only",
            hint=f'name the lane, or work in its workspace: cd "$(git lanes path {state.name})"',
        )
    raise Refused("this directory is no lane's workspace", hint="name the lane, or go into one")


def branch_use(repo: LaneRepo, branch: str) -> tuple[str | None, str]:
    """Return a branch's tip and the use that a directory makes of it, '' if none does.

    It is 'checked out in …', 'being rebased in …' or 'being bisected in …'.
    """
    for name, tip, place in list_refs(repo.git, [branch], "refname objectname worktreepath"):
        if name == os.fsencode(branch):
            # A bare repository has no files, yet git 2.39 counts it as a place of its HEAD.
            directory = os.fsdecode(place)
            if directory not in ("", repo.place.common_dir):
                return tip.decode(), f"checked out in '{directory}'"
            return tip.decode(), _done_with(repo, branch)
    return None, ""


def _done_with(repo: LaneRepo, branch: str) -> str:
    root = repo.root()
    trees = [worktrees.WorkTree(*root)] if root else []
    names = (branch, layout.short_branch(branch))
    for tree in (*trees, *worktrees.every(repo.place.common_dir)):
        doing = worktrees.in_the_middle_with(tree.git_dir, names)
        if doing:
            return f"being {doing} in '{tree.path}'"
    return ""


def owner_of_root(git_dir: str) -> str | None:
    """Return the uuid of the lane whose the repository's own directory is, None if unknown."""
    try:
        state = states.read(git_dir)
    except CorruptRecord:
        return None
    return state.lane if state else None


def git_in(repo: LaneRepo, workspace: Workspace) -> Git:
    """Return git, running in that workspace."""
    return repo.git.at(workspace.git_dir, workspace.path)


def _root(repo: LaneRepo) -> Workspace | None:
    root = repo.root()
    state = states.read(root[0]) if root else None
    if root is None or state is None:
        return None
    return Workspace(state.name, state.lane, root[1], root[0], True, state.base, owner=state.owner)


def _linked(repo: LaneRepo) -> Iterator[Workspace]:
    """Yield all that can be read; of one that is damaged there is a warning."""
    for tree in worktrees.every(repo.place.common_dir):
        try:
            found = _workspace(tree)
        except CorruptRecord as error:
            repo.warn(f"{error.message}; see 'git lanes doctor'")
            continue
        if found is not None:
            yield found


def _workspace(tree: worktrees.WorkTree) -> Workspace | None:
    state = states.read(tree.git_dir)
    if state is None:
        return None
    place = (tree.path, tree.git_dir)
    leased = state.given.ports if state.given else {}
    base, detached, owner = state.base, state.detached, state.owner
    return Workspace(state.name, state.lane, *place, False, base, detached, owner, leased)
