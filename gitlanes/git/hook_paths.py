"""Where git looks for hooks: core.hooksPath as a work tree sees it, and a work tree's own."""

from __future__ import annotations

from gitlanes.errors import Refused
from gitlanes.git.process import Git
from gitlanes.git.sparse import EXTENSION, is_prepared

_KEY = "core.hooksPath"
# What the repository's settings must not say once work trees have settings of their own.
_MOVED = ("core.bare", "core.worktree")


def configured(git: Git) -> str | None:
    """Return what core.hooksPath says in a work tree, None if it is not set; raises Refused."""
    done = git.run("config", "--type=path", "--get", _KEY, check=False)
    if done.code not in (0, 1):
        raise Refused(f"{_KEY} is not a path that git knows", hint="see 'git config -l'")
    return None if done.code else done.text


def own(git: Git) -> str:
    """Return what a work tree's own settings say, '' if nothing or if it has none."""
    if not is_prepared(git):
        return ""
    return git.run("config", "--worktree", "--get", _KEY, check=False).text


def set_own(git: Git, directory: str) -> None:
    """Let a linked work tree have its hooks in that directory; no other one's setting changes.

    `EXTENSION` is turned on if it is off. Raises Refused where the repository's settings would
    have to be moved for that.
    """
    if not is_prepared(git):
        for key in _MOVED:
            if _said(git, key) not in ("", "false"):
                raise Refused(
                    f"'{key}' is set for all work trees, so that none can have settings of its own",
                    hint="see CONFIGURATION FILE in 'git help worktree'",
                )
        git.run("config", "--local", EXTENSION, "true")
    git.run("config", "--worktree", _KEY, directory)


def unset_own(git: Git) -> None:
    """Take that setting back."""
    git.run("config", "--worktree", "--unset-all", _KEY)


def _said(git: Git, key: str) -> str:
    return git.run("config", "--local", "--get", key, check=False).text
