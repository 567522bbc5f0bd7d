"""What is in which block of a stack, and under which title."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import NotFound, Refused
from gitlanes.models.plain import replace
from gitlanes.models.stacks import (
    APPROVED,
    CHANGES_REQUESTED,
    DRAFT,
    PER_CHANGE,
    REVIEW,
    Block,
    Item,
    Stack,
)
from gitlanes.stacks import naming
from gitlanes.stacks.revising import Now, revise
from gitlanes.store import codec

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Statuses that were about the very changes that a block has.
_ABOUT_CHANGES = (REVIEW, APPROVED, CHANGES_REQUESTED)


def add(repo: LaneRepo, name: str, items: Sequence[str], *, to: str | None = None) -> Stack:
    """Put changes into a stack: into block `to`, else each into a block of its own.

    A new block comes where the lane's order has it. Raises Refused for a change that a block
    has already.
    """

    def change(now: Now) -> Stack:
        stack, block = now.stack, now.block(to) if to is not None else None
        into = stack.into if stack.target else None
        found = naming.items_named(now.repo, now.reader, items, now.home, into)
        for item in found:
            _require_fitting(stack, item)
        now.tx.description = f"add {_titles(found)} to stack {stack.name}"
        stack = replace(stack, excluded=tuple(_without(stack.excluded, found)))
        if block is not None:
            return _with(stack, _holding(block, (*block.items, *found)))
        blocks = list(stack.blocks)
        for item in found:
            at = _place(now, blocks, item)
            blocks.insert(at, Block(0, item.title, DRAFT, (item,)))
        return replace(stack, blocks=tuple(blocks))

    return revise(repo, name, change)


def remove(repo: LaneRepo, name: str, what: Sequence[str]) -> Stack:
    """Take blocks, by number, or changes out of a stack; they are unassigned then."""

    def change(now: Now) -> Stack:
        gone = [x for one in what for x in _meant(now, one)]
        now.tx.description = f"remove {_titles(gone)} from stack {now.stack.name}"
        stack = _taken_out(now.stack, gone)
        if stack.config.group == PER_CHANGE:
            stack = replace(stack, excluded=(*_without(stack.excluded, gone), *gone))
        return stack

    return revise(repo, name, change)


def move(repo: LaneRepo, name: str, items: Sequence[str], to: str) -> Stack:
    """Move changes from their blocks to the end of another; an emptied block goes."""

    def change(now: Now) -> Stack:
        block = now.block(to)
        found = [x for one in items for x in _meant(now, one, blocks=False)]
        now.tx.description = f"move {_titles(found)} to block {block.number} of {now.stack.name}"
        kept = tuple(_without(block.items, found))
        gone = [x for x in found if x not in block.items]
        stack = _with(now.stack, _holding(block, (*kept, *found)))
        return _taken_out(stack, gone, spare=block.number)

    return revise(repo, name, change)


def retitle(repo: LaneRepo, name: str, title: str) -> Stack:
    """Give a block a title; '' gives it back that of its first change."""

    def change(now: Now, block: Block) -> Block:
        now.tx.description = f"title block {block.number} of {now.stack.name}: {title}"
        said = codec.one_line(title)
        return replace(block, title=said or block.items[0].title, titled=bool(said))

    return _edit(repo, name, change)


def describe(repo: LaneRepo, name: str, text: str) -> Stack:
    """Say what a block is for; '' takes that away."""

    def change(now: Now, block: Block) -> Block:
        now.tx.description = f"describe block {block.number} of stack {now.stack.name}"
        return replace(block, description=text or None)

    return _edit(repo, name, change)


def _edit(repo: LaneRepo, name: str, change: Callable[[Now, Block], Block]) -> Stack:
    own, which = naming.split_block(name)
    return revise(repo, own, lambda now: _with(now.stack, change(now, now.block(which))))


def _with(stack: Stack, block: Block) -> Stack:
    """Return a stack with one of its blocks changed."""
    blocks = tuple(block if x.number == block.number else x for x in stack.blocks)
    return replace(stack, blocks=blocks)


def _holding(block: Block, items: Sequence[Item]) -> Block:
    """Return a block with other changes: what was decided of it was about those before."""
    if tuple(items) == block.items:
        return block
    said = DRAFT if block.said in _ABOUT_CHANGES else block.said
    title = block.title if block.titled or not items else items[0].title
    return replace(block, items=tuple(items), said=said, status=said, approvals=(), title=title)


def _taken_out(stack: Stack, gone: Sequence[Item], *, spare: int = 0) -> Stack:
    """Return a stack without some changes; block number `spare` keeps what it has."""
    blocks = [
        x if x.number == spare else _holding(x, list(_without(x.items, gone))) for x in stack.blocks
    ]
    return replace(stack, blocks=tuple(x for x in blocks if x.items))


def _without(items: Iterable[Item], gone: Iterable[Item]) -> Iterable[Item]:
    commits = {x.commit for x in gone}
    return (x for x in items if x.commit not in commits)


def _meant(now: Now, name: str, *, blocks: bool = True) -> Sequence[Item]:
    """Return the changes of a stack that a block's number, or a change's name, stands for."""
    if blocks and name.isdigit():
        return now.block(name).items
    try:
        return [_known(now, name)]
    except NotFound:
        found = naming.items_named(now.repo, now.reader, [name], now.home, None)
    return [_known(now, x.commit) for x in found]


def _known(now: Now, name: str) -> Item:
    for block in now.stack.blocks:
        for item in block.items:
            names = (item.attempt, item.commit, item.change_id)
            if name in names or (len(name) > 4 and (item.change_id or "").startswith(name)):
                now.block(str(block.number))
                return item
    raise NotFound("change", codec.one_line(name, 60), hint="name one of the stack's changes")


def _require_fitting(stack: Stack, item: Item) -> None:
    there = next((x for x in stack.blocks if item in x.items), None)
    if there is not None:
        raise Refused(
            f"block {there.number} of stack '{stack.name}' has {item.attempt or item.commit[:12]}",
            hint=f"move it: git lanes stack move {stack.id} {item.attempt} --to N",
        )
    if stack.source not in (None, item.lane):
        raise Refused(
            f"stack '{stack.name}' is of lane '{stack.lane}', not of '{item.lane_name}'",
            hint="make one of both lanes: git lanes stack create NAME ITEM...",
        )


def _place(now: Now, blocks: Sequence[Block], item: Item) -> int:
    """Return where the lane's order has a new block: before the first that is newer."""
    target = now.reader.target(now.home, now.stack)
    found = now.reader.waiting(item.lane, target.record if target else None)
    order = [x.commit for x in found]
    newer = set(order[order.index(item.commit) + 1 :]) if item.commit in order else set()
    places = (n for n, x in enumerate(blocks) if any(y.commit in newer for y in x.items))
    return next(places, len(blocks))


def _titles(items: Sequence[Item]) -> str:
    names = ", ".join(x.attempt or x.commit[:12] for x in items[:3])
    return names if len(items) <= 3 else f"{names} and {len(items) - 3} more"
