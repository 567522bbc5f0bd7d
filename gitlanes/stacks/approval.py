"""What may land as far as people have to agree: by the target's policy, and by stacks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import Refused
from gitlanes.gates.definitions import rules_at
from gitlanes.models.records import LaneState
from gitlanes.models.stacks import (
    ABANDONED,
    APPROVED,
    CHANGES_REQUESTED,
    TURNED_DOWN,
    Block,
    Stack,
)
from gitlanes.stacks.reading import Reader

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_NO = (CHANGES_REQUESTED, TURNED_DOWN, ABANDONED)


def require(repo: LaneRepo, source: LaneState, target: LaneState, commits: Iterable[str]) -> None:
    """Raise Refused unless a lane's commits may land on a target.

    Each block that has one of them must not be turned down, and needs the approvals that its
    stack asks for. Where the target's policy asks for some, each commit has to be in a block
    with so many.
    """
    landing = list(commits)
    policy = rules_at(repo, target.record).approvals
    found = [x for x in _stacks(repo, source, target) if x.into == target.record.name]
    agreed: set[str] = set()
    for stack in found:
        for block in stack.waiting:
            own = {x.commit for x in block.items} & set(landing)
            if not own:
                continue
            require_block(stack, block)
            if block.status == APPROVED and len(block.approvals) >= policy:
                agreed |= own
    if policy:
        _require_agreed(found, [x for x in landing if x not in agreed], source, target, policy)


def require_block(stack: Stack, block: Block, policy: int = 0) -> None:
    """Raise Refused unless a block may land by what its stack asks, and by a policy."""
    needed = max(stack.config.approvals, policy)
    name = f"{stack.id}/{block.number}"
    lost = next((x for x in block.items if x.orphaned), None)
    if lost is not None:
        why = f"has a change that its lane has no more: {lost.title}"
        hint = f"take it out: git lanes stack remove {stack.id} {block.number}"
    elif block.status in _NO:
        why = f"is {block.status}"
        hint = f"mend it, then: git lanes review reopen {name}"
    elif needed and (block.status != APPROVED or len(block.approvals) < needed):
        why = f"is not approved: {len(block.approvals)} of {needed}"
        hint = f"let somebody approve it: git lanes review approve {name}"
    else:
        return
    raise Refused(
        f"block {block.number} of stack '{stack.name}' {why}",
        hint=hint,
        data={"stack": stack.id, "block": block.number, "status": block.status},
    )


def _stacks(repo: LaneRepo, source: LaneState, target: LaneState) -> list[Stack]:
    reader = Reader(repo, source, target)
    return [*reader.all_of(source).values(), *reader.all_of(target).values()]


def _require_agreed(
    stacks: Sequence[Stack],
    commits: Sequence[str],
    source: LaneState,
    target: LaneState,
    policy: int,
) -> None:
    if not commits:
        return
    for stack in stacks:
        for block in stack.waiting:
            if any(x.commit in commits for x in block.items):
                require_block(stack, block, policy)
    lane = source.record.name
    raise Refused(
        f"lane '{target.record.name}' wants {policy} approval{'' if policy == 1 else 's'}, "
        f"and {commits[0][:12]} of lane '{lane}' is in no stack",
        hint=f"make one: git lanes stack create NAME --lane {lane}",
        data={"lane": lane, "commits": list(commits)},
    )
