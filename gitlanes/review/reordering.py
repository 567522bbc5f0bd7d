"""A lane's own changes in another order: the same tree, by commits laid anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import Refused
from gitlanes.models.plain import NOTHING, Model, replace
from gitlanes.models.records import Attempt, Lane, LaneState
from gitlanes.review import amend, commuting, rewriting, standing

if TYPE_CHECKING:
    from gitlanes.store.transaction import Transaction


class Reordered(Model):
    """A lane with its changes in another order: its record, attempts old and new, and commits.

    ``commits`` is {old commit: new one} of those that were laid anew.
    """

    record: Lane
    old: tuple[Attempt, ...] = ()
    new: tuple[Attempt, ...] = ()
    commits: dict[str, str] = NOTHING

    def changed(self, time: str) -> list[Attempt]:
        """Return all attempts whose state that changed."""
        pairs = zip(self.old, self.new, strict=True)
        return [*self.new, *(x for old, new in pairs for x in standing.replaced([old], new, time))]


def reordered(
    tx: Transaction, state: LaneState, history: Sequence[str], wanted: Sequence[str]
) -> Reordered:
    """Lay a lane's last commits in another order, and return what it comes to; nothing is set.

    `history` are those commits, oldest first, `wanted` the same in the new order. What is first
    in both stays as it is. The head's tree is the same as before. Raises Collision where two
    that change places touch the same path, Refused for what others may have already.
    """
    repo, lane = tx.repo, state.record
    kept = next((n for n, x in enumerate(history) if wanted[n] != x), len(history))
    if kept == len(history):
        return Reordered(lane)
    moved = history[kept:]
    try:
        there = rewriting.to_reorder(repo, state, moved)
    except Refused as error:
        error.hint = "let it land in the order that the lane has"
        raise
    attempts = dict(zip(moved, there, strict=True))
    who = {commit: (x.id, x.agent) for commit, x in attempts.items()}
    commuting.require_commuting(repo, history, wanted, who)
    below = repo.objects.commit(history[kept]).parents[0]
    return _laid(tx, lane, [attempts[x] for x in wanted[kept:]], below)


def _laid(tx: Transaction, lane: Lane, attempts: Sequence[Attempt], below: str) -> Reordered:
    from gitlanes.git.trees import overlay

    store, who = tx.repo.objects, tx.repo.identity()
    commits: dict[str, str] = {}
    made: list[Attempt] = []
    for attempt in attempts:
        old = rewriting.stands_at(attempt)
        was, changes = store.commit(old), commuting.changes_of(tx.repo, old)
        edits = {path: after for path, (_, after) in changes.items()}
        tree = overlay(store, store.commit(below).tree, edits)
        commit = store.write_own_commit(
            tree, [below], was.message, author=was.author, committer=who.committer
        )
        tx.carry_notes(old, commit)
        changed = {"commit": commit, "base": below, "tree": tree}
        made.append(amend.successor(tx, lane, attempt, lane.next + len(made), changed))
        commits[old] = below = commit
    record = replace(lane, head=below, next=lane.next + len(made))
    return Reordered(record, tuple(attempts), tuple(made), commits)
