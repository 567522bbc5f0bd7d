"""What of a lane's work would stay behind: unsaved files, commits of its agent, open attempts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes.errors import GitFailed, Refused
from gitlanes.models.plain import plain
from gitlanes.models.records import Lane
from gitlanes.store import layout
from gitlanes.workspaces import edits, finding, moving
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.models.workspaces import Workspace
    from gitlanes.store.lane_repo import LaneRepo

# Paths that the refusal names.
_NAMED = 10


class Unsaved:
    """The unsaved files of a lane's workspace, asked for in the background."""

    def __init__(self, repo: LaneRepo, lane: Lane):
        self._lane = lane.name
        workspace = finding.workspace_of(repo, lane)
        there = workspace is not None and Path(workspace.path).is_dir()
        self.workspace = workspace if there else None
        self._question = edits.ask_unsaved(repo, workspace) if workspace and there else None
        self._paths: tuple[bytes, ...] | None = None

    def paths(self) -> tuple[bytes, ...]:
        """Wait for the answer."""
        if self._paths is None:
            self._paths = tuple(path for _, path in self._question()) if self._question else ()
        return self._paths

    def told(self, repo: LaneRepo) -> tuple[bytes, ...]:
        """Wait for the answer; where git has none, that is only warned of.

        So are commits of the agent's own, which are no unsaved files.
        """
        if self.workspace and _strayed(repo, self.workspace):
            repo.warn(
                f"commits in the workspace of '{self._lane}' were not proposed: they stay behind"
            )
        try:
            return self.paths()
        except GitFailed as error:
            repo.warn(f"unsaved work of lane '{self._lane}' is not known: {error.message}")
            return ()


def require(repo: LaneRepo, lane: Lane, unsaved: Unsaved | None = None) -> None:
    """Raise Refused where something of the lane's work is not accepted yet, and name it."""
    said = []
    paths = unsaved.paths() if unsaved else ()
    if paths:
        names = [str(plain(x)) for x in paths[:_NAMED]]
        more = f" and {len(paths) - _NAMED} more" if len(paths) > _NAMED else ""
        said.append(f"unsaved edits: {', '.join(names)}{more}")
    if unsaved and unsaved.workspace and _strayed(repo, unsaved.workspace):
        said.append("commits that were not proposed")
    attempts = [x.id for x in lane.open]
    if attempts:
        said.append(f"open attempts: {', '.join(attempts)}")
    if said:
        raise Refused(
            f"lane '{lane.name}' has {'; '.join(said)}",
            hint="commit and decide them first, or promote without --strict",
            data={"lane": lane.name, "unsaved": plain(paths), "open_attempts": attempts},
        )


def _strayed(repo: LaneRepo, workspace: Workspace) -> bool:
    """Say whether HEAD has commits of the agent's own."""
    state = states.read(workspace.git_dir)
    if workspace.root or state is None:
        return False
    head = repo.refs.target(layout.worktree_head(Path(workspace.git_dir).name))
    return moving.has_own_commits(repo, head, state)
