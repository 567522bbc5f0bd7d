"""Sparse checkouts: work trees with the files of some directories only, as git makes them."""

from __future__ import annotations

import os
from collections.abc import Sequence

from gitlanes.git.process import Git

EXTENSION = "extensions.worktreeConfig"

# What git locks to let each work tree have its own configuration, named from the common
# directory; what it locks in the new work tree goes with that.
LOCKS = ("config.lock", "config.worktree.lock")


def is_prepared(git: Git) -> bool:
    """Say whether work trees have configurations of their own: git's sparse checkout needs it."""
    return git.run("config", "--type=bool", "--get", EXTENSION, check=False).text == "true"


def limit(git: Git, directories: Sequence[str], pass_fds: Sequence[int]) -> None:
    """Limit the work tree that `git` runs in to these directories, in git's cone mode.

    Files at the top and beside the way to them stay. Without an index it writes no file: what
    checks out afterwards does. Git turns `EXTENSION` on if it is off.
    """
    git.run(
        "sparse-checkout",
        "set",
        "--cone",
        "--stdin",
        input=b"".join(_quoted(name) for name in directories),
        pass_fds=pass_fds,
        own_group=True,
    )


def _quoted(name: str) -> bytes:
    """Return a line that git reads as that very name: from the top, as C quotes it.

    Beginning with a slash, for git cuts blanks off the ends.
    """
    plain = os.fsencode(name).replace(b"\\", b"\\\\").replace(b'"', b'\\"')
    return b'"/' + plain + b'/"\n'
