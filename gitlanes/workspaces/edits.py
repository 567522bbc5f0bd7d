"""What a workspace has that no commit has, asked without its lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gitlanes.git import staging
from gitlanes.workspaces import finding
from gitlanes.workspaces.rules import rules_of

if TYPE_CHECKING:
    from gitlanes.models.workspaces import Workspace
    from gitlanes.store.lane_repo import LaneRepo


def unsaved(repo: LaneRepo, workspace: Workspace) -> list[tuple[str, bytes]]:
    """Return (status, path) of what differs from the workspace's HEAD; takes no lock."""
    return ask_unsaved(repo, workspace)()


def ask_unsaved(repo: LaneRepo, workspace: Workspace) -> Callable[[], list[tuple[str, bytes]]]:
    """Ask for what differs from HEAD, to be answered while other work goes on."""
    rules = rules_of(repo, workspace)
    return staging.ask_changed_files(finding.git_in(repo, workspace), rules)


def unsaved_secrets(repo: LaneRepo, workspace: Workspace) -> list[bytes]:
    """Return the workspace's files with secrets that no commit has, and no snapshot would."""
    return staging.secret_files(finding.git_in(repo, workspace), rules_of(repo, workspace))


def ignored(repo: LaneRepo, workspace: Workspace) -> list[bytes]:
    """Return the workspace's ignored files and directories that `lanes.exclude` does not name."""
    return staging.ignored_files(finding.git_in(repo, workspace), rules_of(repo, workspace))
