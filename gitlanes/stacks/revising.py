"""One change of a stack: read as it is now, changed, written as one journal entry."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from gitlanes.errors import Negative, Refused
from gitlanes.models.plain import replace
from gitlanes.models.records import LaneState
from gitlanes.models.stacks import Block, Stack
from gitlanes.review import commuting
from gitlanes.stacks import naming
from gitlanes.stacks.reading import Reader, numbered
from gitlanes.store import stacks
from gitlanes.store.expectation import require_active
from gitlanes.store.transaction import Transaction, transaction

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Now:
    """A stack as it is now, within the operation that changes it."""

    def __init__(self, repo: LaneRepo, tx: Transaction, home: LaneState, name: str):
        self.repo, self.tx, self.home = repo, tx, home
        self.reader = Reader(repo, home)
        self.stack = self.reader.now(home, stacks.read(repo, home)[name])

    def block(self, name: str) -> Block:
        """Return a block that can be changed; raises NotFound, Refused for one that landed."""
        found = naming.block_in(self.stack, name)
        if found.merged:
            raise Refused(
                f"block {found.number} of stack '{self.stack.name}' is merged, and stays as it is",
                hint=f"see what waits: git lanes stack show {self.stack.id}",
                data={"stack": self.stack.id, "block": found.number},
            )
        return found


# What becomes of a stack; the description of the operation is set with it.
Change = Callable[[Now], Stack]


def revise(
    repo: LaneRepo, name: str, change: Change, *, verb: str = "stack", by: str | None = None
) -> Stack:
    """Change a stack in one operation and return it as it is then.

    Raises Negative where nothing changes, Collision where changes that touch the same path
    would be in another order than the lane has them.
    """
    lane, own = naming.home_of(repo, name)
    with transaction(repo, verb, actor=by) as tx:
        state = repo.view.lane(lane)
        require_active(state.record)
        now = Now(repo, tx, state, own)
        made = change(now)
        made = replace(made, blocks=numbered(made.blocks))
        if made == now.stack:
            raise Negative(f"nothing to change: stack '{own}' is like that already")
        check_order(repo, now.reader, state, made)
        record, details = stacks.with_stacks(state.record, {own: made})
        tx.lane(state, record, details=details)
    return shown(repo, f"{lane}:{own}")


def shown(repo: LaneRepo, name: str) -> Stack:
    """Return a stack as it is now; raises NotFound, Refused where several have that name."""
    lane, own = naming.home_of(repo, name)
    state = repo.view.find(lane) or repo.view.lane(lane)
    return Reader(repo, state).now(state, stacks.read(repo, state)[own])


def check_order(repo: LaneRepo, reader: Reader, home: LaneState, stack: Stack) -> None:
    """Raise Collision where a stack has changes of a lane in an order that they cannot have."""
    target = reader.target(home, stack)
    waiting = [x for x in stack.items if not (x.landed or x.orphaned)]
    for lane in dict.fromkeys(x.lane for x in waiting):
        found = reader.waiting(lane, target.record if target else None)
        history = [x.commit for x in found]
        wanted = [x for x in waiting if x.lane == lane and x.commit in history]
        who = {x.commit: (x.attempt, x.agent) for x in wanted}
        commuting.require_commuting(repo, history, [x.commit for x in wanted], who)
