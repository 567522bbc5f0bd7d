"""How commits relate, as git answers it: commit-graphs, shallow clones and grafts included."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# {commit: its parents}
Graph = Mapping[str, tuple[str, ...]]


def is_ancestor(repo: LaneRepo, old: str, new: str) -> bool:
    """Say whether `new` contains `old`."""
    if old == new or old in repo.refs.commit(new).parents:
        return True
    return repo.git.run("merge-base", "--is-ancestor", old, new, check=False).code == 0


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
