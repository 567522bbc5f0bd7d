"""How commits relate, as git answers it: commit-graphs, shallow clones and grafts included."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


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
