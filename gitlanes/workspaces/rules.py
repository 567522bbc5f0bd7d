"""Which of a workspace's files are taken in, as settings say."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitlanes.config import table
from gitlanes.git.exclusions import Rules
from gitlanes.git.settings import as_size
from gitlanes.workspaces import bringing
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.models.workspaces import Workspace
    from gitlanes.store.lane_repo import LaneRepo


def rules_of(repo: LaneRepo, workspace: Workspace) -> Rules:
    """Return the rules for a workspace; raises Refused for a setting that is none."""
    excluded, secret = _patterns(repo, "exclude"), secret_files(repo)
    state = states.read(workspace.git_dir)
    brought = bringing.paths_of(state.given) if state is not None else ()
    return Rules(excluded, _excludes_file(repo, workspace.path), largest(repo), secret, brought)


def secret_files(repo: LaneRepo) -> tuple[str, ...]:
    """Return the patterns of files that may hold secrets."""
    return _patterns(repo, "secretFiles")


def largest(repo: LaneRepo) -> int:
    """Return the size in bytes of the largest file that may be new or changed, 0 for any."""
    (usual,) = table.BY_NAME["maxBlobSize"].default
    return repo.settings.size("lanes.maxBlobSize", as_size(usual) or 0)


def _patterns(repo: LaneRepo, name: str) -> tuple[str, ...]:
    """Return the default and what every layer added to it."""
    known = table.BY_NAME[name]
    patterns = (*known.default, *(repo.settings.every(known.plain) or ()))
    return patterns[table.in_force(patterns)]


def _excludes_file(repo: LaneRepo, top: str) -> str:
    """Return the path of the user's own ignores, where git would find it."""
    if repo.settings.every("core.excludesfile") is not None:
        return os.path.join(top, repo.settings.path("core.excludesfile"))
    environ = repo.git.environ
    home = os.path.join(environ.get("HOME", ""), ".config")
    return os.path.join(environ.get("XDG_CONFIG_HOME") or home, "git", "ignore")
