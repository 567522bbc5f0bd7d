"""The part of `gitlanes.Repo` that is about stacks and reviews."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from typing import Any

from gitlanes.exchange.stack_branches import export_stack
from gitlanes.landing.parts import promote_parts
from gitlanes.landing.picking import Parts
from gitlanes.landing.plans import Force
from gitlanes.landing.promote import Order
from gitlanes.models.gates import NO_WAIVER, Waiver
from gitlanes.models.notes import NO_COST, NO_INTENT, Cost, Intent
from gitlanes.models.results import Promotion
from gitlanes.models.stacks import (
    MANUAL,
    PER_CHANGE,
    Config,
    ExportedStack,
    ReviewSummary,
    Stack,
    StackDeleted,
    Unassigned,
)
from gitlanes.sdk.offering import Path_, path_names
from gitlanes.stacks import cutting, editing, making, naming, reviewing, revising, summary
from gitlanes.store.expectation import expecting
from gitlanes.store.lane_repo import LaneRepo


class Stacks:
    """Stacks are named ``STACK`` or ``LANE:STACK``, their blocks ``STACK/2``.

    An item is a Change-Id or its beginning, an attempt, a commit, or a lane with all its changes.
    What changes a stack returns it as it is then; the lane that keeps it is to be at ``expect``.
    """

    _repo: LaneRepo

    def stacks(self, lane: str | None = None) -> list[Stack]:
        """Return the stacks of a lane, or of all."""
        return making.list_stacks(self._repo, lane)

    def stack(self, name: str) -> Stack:
        """Return a stack as its lane is now."""
        return revising.shown(self._repo, name)

    def create_stack(
        self,
        name: str,
        items: Iterable[str] = (),
        *,
        lane: str | None = None,
        into: str | None = None,
        expect: str | None = None,
        **config: Any,
    ) -> Stack:
        """Make a stack of a lane's changes, or of these items; ``config`` are `Config`'s fields."""
        named = tuple(items)
        said = Config(**{"group": MANUAL if named else PER_CHANGE, **config})
        repo = self._repo
        with expecting(repo, expect, lambda: making.keeper(repo, named, lane, into)):
            return making.create(repo, name, named, said, lane=lane, into=into)

    def configure_stack(self, name: str, *, expect: str | None = None, **config: Any) -> Stack:
        """Change how a stack is kept; ``config`` are `Config`'s fields."""
        with self._stack_at(expect, name):
            return making.configure(self._repo, name, **config)

    def delete_stack(self, name: str, *, expect: str | None = None) -> StackDeleted:
        """Let a stack be no more; its changes stay in their lanes."""
        with self._stack_at(expect, name):
            return making.delete(self._repo, name)

    def unassigned(self, lane: str | None = None) -> Unassigned:
        """Return a lane's changes that wait and are in no stack."""
        return making.unassigned(self._repo, lane)

    def stack_add(
        self, name: str, *items: str, to: str | None = None, expect: str | None = None
    ) -> Stack:
        """Put items into a stack: each a block by itself, or all into block ``to``."""
        with self._stack_at(expect, name):
            return editing.add(self._repo, name, items, to=to)

    def stack_remove(self, name: str, *what: str, expect: str | None = None) -> Stack:
        """Take blocks, by number, or single items out of a stack."""
        with self._stack_at(expect, name):
            return editing.remove(self._repo, name, what)

    def stack_move(self, name: str, *items: str, to: str, expect: str | None = None) -> Stack:
        """Move items to another block of their stack."""
        with self._stack_at(expect, name):
            return editing.move(self._repo, name, items, to)

    def stack_reorder(self, name: str, *blocks: str, expect: str | None = None) -> Stack:
        """Put the blocks that wait into this order; raises Collision where they cannot be."""
        with self._stack_at(expect, name):
            return cutting.reorder(self._repo, name, blocks)

    def merge_blocks(self, name: str, *blocks: str, expect: str | None = None) -> Stack:
        """Make one block of several, in the order given."""
        with self._stack_at(expect, name):
            return cutting.merge(self._repo, name, blocks)

    def split_block(
        self, block: str, after: str, *, title: str | None = None, expect: str | None = None
    ) -> Stack:
        """Split a block in two after so many of its changes, or after the one named."""
        with self._stack_at(expect, block):
            return cutting.split(self._repo, block, after, title=title)

    def title_block(self, block: str, title: str, *, expect: str | None = None) -> Stack:
        """Give a block a title; '' gives it back that of its first change."""
        with self._stack_at(expect, block):
            return editing.retitle(self._repo, block, title)

    def describe_block(self, block: str, text: str, *, expect: str | None = None) -> Stack:
        """Say what a block is for; '' takes it away."""
        with self._stack_at(expect, block):
            return editing.describe(self._repo, block, text)

    def review(
        self,
        *blocks: str,
        status: str,
        by: str | None = None,
        text: str | None = None,
        expect: str | None = None,
    ) -> Stack:
        """Say something of blocks: see `gitlanes.stacks.reviewing.decide`.

        ``status`` is 'review' (asked for), 'approved', 'changes-requested', 'rejected',
        'abandoned', 'reopened', or 'note'.
        """
        with self._stack_at(expect, *blocks[:1]):
            return reviewing.decide(self._repo, blocks, status, by=by, text=text)

    def review_summary(self, name: str) -> ReviewSummary:
        """Return a stack, or one block, with all that is recorded of its changes."""
        return summary.summarize(self._repo, name)

    def promote_stack(
        self,
        name: str | None = None,
        *,
        changes: Iterable[str] = (),
        lane: str | None = None,
        into: str | None = None,
        mode: str | None = None,
        force: Iterable[Path_] = (),
        force_all: bool = False,
        message: str | None = None,
        intent: Intent = NO_INTENT,
        cost: Cost = NO_COST,
        expect: str | None = None,
        waiver: Waiver = NO_WAIVER,
        dry_run: bool = False,
    ) -> Promotion:
        """Land a stack, or some changes of a lane, all or none; the rest stays in its lane.

        Raises what `promote` raises, and Refused where a block is not approved.
        """
        forced = Force(path_names(force), force_all)
        order = Order(into, mode, forced, message, intent, cost, expect, waiver=waiver)
        parts = Parts(name, tuple(changes))
        return promote_parts(self._repo, lane, order, parts, dry_run=dry_run)

    def export_stack(
        self,
        name: str,
        *,
        prefix: str | None = None,
        gerrit: bool = False,
        expect: str | None = None,
    ) -> ExportedStack:
        """Put a branch at each block that waits, on that of the block before."""
        with self._stack_at(expect, name):
            return export_stack(self._repo, name, prefix=prefix, gerrit=gerrit)

    def _stack_at(self, expect: str | None, name: str = "") -> AbstractContextManager[None]:
        """Expect something of the lane that keeps a stack, which may be named by a block of it."""
        stack = name.partition("/")[0]
        return expecting(self._repo, expect, lambda: naming.home_of(self._repo, stack)[0])
