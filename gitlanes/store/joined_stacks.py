"""Stacks that two sides of a lane both changed: what anybody decided on a block is kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import CorruptRecord, Unsupported
from gitlanes.models.plain import replace
from gitlanes.models.records import Lane, LaneState
from gitlanes.models.stacks import (
    ABANDONED,
    APPROVED,
    CHANGES_REQUESTED,
    DRAFT,
    PER_CHANGE,
    REVIEW,
    TURNED_DOWN,
    Approval,
    Block,
    Config,
    Item,
    Remark,
    Stack,
)
from gitlanes.store import stacks
from gitlanes.store.threeway import each, either, listed

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Of two decisions the more careful one holds: one that says no until somebody takes it back.
_CAREFUL = (TURNED_DOWN, ABANDONED, CHANGES_REQUESTED, DRAFT, APPROVED, REVIEW)
_NO = (TURNED_DOWN, ABANDONED, CHANGES_REQUESTED)

_Key = tuple[str, str]


def join(repo: LaneRepo, base: Lane, ours: Lane, theirs: Lane) -> dict[str, Stack]:
    """Return, by name, what becomes of the stacks that both sides changed.

    One that cannot be read on some side is left out: theirs is taken.
    """
    found = {}
    for name in ours.stacks.keys() & theirs.stacks.keys():
        if ours.stacks[name] == theirs.stacks[name]:
            continue
        if base.stacks.get(name) in (ours.stacks[name], theirs.stacks[name]):
            continue
        try:
            before, own, foreign = (_read(repo, x, name) for x in (base, ours, theirs))
        except (CorruptRecord, Unsupported):
            continue
        assert own is not None
        assert foreign is not None
        blank = Stack(name, theirs.name, Config(), source=foreign.source)
        found[name] = _joined(before or blank, own, foreign)
    return found


def _read(repo: LaneRepo, lane: Lane, name: str) -> Stack | None:
    oid = lane.stacks.get(name)
    if oid is None:
        return None
    return stacks.read(repo, LaneState(replace(lane, stacks={name: oid}), oid))[name]


def _joined(base: Stack, ours: Stack, theirs: Stack) -> Stack:
    sides = (base, ours, theirs)
    config = {key: either(*(getattr(x.config, key) for x in sides)) for key in Config.fields}
    said = {key: either(*(getattr(x, key) for x in sides)) for key in ("source", "target", "since")}
    exported = each(*(x.exported for x in sides))
    for branch in exported.keys() & ours.exported.keys() & theirs.exported.keys():
        places = (*theirs.exported[branch], *ours.exported[branch])
        exported[branch] = list(dict.fromkeys(places))
    made = replace(theirs, **said, config=Config(**config), exported=exported)
    excluded = each(*({"\0".join(_key(i)): i for i in x.excluded} for x in sides))
    return replace(
        made,
        blocks=_blocks(tuple(_in_full(*sides)), made.config.approvals),
        excluded=tuple(excluded.values()),
        extra=each(*(x.extra for x in sides)),
    )


def _in_full(base: Stack, ours: Stack, theirs: Stack) -> Iterator[tuple[Block, ...]]:
    """Yield the sides' blocks, with those that nobody set: each new change is one by itself."""
    new = {_key(x): x for side in (ours, theirs) for x in side.items}
    known = _keys((*base.items, *base.excluded))
    for stack in (base, ours, theirs):
        implied = stack.config.group == PER_CHANGE and stack.source is not None
        keys = new.keys() - known - _keys((*stack.items, *stack.excluded)) if implied else ()
        drafts = (Block(0, x.title, DRAFT, (x,)) for key, x in new.items() if key in keys)
        yield (*stack.blocks, *drafts)


def _blocks(sides: Sequence[tuple[Block, ...]], wanted: int) -> tuple[Block, ...]:
    """Return the blocks of the side that cut them anew, theirs if both did, with both's items."""
    base, ours, theirs = sides
    same = [_keys(x.items) for x in theirs] == [_keys(x.items) for x in base]
    frame, other = (ours, theirs) if same else (theirs, ours)
    known, there, held = (_keys(i for x in side for i in x.items) for side in (base, other, frame))
    made = []
    for block in _only(frame, held - (known - there)):
        for mate in (x for x in other if _keys(x.items) & _keys(block.items)):
            block = _block(_earlier(base, block, mate), block, mate)
        enough = block.said == REVIEW and 0 < wanted <= len(block.approvals)
        made.append(replace(block, said=APPROVED, status=APPROVED) if enough else block)
    return (*made, *_only(other, there - known - held))


def _only(blocks: Iterable[Block], keys: Collection[_Key]) -> list[Block]:
    """Return blocks with these items alone, without those that have none of them."""
    cut = (replace(x, items=tuple(i for i in x.items if _key(i) in keys)) for x in blocks)
    return [x for x in cut if x.items]


def _earlier(base: Iterable[Block], block: Block, mate: Block) -> Block:
    """Return the block that both come from; a draft where it is new on both sides."""
    keys = _keys(block.items) & _keys(mate.items)
    found = (x for x in base if _keys(x.items) & keys)
    return next(found, Block(0, mate.items[0].title, DRAFT, ()))


def _block(base: Block, block: Block, mate: Block) -> Block:
    """Return a block with what was decided on it elsewhere, as far as that is about its items."""
    alike = _keys(block.items) == _keys(mate.items)
    if alike and _commits(block) == _commits(base) != _commits(mate):
        block, mate = mate, block  # the items of that side are newer
    same = _commits(block) <= _commits(mate)
    said = _said(base.said, block.said, mate.said, same)
    titled, title = either(*((x.titled, x.title) for x in (base, mate, block)))
    return replace(
        block,
        titled=titled,
        title=title if titled else block.items[0].title,
        description=either(*(x.description for x in (base, mate, block))),
        said=said,
        status=said,
        approvals=_approvals(base, block, mate if same else block, said),
        remarks=_remarks(block, mate),
    )


def _said(base: str, one: str, other: str, same: bool) -> str:
    """Return the status; of other commits than the block's only a no counts."""
    if other == base or not (same or other in _NO):
        return one
    return other if one == base else min(one, other, key=_CAREFUL.index)


def _approvals(base: Block, block: Block, mate: Block, said: str) -> tuple[Approval, ...]:
    """Return each person's last approval that neither side took back."""
    if said not in (REVIEW, APPROVED):
        return ()
    there = listed(base.approvals, mate.approvals, block.approvals)
    return tuple({x.by: x for x in sorted(there, key=lambda x: x.time)}.values())


def _remarks(block: Block, mate: Block) -> tuple[Remark, ...]:
    new = [x for x in mate.remarks if x not in block.remarks]
    return tuple(sorted((*block.remarks, *new), key=lambda x: x.time))


def _key(item: Item) -> _Key:
    return item.lane, item.change_id or item.commit


def _keys(items: Iterable[Item]) -> set[_Key]:
    return {_key(x) for x in items}


def _commits(block: Block) -> set[str]:
    return {x.commit for x in block.items}
