"""Which directory belongs to which lane."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitlanes.errors import NotFound, Refused
from gitlanes.git import worktrees
from gitlanes.git.process import Git
from gitlanes.git.refs import list_refs
from gitlanes.models.records import DELETED, Lane, LaneState
from gitlanes.models.workspaces import Workspace
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def default_path(repo: LaneRepo, name: str) -> str:
    """Return where a lane's workspace goes unless told: ``<repository>.lanes/<lane>``.

    ``lanes.workspaceRoot`` in git config names another directory, relative to the repository.
    """
    root = repo.root()
    top = root[1] if root else repo.place.common_dir
    configured = repo.settings.path("lanes.workspaceroot")
    if configured:
        return os.path.normpath(os.path.join(top, configured, name))
    return os.path.join(top.removesuffix(".git") + ".lanes", name)


def workspace_of(repo: LaneRepo, lane: Lane) -> Workspace | None:
    """Return a lane's workspace, or None. Git's id of the work tree is tried by name first."""
    if lane.bound and (root := _root(repo)) and root.lane == lane.uuid:
        return root
    hint = worktrees.at(repo.place.common_dir, lane.name)
    found = _workspace(hint) if hint else None
    if found is not None and found.lane == lane.uuid:
        return found
    return next((x for x in linked(repo) if x.lane == lane.uuid), None)


def require_workspace(repo: LaneRepo, lane: Lane) -> Workspace:
    """Return a lane's workspace; raises NotFound or, where its directory is gone, Refused."""
    found = workspace_of(repo, lane)
    if found is None:
        raise NotFound(
            "workspace of lane", lane.name, hint=f"run 'git lanes workspace create {lane.name}'"
        )
    if not found.root and not os.path.isdir(found.path):
        raise Refused(
            f"workspace of lane '{lane.name}' is gone: '{found.path}'",
            hint=f"run 'git lanes workspace remove {lane.name}', then 'workspace create'",
        )
    return found


def linked(repo: LaneRepo) -> Iterator[Workspace]:
    """Yield all workspaces that are linked work trees."""
    for tree in worktrees.every(repo.place.common_dir):
        found = _workspace(tree)
        if found is not None:
            yield found


def every(repo: LaneRepo) -> Iterator[Workspace]:
    """Yield all workspaces, the repository's own directory first."""
    root = _root(repo)
    if root is not None:
        yield root
    yield from linked(repo)


def present_lane(repo: LaneRepo) -> LaneState | None:
    """Return the lane in whose workspace one stands, or None."""
    state = states.read(repo.place.git_dir) if repo.place.work_tree else None
    if state is None:
        return None
    found = repo.view.find(state.name)
    if found is None or found.record.uuid != state.lane:
        found = repo.view.by_uuid(state.lane)
    return found if found is not None and found.record.status != DELETED else None


def lane_or_present(repo: LaneRepo, name: str | None) -> LaneState:
    """Return the named lane, or without a name the one in whose workspace one stands."""
    if name is not None:
        return repo.view.lane(name)
    found = present_lane(repo)
    if found is not None:
        return found
    repo.view.require_adopted()
    raise Refused("this directory is no lane's workspace", hint="name the lane, or go into one")


def branch_place(repo: LaneRepo, branch: str) -> tuple[str | None, str]:
    """Return a branch's tip and the directory that has it checked out, '' if none has."""
    for name, tip, place in list_refs(repo.git, [branch], "refname objectname worktreepath"):
        if name == os.fsencode(branch):
            # A bare repository has no files, yet git 2.39 counts it as a place of its HEAD.
            directory = os.fsdecode(place)
            return tip.decode(), "" if directory == repo.place.common_dir else directory
    return None, ""


def git_in(repo: LaneRepo, workspace: Workspace) -> Git:
    """Return git, running in that workspace."""
    return repo.git.at(workspace.git_dir, workspace.path)


def _root(repo: LaneRepo) -> Workspace | None:
    root = repo.root()
    state = states.read(root[0]) if root else None
    if root is None or state is None:
        return None
    return Workspace(state.lane, state.name, root[1], root[0], True, state.base)


def _workspace(tree: worktrees.WorkTree) -> Workspace | None:
    state = states.read(tree.git_dir)
    if state is None:
        return None
    return Workspace(state.lane, state.name, tree.path, tree.git_dir, False, state.base)
