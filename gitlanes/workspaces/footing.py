"""What a workspace's content stands on where its agent moved HEAD to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.errors import Refused
from gitlanes.git.raw import EMPTY_TREE
from gitlanes.git.trees import changed_paths
from gitlanes.store import layout
from gitlanes.store.ancestry import is_ancestor, merge_base

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def footing(repo: LaneRepo, lane: str, base: str, tree: str, head: str, *, commits: bool) -> str:
    """Return the commit that content counts its changes from, whose HEAD is beside its base.

    That is its base still, where the content has what that has: after a rebase, an amended
    commit, a reset that keeps the files. Where it went back to older content, it is that: what
    it lacks was never its to take away. Raises Refused for content that lacks accepted work and
    is no older state of it. ``commits`` says whether HEAD has commits of the agent's own.
    """
    if is_ancestor(repo, base, head):
        return base
    fork = merge_base(repo, head, base)
    lost = _lost(repo, fork, base, tree, None if commits else head)
    if not lost:
        return base
    if fork == head:
        return head
    ref = layout.head(lane)
    raise Refused(
        f"workspace of lane '{lane}' is at {head[:12]}, without accepted work of the lane",
        hint=(
            f"go back with 'git switch --detach --merge {ref}', which keeps edits, "
            f"or 'git rebase {ref}', which keeps commits"
        ),
        data={"lane": lane, "head": head, "base": base, "paths": lost},
    )


def _lost(repo: LaneRepo, fork: str | None, base: str, tree: str, head: str | None) -> list[bytes]:
    """Return the paths that the base changed since the fork, and the content has as before.

    Or as `head` has them, where nobody has worked on top of that.
    """
    store, git = repo.objects, repo.git
    before = store.commit(fork).tree if fork else EMPTY_TREE
    accepted = store.commit(base).tree
    changed = changed_paths(store, git, before, accepted)
    found = changed_paths(store, git, accepted, tree)
    there = changed_paths(store, git, accepted, store.commit(head).tree) if head else {}
    return [
        path
        for path in changed.keys() & found.keys()
        if found[path][1] == changed[path][0] or found[path] == there.get(path)
    ]
