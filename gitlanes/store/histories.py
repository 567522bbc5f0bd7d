"""What histories share, but for work that landed and was taken back again.

Where an undo cannot move a head back, it goes forward: git's history has the work still, and the
files have not. Lanes' records tell of that (``taken_back``), and here a merge that was taken back
counts as if it had its first parent alone.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

from gitlanes.models.records import Lane
from gitlanes.store import ancestry
from gitlanes.store.ancestry import Graph, is_ancestor

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def taken_back(repo: LaneRepo, lanes: Iterable[Lane], *heads: str) -> frozenset[str]:
    """Return the commits of lanes' histories whose work was taken back in those of the heads.

    What came with a merge is not named, but the merge.
    """
    found: set[str] = set()
    for one in (x for lane in lanes for x in lane.taken_back.values()):
        if any(is_ancestor(repo, one["by"], head) for head in heads):
            for old, new in one["ways"]:
                asked = ("rev-list", "--first-parent", new, f"^{old}")
                found.update(repo.git.run(*asked, check=False).text.split())
    return frozenset(found)


def gone(repo: LaneRepo, head: str, lanes: Iterable[Lane]) -> set[str]:
    """Return the commits of a history whose work is not there any more, but was taken back."""
    hollow = taken_back(repo, lanes, head)
    if not hollow:
        return set()
    brought: set[str] = set()
    for merge in _merges(repo, hollow):
        brought.update(repo.git.run("rev-list", f"{merge}^@", f"^{merge}^1").text.split())
    return {*hollow} | (brought - _reach(_graph(repo, [head], hollow), [head]))


def merge_bases(repo: LaneRepo, one: str, other: str, lanes: Iterable[Lane]) -> tuple[str, ...]:
    """Return every commit that both have, and no other such commit has."""
    hollow = taken_back(repo, lanes, one, other)
    return _shared(repo, one, other, hollow) if hollow else ancestry.merge_bases(repo, one, other)


def merge_base(repo: LaneRepo, one: str, other: str, lanes: Iterable[Lane]) -> str | None:
    """Return one of these, the newest where nothing was taken back; None without any."""
    hollow = taken_back(repo, lanes, one, other)
    if not hollow:
        return ancestry.merge_base(repo, one, other)
    return next(iter(_shared(repo, one, other, hollow)), None)


def beyond(repo: LaneRepo, heads: Collection[str], known: str, lanes: Iterable[Lane]) -> Graph:
    """Return the commits, with their parents, that some of the heads have and `known` has not."""
    hollow = taken_back(repo, lanes, known) if heads else frozenset()
    if not hollow:
        return ancestry.beyond(repo, heads, known)
    graph = _graph(repo, [*heads, known], hollow)
    had = _reach(graph, [known])
    return {x: graph[x] for x in _reach(graph, heads) & graph.keys() if x not in had}


def _shared(repo: LaneRepo, one: str, other: str, hollow: frozenset[str]) -> tuple[str, ...]:
    graph = _graph(repo, [one, other], hollow)
    both = _reach(graph, [one]) & _reach(graph, [other])
    older = _reach(graph, (parent for commit in both for parent in graph.get(commit, ())))
    return tuple(sorted(both - older))


def _graph(repo: LaneRepo, heads: Collection[str], hollow: frozenset[str]) -> Graph:
    """Return the parents of all commits that the heads have and do not all share anyway."""
    below = (f"{x}^1" for x in _merges(repo, hollow))
    asked = ("merge-base", "--octopus", "--all", *heads, *below)
    shared = repo.git.run(*asked, check=False).text.split()
    lines = "".join(f"{x}\n" for x in (*heads, *(f"^{x}" for x in shared))).encode()
    rows = repo.git.run("rev-list", "--parents", "--stdin", input=lines).text.splitlines()
    found = ((commit, parents) for commit, *parents in map(str.split, rows))
    return {x: tuple(parents[:1] if x in hollow else parents) for x, parents in found}


def _merges(repo: LaneRepo, commits: Iterable[str]) -> list[str]:
    return sorted(x for x in commits if len(repo.objects.commit(x).parents) > 1)


def _reach(graph: Mapping[str, tuple[str, ...]], heads: Iterable[str]) -> set[str]:
    found = set(heads)
    todo = list(found)
    while todo:
        new = set(graph.get(todo.pop(), ())) - found
        found |= new
        todo += new
    return found
