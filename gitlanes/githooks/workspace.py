"""Hooks of one workspace alone: a directory in its git directory, by settings of its own.

Git runs hooks from one directory only. So scripts stand there for all others, and run what git
would run without it.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

from gitlanes.errors import Refused
from gitlanes.git import hook_paths
from gitlanes.git.sparse import EXTENSION, is_prepared
from gitlanes.githooks import places, scripts
from gitlanes.githooks.writing import put

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_OTHERS = (
    *("applypatch-msg", "pre-applypatch", "post-applypatch", "pre-commit", "pre-merge-commit"),
    *("prepare-commit-msg", "post-commit", "pre-rebase", "post-checkout", "post-merge"),
    *("pre-push", "pre-auto-gc", "push-to-checkout", "sendemail-validate"),
)
# Git asks for these all the time: only where there is one.
_FREQUENT = ("reference-transaction", "post-index-change")


def install(repo: LaneRepo) -> None:
    """Give the workspace that one stands in hooks of its own; the setting comes last.

    Raises Refused in the repository's own directory, where the work tree has such a setting
    already, and where it can have no settings of its own.
    """
    place = repo.place
    if place.work_tree is None or place.git_dir == place.common_dir:
        raise Refused(
            "this directory is no linked work tree, which alone can have hooks of its own",
            hint="go into a workspace, or leave out --workspace",
        )
    own, git = places.own(repo), places.git_here(repo)
    present = places.present(repo)
    if present.directory != own and hook_paths.own(git):
        raise Refused(
            f"core.hooksPath of this work tree is '{present.setting}' already",
            hint="see 'git config --worktree core.hooksPath'",
        )
    frequent = (x for x in _FREQUENT if os.path.exists(os.path.join(present.directory, x)))
    for name in (*_OTHERS, *frequent):
        put(os.path.join(own, name), scripts.PASS_ON)
    for name in scripts.NAMES:
        put(places.before(os.path.join(own, name)), scripts.PASS_ON)
        put(os.path.join(own, name), name)
    if present.directory != own:
        prepared = is_prepared(git)
        hook_paths.set_own(git, own)
        if not prepared:
            repo.warn(
                f"{EXTENSION} is on now in this repository's git config: "
                "settings of one work tree need it"
            )


def remove(repo: LaneRepo) -> None:
    """Take the workspace's own hooks away; those of the repository count there again."""
    hook_paths.unset_own(places.git_here(repo))
    shutil.rmtree(places.own(repo))
