"""Ref moves that are no operation: what this clone agreed on, snapshots, repairs.

They are carried out as operations are, so that a kill anywhere is mended.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from gitlanes import clock, ids
from gitlanes.git.refs import Mover, RefMove
from gitlanes.store import layout, pending
from gitlanes.store.transaction import DELETION, carry_out, locked

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# What git locks besides a branch: HEAD, for its reflog.
_BRANCH = ("HEAD.lock",)


def agree(
    repo: LaneRepo, lane: str, tip: str, branch: RefMove | None = None, also: Sequence[int] = ()
) -> None:
    """Record the bound branch's tip agreed on, moving the branch there in the same step.

    No operation: it is this clone's memory alone, and the journal has the landing already.
    Git inherits the locks in `also`, too. Raises Raced if the branch was moved meanwhile.
    """
    name = layout.seen(lane)
    old = repo.refs.target(name)
    moves = [branch] if branch else []
    if old != tip:
        moves.append(RefMove(name, old, tip))
    if not moves:
        return
    planned = pending.Pending(ids.new_id(clock.now()), tuple(moves), locks=_BRANCH)
    with locked(repo) as lock:
        mover = Mover(repo.git, (lock, *also), f"lanes: follow {lane}")
        with closing(mover):
            carry_out(repo, lock, planned, mover=mover)


def save_ref(repo: LaneRepo, name: str, commit: str, lock: int) -> None:
    """Create a safety snapshot's ref, under the repository's lock; raises Raced if it exists."""
    move = RefMove(name, None, commit)
    carry_out(repo, lock, pending.Pending(ids.new_id(clock.now()), (move,)))


def repair_refs(repo: LaneRepo, moves: Sequence[RefMove], lock: int) -> None:
    """Put refs of ours where the journals have them, under the repository's lock.

    No operation: the journals know it already. Moves without a new value delete. Raises Raced
    if one of the refs is not at its old value.
    """
    plain = tuple(x for x in moves if x.new is not None)
    drops = tuple(x for x in moves if x.new is None)
    locks = DELETION if drops else ()
    planned = pending.Pending(ids.new_id(clock.now()), plain, drops=drops, locks=locks)
    carry_out(repo, lock, planned)
