"""Reflogs without some of their entries."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitlanes.git.process import Git

# Names in one call: they must fit into an argument list.
_AT_ONCE = 1000


def forget(git: Git, ref: str, commits: Container[str]) -> int:
    """Take these commits out of a ref's reflog; return how many entries went.

    The entry after one that goes does not name it any more, either.
    """
    there = git.run("reflog", "show", "--format=%H", ref, "--", check=False).text.split()
    gone = [f"{ref}@{{{at}}}" for at, oid in enumerate(there) if oid in commits]
    # From the oldest on, so that the numbers of the others stay.
    for start in range(len(gone), 0, -_AT_ONCE):
        some = gone[max(0, start - _AT_ONCE) : start]
        git.run("reflog", "delete", "--rewrite", *some[::-1])
    return len(gone)
