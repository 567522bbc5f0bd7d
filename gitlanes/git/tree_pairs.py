"""The paths in which trees differ, for many pairs of them from one process."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitlanes.git.process import Git

# The ids of two trees.
Pair = tuple[str, str]


def differing_paths(git: Git, pairs: Iterable[Pair]) -> dict[Pair, tuple[bytes, ...]]:
    """Return the paths of files, links and submodules in which the trees of each pair differ.

    Those that git cannot compare, as deeper ones than it goes, have no answer.
    """
    wanted = list(dict.fromkeys(x for x in pairs if x[0] != x[1]))
    if not wanted:
        return {}
    asked = "".join(f"{old} {new}\n" for old, new in wanted).encode()
    flags = ("-r", "-z", "--raw", "--no-renames", "--ignore-submodules=none")
    done = git.run("diff-tree", "--stdin", *flags, input=asked, check=False)
    if done.code:
        each = (differing_paths(git, [x]) for x in wanted) if len(wanted) > 1 else ()
        return {pair: paths for one in each for pair, paths in one.items()}
    found: dict[Pair, list[bytes]] = {}
    rows = iter(done.out.split(b"\0"))
    here: list[bytes] = []
    for row in rows:
        # A pair's ids end in a line feed, whatever ends other rows.
        *ids, change = row.split(b"\n")
        for one in ids:
            old, new = one.decode().split()
            here = found.setdefault((old, new), [])
        if change:
            here.append(next(rows))
    return {pair: tuple(paths) for pair, paths in found.items()}
