"""World states by the id that `snapshot` prints: a tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.store import journal
from gitlanes.store.view import is_revision
from gitlanes.workspaces import pruning

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def known_as(repo: LaneRepo, name: str) -> str | None:
    """Return the id of the newest attempt or snapshot with that content; None for no tree's id.

    Reads the journals from their tips until it is found.
    """
    if not is_revision(name) or ":" in name or repo.refs.kind(name) != "tree":
        return None
    tree = repo.refs.target(name)
    tips = journal.read_tips(repo.git, repo.warn)
    entries = journal.walk_all(repo.git, tips, repo.warn)
    made = next(((x.time, x.id) for e in entries for x in e.attempts if x.tree == tree), ("", ""))
    saved = ((x.time, x.id) for x in pruning.list_snapshots(repo) if x.tree == tree)
    return max([made, *saved])[1] or None
