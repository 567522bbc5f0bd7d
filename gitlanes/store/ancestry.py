"""How commits relate, as git answers it: commit-graphs, shallow clones and grafts included.

Most that is asked for is a few commits away, and found here without starting git.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from heapq import heappop, heappush
from typing import TYPE_CHECKING

from gitlanes.errors import NotFound

if TYPE_CHECKING:
    from gitlanes.git.raw import ObjectReader
    from gitlanes.store.lane_repo import LaneRepo

# {commit: its parents}
Graph = Mapping[str, tuple[str, ...]]

# Commits that are read before git is asked, whose commit-graph may know.
_NEAR = 64
# With these, git takes other parents than a commit names.
_OTHER_PARENTS = ("shallow", os.path.join("info", "grafts"))
# From which commit another one was reached.
_OLD, _NEW, _BOTH = 1, 2, 3


def deepened(repo: LaneRepo, hint: str) -> str:
    """Return what helps where histories have nothing in common: a clone may have but their ends."""
    shallow = os.path.exists(os.path.join(repo.place.common_dir, _OTHER_PARENTS[0]))
    return "this clone is shallow: run 'git fetch --unshallow'" if shallow else hint


def is_ancestor(repo: LaneRepo, old: str, new: str) -> bool:
    """Say whether `new` contains `old`."""
    if old == new or old in repo.reader.commit(new).parents:
        return True
    if not any(os.path.exists(os.path.join(repo.place.common_dir, x)) for x in _OTHER_PARENTS):
        found = contains(repo.reader, old, new, _NEAR)
        if found is not None:
            return found
    return repo.git.run("merge-base", "--is-ancestor", old, new, check=False).code == 0


def contains(reader: ObjectReader, old: str, new: str, most: int) -> bool | None:
    """Say whether `new` contains `old`; None where that is not seen in so many commits.

    Both are gone back from, the latest commits first, until all that is left is reached from
    both: nothing of that leads to `old`, which does not stand on itself. Wrong dates cost time.
    """
    sides = {old: _OLD, new: _NEW}
    known: dict[str, tuple[int, tuple[str, ...]]] = {}
    todo: list[tuple[int, str]] = []
    try:
        for commit in sides:
            _await(reader, commit, known, todo)
        while any(sides[x] != _BOTH for _, x in todo):
            commit = heappop(todo)[1]
            for parent in known[commit][1]:
                before = sides.get(parent, 0)
                sides[parent] = before | sides[commit]
                if parent == old and sides[parent] == _BOTH:
                    return True
                if sides[parent] != before:
                    _await(reader, parent, known, todo)
            if len(known) > most:
                return None
    except NotFound:
        return None
    return False


def _await(
    reader: ObjectReader,
    commit: str,
    known: dict[str, tuple[int, tuple[str, ...]]],
    todo: list[tuple[int, str]],
) -> None:
    """Put a commit among those to be gone back from, by its date."""
    if commit not in known:
        found = reader.commit(commit)
        second = found.committer.split(b" ")[-2:-1]
        known[commit] = -int(second[0]) if second and second[0].isdigit() else 0, found.parents
    heappush(todo, (known[commit][0], commit))


def merge_base(repo: LaneRepo, one: str, other: str) -> str | None:
    """Return the newest commit that both contain, or None without common history."""
    if one == other:
        return one
    return repo.git.run("merge-base", one, other, check=False).text or None


def merge_bases(repo: LaneRepo, one: str, other: str) -> tuple[str, ...]:
    """Return every commit that both contain and no other such commit does."""
    return tuple(repo.git.run("merge-base", "--all", one, other, check=False).text.split())


def independent(repo: LaneRepo, commits: Iterable[str]) -> tuple[str, ...]:
    """Return the commits, in their order, without those that another one of them contains."""
    found = tuple(dict.fromkeys(commits))
    if len(found) < 2:
        return found
    kept = repo.git.run("merge-base", "--independent", *found).text.split()
    return tuple(x for x in found if x in kept)


def beyond(repo: LaneRepo, heads: Collection[str], known: str) -> Graph:
    """Return the commits, with their parents, that some of the heads contain and `known` not."""
    if not heads:
        return {}
    asked = "".join(f"{x}\n" for x in (*heads, f"^{known}")).encode()
    rows = repo.git.run("rev-list", "--parents", "--stdin", input=asked).text.splitlines()
    return {commit: tuple(parents) for commit, *parents in map(str.split, rows)}


def newest_in(graph: Graph, head: str, wanted: Collection[str]) -> str | None:
    """Return the first commit, going back from `head` within a graph, that is among the wanted.

    First parents come first, so in a lane's own history it is the newest.
    """
    todo, seen = [head], {head}
    while todo:
        commit = todo.pop()
        if commit in wanted:
            return commit
        parents = [x for x in graph.get(commit, ()) if x not in seen]
        seen.update(parents)
        todo += reversed(parents)
    return None
