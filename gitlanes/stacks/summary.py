"""What a reviewer needs to know of a stack: why, what it took, what judges said, what failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.history import log
from gitlanes.models.history import Told
from gitlanes.models.records import REJECTED
from gitlanes.models.stacks import Block, BlockSummary, ChangeSummary, Item, ReviewSummary
from gitlanes.stacks import naming
from gitlanes.stacks.revising import shown
from gitlanes.usage.sums import total

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def summarize(repo: LaneRepo, name: str) -> ReviewSummary:
    """Return a stack, or one block of it, with all that is recorded of its changes.

    Raises NotFound for what there is not.
    """
    stack_name, slash, which = name.rpartition("/")
    stack = shown(repo, stack_name if slash else name)
    blocks = (naming.block_in(stack, which),) if slash else stack.blocks
    told = _attempts(repo, blocks)
    return ReviewSummary(
        stack.id,
        stack.lane,
        stack.into,
        tuple(_block(x, told) for x in blocks),
    )


def _attempts(repo: LaneRepo, blocks: tuple[Block, ...]) -> dict[str, list[Told]]:
    """Return {Change-Id: attempts, newest first} of the lanes concerned, each walked once."""
    items = [x for block in blocks for x in block.items]
    wanted = {x.change_id for x in items}
    lanes = dict.fromkeys(x.lane_name for x in items if x.lane_name)
    found: dict[str, list[Told]] = {}
    for lane in lanes:
        for told in log.each(repo, log.Filter(lane)):
            change = told.attempt.change_id
            if change is not None and change in wanted:
                found.setdefault(change, []).append(told)
    return found


def _block(block: Block, told: dict[str, list[Told]]) -> BlockSummary:
    return BlockSummary(
        block.number,
        block.title,
        block.status,
        block.description,
        block.needs_rereview,
        block.approvals,
        block.remarks,
        tuple(_change(x, told.get(x.change_id or "", [])) for x in block.items),
    )


def _change(item: Item, tries: list[Told]) -> ChangeSummary:
    """Return a change with the records of its present attempt, and those turned down before."""
    here = (x for x in tries if item.commit in (x.attempt.landed, x.attempt.commit))
    known = next(here, None) or next(iter(tries), None)
    intent = known.intent if known else {}
    gates = known.notes.evaluations if known else ()
    return ChangeSummary(
        item.change_id,
        item.commit,
        item.title,
        item.lane_name,
        known.attempt.id if known else item.attempt,
        known.agent if known else item.agent,
        intent.get("model"),
        intent.get("prompt"),
        total(x for one in tries for x in one.notes.costs),
        tuple(
            {key: x[key] for key in ("name", "passed", "reason", "by") if key in x} for x in gates
        ),
        tuple(
            {"attempt": x.attempt.id, "by": x.attempt.by, "reason": x.attempt.reason}
            for x in tries
            if x.attempt.status == REJECTED
        ),
    )
