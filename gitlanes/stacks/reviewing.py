"""What people decide on a block: it goes from draft by review to approved, or is turned down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, Negative, Refused
from gitlanes.gates.definitions import rules_at
from gitlanes.models.plain import replace
from gitlanes.models.stacks import (
    ABANDONED,
    APPROVED,
    CHANGES_REQUESTED,
    DRAFT,
    REVIEW,
    TURNED_DOWN,
    Approval,
    Block,
    Remark,
    Stack,
)
from gitlanes.stacks import naming
from gitlanes.stacks.revising import Now, revise
from gitlanes.store import codec, records

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

REOPENED, NOTE = "reopened", "note"

# From which statuses people may come to which; a merged block is final.
_FROM = {
    REVIEW: (DRAFT, CHANGES_REQUESTED),
    APPROVED: (DRAFT, REVIEW, CHANGES_REQUESTED, APPROVED),
    CHANGES_REQUESTED: (DRAFT, REVIEW, APPROVED),
    TURNED_DOWN: (DRAFT, REVIEW, APPROVED, CHANGES_REQUESTED),
    ABANDONED: (DRAFT, REVIEW, APPROVED, CHANGES_REQUESTED, TURNED_DOWN),
    REOPENED: (CHANGES_REQUESTED, TURNED_DOWN, ABANDONED),
    NOTE: (DRAFT, REVIEW, APPROVED, CHANGES_REQUESTED, TURNED_DOWN, ABANDONED),
}
_DOING = {
    REVIEW: "request review of",
    APPROVED: "approve",
    CHANGES_REQUESTED: "request changes of",
    TURNED_DOWN: "reject",
    ABANDONED: "abandon",
    REOPENED: "reopen",
    NOTE: "note on",
}


def decide(
    repo: LaneRepo,
    names: Sequence[str],
    what: str,
    *,
    by: str | None = None,
    text: str | None = None,
) -> Stack:
    """Say something of blocks of one stack, by whom: a status, 'reopened', or a 'note'.

    An approval is of the very commits that a block has; with enough of them it is approved.
    ``by`` is an agent's id or a person's, by default the mail address that git knows. All or
    none are decided. Raises Refused where a block cannot go there, or `by` is not to decide.
    """
    if what not in _FROM:
        known = ", ".join(_FROM)
        raise BadValue(f"unknown status '{codec.one_line(what, 60)}'", hint=f"one of {known}")
    own, which = _one_stack(names)
    who = codec.check_agent(by if by is not None else _person(repo))

    def change(now: Now) -> Stack:
        found = {x.number: x for x in map(now.block, which)}
        for block in found.values():
            _require_step(now.stack, block, what)
            if what in (APPROVED, CHANGES_REQUESTED, TURNED_DOWN):
                _require_reviewer(now, block, who, what)
        made = {n: _said(now, x, what, who, text) for n, x in found.items()}
        numbers = f"block{'s' if len(made) > 1 else ''} {', '.join(map(str, made))}"
        about = f": {text}" if text else ""
        now.tx.description = f"{_DOING[what]} {numbers} of stack {now.stack.name}{about}"
        blocks = tuple(made.get(x.number, x) for x in now.stack.blocks)
        return replace(now.stack, blocks=blocks)

    return revise(repo, own, change, verb="review", by=who)


def _one_stack(names: Sequence[str]) -> tuple[str, list[str]]:
    pairs = [naming.split_block(x) for x in names]
    if len({stack for stack, _ in pairs}) > 1:
        raise BadValue("blocks of several stacks are decided apart", hint="name one stack's")
    return pairs[0][0], [block for _, block in pairs]


def _said(now: Now, block: Block, what: str, who: str, text: str | None) -> Block:
    """Return a block with what was decided, and what was said with it."""
    made = _decided(now, block, what, who)
    if not text and what in (APPROVED, REVIEW):
        return made
    remark = Remark(who, now.tx.time, text, None if what == NOTE else what)
    return replace(made, remarks=(*made.remarks, remark))


def _person(repo: LaneRepo) -> str:
    """Return who decides unless told: git's mail address of whoever runs the command."""
    who = repo.identity().author.decode("utf-8", "replace")
    return who.partition("<")[2].partition(">")[0] or who


def _decided(now: Now, block: Block, what: str, who: str) -> Block:
    if what == NOTE:
        return block
    if what == APPROVED:
        return _approved(now, block, who)
    said = DRAFT if what == REOPENED else what
    kept = block.approvals if what == REVIEW else ()
    return replace(block, said=said, status=said, approvals=kept, needs_rereview=False)


def _approved(now: Now, block: Block, who: str) -> Block:
    commits = tuple(x.commit for x in block.items if not x.landed)
    others = tuple(x for x in block.approvals if x.by != who)
    approvals = (*others, Approval(who, now.tx.time, commits))
    enough = len(approvals) >= max(1, wanted(now.repo, now.stack))
    said = APPROVED if enough else REVIEW
    return replace(block, said=said, status=said, approvals=approvals, needs_rereview=False)


def wanted(repo: LaneRepo, stack: Stack) -> int:
    """Return how many approvals a block needs: what the stack asks, and its target's policy."""
    target = repo.view.peek(stack.into) if stack.into else None
    policy = rules_at(repo, target.record).approvals if target and target.record.head else 0
    return max(stack.config.approvals, policy)


def _require_step(stack: Stack, block: Block, what: str) -> None:
    if block.status in _FROM[what]:
        return
    if block.status == what or (what == REOPENED and block.status in (DRAFT, REVIEW, APPROVED)):
        raise Negative(f"block {block.number} of stack '{stack.name}' is {block.status} already")
    raise Refused(
        f"block {block.number} of stack '{stack.name}' is {block.status}",
        hint=f"reopen it first: git lanes review reopen {stack.id}/{block.number}",
        data={"stack": stack.id, "block": block.number, "status": block.status},
    )


def _makers(repo: LaneRepo, block: Block) -> set[str | None]:
    """Return the agents whose work is in a block, that of a merge's other sides, too."""
    merged: list[str] = []
    for item in block.items:
        asked = ("rev-list", f"{item.commit}^@", f"^{item.commit}^1")
        if len(repo.objects.commit(item.commit).parents) > 1:
            merged += repo.git.run(*asked).text.split()
    notes = records.read(repo, merged).values() if merged else ()
    brought = (x.get("agent") for one in notes for x in one.intents)
    known = {x.get("id") for x in brought if isinstance(x, dict)}
    return {*known, *(x.agent for x in block.items)}


def _require_reviewer(now: Now, block: Block, who: str, what: str) -> None:
    """Raise Refused for who is not asked, and for an agent that approves its own work."""
    stack = now.stack
    reviewers = stack.config.reviewers
    if reviewers and who not in reviewers:
        raise Refused(
            f"'{codec.one_line(who, 60)}' is no reviewer of stack '{stack.name}'",
            hint=f"its reviewers are {', '.join(reviewers)}",
        )
    if what == APPROVED and who in _makers(now.repo, block):
        raise Refused(
            f"'{codec.one_line(who, 60)}' made what is in block {block.number}, "
            "and cannot approve it",
            hint="let somebody else approve it",
        )
