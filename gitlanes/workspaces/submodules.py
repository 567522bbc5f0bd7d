"""Commits made in a workspace's submodules, which would die with the workspace."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes import clock, ids
from gitlanes.errors import Refused
from gitlanes.git.process import Git
from gitlanes.models.workspaces import Workspace
from gitlanes.store import layout

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitlanes.store.lane_repo import LaneRepo


def rescue(repo: LaneRepo, workspace: Workspace) -> None:
    """Fetch what a workspace's submodules hold into the repository's own modules.

    A linked work tree keeps the repositories of its submodules in its own git directory, and
    they go when it is removed. Raises Refused where the repository has no module to keep it.
    """
    own = Path(workspace.git_dir, "modules")
    for module in _repositories(own):
        name = module.relative_to(own)
        keeper = Path(repo.place.common_dir, "modules", name)
        if not (keeper / "HEAD").is_file():
            raise Refused(
                f"submodule '{name}' of '{workspace.path}' exists only in this workspace",
                hint=f"run 'git submodule update --init {name}' in the repository first",
            )
        kept = f"{layout.SNAPSHOTS}{Path(workspace.git_dir).name}/{ids.new_id(clock.now())}"
        Git(str(keeper), repo.git.environ).run(
            "fetch",
            "--quiet",
            "--no-tags",
            "--no-write-fetch-head",
            str(module),
            f"+HEAD:{kept}/HEAD",
            f"+{layout.BRANCHES}*:{kept}/heads/*",
        )


def _repositories(directory: Path) -> Iterator[Path]:
    for place, names, files in os.walk(directory):
        if "HEAD" in files and "objects" in names:
            names[:] = [x for x in names if x == "modules"]
            yield Path(place)
