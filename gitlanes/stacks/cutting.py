"""How a stack is cut into blocks, and their order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, Refused
from gitlanes.models.plain import replace
from gitlanes.models.stacks import APPROVED, DRAFT, Approval, Block, Stack
from gitlanes.stacks import naming
from gitlanes.stacks.revising import Now, revise
from gitlanes.store import codec

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def split(repo: LaneRepo, name: str, after: str, *, title: str | None = None) -> Stack:
    """Split a block in two after so many of its changes, or after the one named.

    Both parts keep status and approvals. `title` is that of the second one, by default its
    first change's.
    """
    own, which = naming.split_block(name)

    def change(now: Now) -> Stack:
        block = now.block(which)
        at = _count(block, after)
        now.tx.description = f"split block {block.number} of stack {now.stack.name} after {at}"
        first, rest = block.items[:at], block.items[at:]
        shown = first[0].title if not block.titled else block.title
        parts = (
            replace(block, items=first, title=shown),
            replace(
                block,
                items=rest,
                title=title or rest[0].title,
                titled=title is not None,
                description=None,
            ),
        )
        return replace(now.stack, blocks=_replaced(now.stack.blocks, [block], parts))

    return revise(repo, own, change)


def merge(repo: LaneRepo, name: str, blocks: Sequence[str]) -> Stack:
    """Make one block of several, in the order given; it takes the place of the first.

    It is as far in review as all of them were, and approved by who approved all.
    """

    def change(now: Now) -> Stack:
        found = _each_once([now.block(x) for x in blocks])
        if len(found) < 2:
            raise BadValue("it takes two blocks to merge", hint="name their numbers")
        numbers = ", ".join(str(x.number) for x in found)
        now.tx.description = f"merge blocks {numbers} of stack {now.stack.name}"
        return replace(now.stack, blocks=_replaced(now.stack.blocks, found, [_merged(found)]))

    return revise(repo, name, change)


def reorder(repo: LaneRepo, name: str, blocks: Sequence[str]) -> Stack:
    """Put the blocks that have not landed into another order; each has to be named once.

    Raises Collision where two that change places touch the same path.
    """

    def change(now: Now) -> Stack:
        found = _each_once([now.block(x) for x in blocks])
        waiting = now.stack.waiting
        if len(found) != len(waiting):
            numbers = " ".join(str(x.number) for x in waiting)
            raise BadValue("name each block that waits once", hint=f"they are {numbers}")
        numbers = " ".join(str(x.number) for x in found)
        now.tx.description = f"reorder stack {now.stack.name}: {numbers}"
        return replace(now.stack, blocks=(*(x for x in now.stack.blocks if x.merged), *found))

    return revise(repo, name, change)


def _replaced(
    blocks: Sequence[Block], old: Sequence[Block], new: Sequence[Block]
) -> tuple[Block, ...]:
    """Return blocks with new ones where the first of the old ones was."""
    at = blocks.index(old[0])
    before = (x for x in blocks[:at] if x not in old)
    after = (x for x in blocks[at:] if x not in old)
    return (*before, *new, *after)


def _merged(blocks: Sequence[Block]) -> Block:
    first = blocks[0]
    everybody = [x.by for x in first.approvals if all(x.by in _by(y) for y in blocks)]
    approvals = tuple(
        Approval(
            by,
            max(x.time for y in blocks for x in y.approvals if x.by == by),
            tuple(c for y in blocks for x in y.approvals if x.by == by for c in x.commits),
        )
        for by in everybody
    )
    said = {x.said for x in blocks}
    same = first.said if len(said) == 1 and (approvals or first.said != APPROVED) else DRAFT
    texts = [x.description for x in blocks if x.description]
    return replace(
        first,
        items=tuple(x for y in blocks for x in y.items),
        said=same,
        status=same,
        approvals=approvals,
        remarks=tuple(sorted((x for y in blocks for x in y.remarks), key=lambda x: x.time)),
        description="\n\n".join(texts) or None,
    )


def _by(block: Block) -> set[str]:
    return {x.by for x in block.approvals}


def _each_once(blocks: Sequence[Block]) -> list[Block]:
    return list({x.number: x for x in blocks}.values())


def _count(block: Block, after: str) -> int:
    """Return after how many changes a block is to be split."""
    ids = [x.change_id or "" for x in block.items]
    named = [n for n, x in enumerate(ids, 1) if len(after) > 4 and x.startswith(after)]
    if not after.isdigit() and len(named) != 1:
        raise BadValue(
            f"'{codec.one_line(after, 60)}' is no place to split after",
            hint="give a number of changes, or the Change-Id of one",
        )
    at = int(after[:9]) if after.isdigit() else named[0]
    if 0 < at < len(ids):
        return at
    many = f"{len(ids)} change{'' if len(ids) == 1 else 's'}"
    raise Refused(
        f"block {block.number} cannot be split after {at}: it has {many}",
        hint="leave a change on either side",
    )
