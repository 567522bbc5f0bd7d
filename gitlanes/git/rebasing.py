"""What a rebase under way works on, by the files that git keeps until its hooks have run."""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from gitlanes.git.process import Git

_DIRECTORIES = ("rebase-merge", "rebase-apply")
# What git writes in place of a branch.
_DETACHED = "detached HEAD"
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


class Rebase(NamedTuple):
    """``branch`` is the full ref of the rebased branch, None for a detached HEAD.

    ``original`` is its tip from before, ``onto`` the commit that its work is laid on.
    """

    branch: str | None
    original: str
    onto: str


def present(git_dir: str) -> Rebase | None:
    """Return the rebase under way in the work tree of that git directory, or None."""
    for name in _DIRECTORIES:
        branch, original, onto = (
            _line(os.path.join(git_dir, name, x)) for x in ("head-name", "orig-head", "onto")
        )
        if _OID.fullmatch(original) and _OID.fullmatch(onto):
            return Rebase(None if branch == _DETACHED else branch, original, onto)
    return None


def left_behind(git: Git, rebase: Rebase) -> list[str]:
    """Return the rebased commits that are no part of HEAD there now, the newest first."""
    return git.run("rev-list", rebase.original, "--not", rebase.onto, "HEAD").text.split()


def _line(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="surrogateescape") as file:
            return file.readline().rstrip("\n")
    except OSError:
        return ""
