"""Stacks of review blocks: what people said of them, and what is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from gitlanes.models.plain import NOTHING, Model, Result

DRAFT, REVIEW, APPROVED = "draft", "review", "approved"
CHANGES_REQUESTED, TURNED_DOWN, ABANDONED = "changes-requested", "rejected", "abandoned"
MERGED = "merged"
# What people can say of a block; 'merged' is what becomes of it.
SAID = (DRAFT, REVIEW, APPROVED, CHANGES_REQUESTED, TURNED_DOWN, ABANDONED)

PER_CHANGE, MANUAL = GROUPS = ("per-change", "manual")
CHANGE_ID, PATCH_ID, MESSAGE = MATCHES = ("change-id", "patch-id", "message")
DROP, KEEP = ORPHANS = ("drop", "keep")


class Config(Model):
    """How a stack is kept.

    ``group`` says whether each new change of the lane becomes a block by itself, ``match`` how a
    change is known again, ``orphans`` what becomes of one that the lane has no more.
    ``approvals`` is how many a block needs to land, ``reviewers`` whose count; none: anybody's.
    """

    group: str = PER_CHANGE
    match: str = CHANGE_ID
    orphans: str = DROP
    approvals: int = 0
    reviewers: tuple[str, ...] = ()


class Item(Model):
    """A change in a block: the lane's uuid, and the commit in which it stood last.

    ``lane_name``, ``attempt`` and ``agent`` are told when it is read. ``landed`` says that the
    target has it, ``orphaned`` that the lane has it no more.
    """

    lane: str
    commit: str
    change_id: str | None
    title: str
    lane_name: str | None = None
    attempt: str | None = None
    agent: str | None = None
    landed: bool = False
    orphaned: bool = False


class Approval(Model):
    """Who approved a block, when, and which commits."""

    by: str
    time: str
    commits: tuple[str, ...]


class Remark(Model):
    """What somebody said of a block; ``status`` is what he made of it, None for a note."""

    by: str
    time: str
    text: str | None
    status: str | None = None


class Block(Model):
    """A unit of review: changes in their order, and how far the review is.

    ``title`` is the first change's unless ``titled``. ``status`` is what it is now, ``said``
    what people said: they differ once it is merged. ``needs_rereview`` says that a change was
    laid on another base since it was approved.
    """

    number: int
    title: str
    status: str
    items: tuple[Item, ...]
    said: str = DRAFT
    titled: bool = False
    description: str | None = None
    approvals: tuple[Approval, ...] = ()
    remarks: tuple[Remark, ...] = ()
    needs_rereview: bool = False

    @property
    def merged(self) -> bool:
        """Say whether all of it has landed: then it is not changed any more."""
        return self.status == MERGED


class Stack(Result):
    """A stack as it is now, the changes of its lane included.

    ``lane`` is the lane in whose journal it is kept, ``into`` the name of the target.
    ``target`` and ``source`` are uuids: of the lane that it is to land on (None: the lane's
    usual one), and of the only one that its changes come from. ``excluded`` are changes that
    were taken out of it, ``unassigned`` those of its lane that no block has. ``since`` is the
    commit to which the lane had landed when the stack was made. ``exported`` has, for each
    branch, the commits that it may be at.
    """

    name: str
    lane: str
    config: Config
    blocks: tuple[Block, ...] = ()
    source: str | None = None
    target: str | None = None
    into: str | None = None
    since: str | None = None
    excluded: tuple[Item, ...] = ()
    unassigned: tuple[Item, ...] = ()
    exported: dict[str, list[str]] = NOTHING
    extra: dict[str, Any] = NOTHING

    schema: ClassVar[str] = "stack"

    @property
    def id(self) -> str:
        """Return the name by which it is found from anywhere."""
        return f"{self.lane}:{self.name}"

    @property
    def items(self) -> Iterator[Item]:
        """Yield the changes of all blocks, in their order."""
        return (x for block in self.blocks for x in block.items)

    @property
    def waiting(self) -> tuple[Block, ...]:
        """Return the blocks that have not landed."""
        return tuple(x for x in self.blocks if not x.merged)


class StackDeleted(Result):
    """A stack that is no more; its lane's journal keeps it."""

    name: str
    lane: str

    schema: ClassVar[str] = "stack-deleted"


class Unassigned(Result):
    """The changes of a lane, not landed yet, that are in no block of its stacks."""

    lane: str
    items: tuple[Item, ...]

    schema: ClassVar[str] = "unassigned"


class ChangeSummary(Model):
    """A change as a reviewer wants to see it: why, what it took, what judges said.

    ``rejected`` are earlier tries that were turned down: id, by whom and why.
    """

    change_id: str | None
    commit: str
    title: str
    lane: str | None
    attempt: str | None
    agent: str | None
    model: str | None
    prompt: str | None
    cost: dict[str, Any]
    gates: tuple[dict[str, Any], ...]
    rejected: tuple[dict[str, Any], ...]


class BlockSummary(Model):
    """A block with its changes in full."""

    number: int
    title: str
    status: str
    description: str | None
    needs_rereview: bool
    approvals: tuple[Approval, ...]
    remarks: tuple[Remark, ...]
    changes: tuple[ChangeSummary, ...]


class ReviewSummary(Result):
    """A stack, or some blocks of it, for who reviews it."""

    stack: str
    lane: str
    into: str | None
    blocks: tuple[BlockSummary, ...]

    schema: ClassVar[str] = "review-summary"


class ExportedBlock(Model):
    """A block's branch and its one commit; ``old`` is where it was, None if it was made."""

    number: int
    title: str
    branch: str
    commit: str
    change_id: str | None
    old: str | None


class ExportedStack(Result):
    """The branches of a stack's blocks that wait; the first stands on commit ``base``.

    ``refspec`` pushes all of them to Gerrit, if that was asked for.
    """

    stack: str
    lane: str
    into: str
    base: str
    branches: tuple[ExportedBlock, ...]
    refspec: str | None = None

    schema: ClassVar[str] = "stack-export"
