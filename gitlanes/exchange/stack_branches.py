"""A stack as ordinary branches, one a block and each on the one before, for review elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

from gitlanes.combine.assembly import plan_landing
from gitlanes.errors import Negative, Refused
from gitlanes.git.refs import Mover, RefMove, move_refs
from gitlanes.git.trailers import add_change_id, add_trailer
from gitlanes.models.plain import replace
from gitlanes.models.records import LaneState
from gitlanes.models.stacks import Block, ExportedBlock, ExportedStack, Stack
from gitlanes.stacks import naming
from gitlanes.stacks.revising import Now
from gitlanes.store import layout, stacks
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.attribution import colliding_paths, collision
from gitlanes.store.expectation import require_active
from gitlanes.store.transaction import transaction
from gitlanes.workspaces import branches, finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_LONGEST = 40


def export_stack(
    repo: LaneRepo, name: str, *, prefix: str | None = None, gerrit: bool = False
) -> ExportedStack:
    """Put a branch at each block that waits: ``lane--1-title``, each on the one before.

    A block is one commit there, with its first change's id. The commits are copies: the lane's
    own can be amended on, and exported again. Raises Collision where a block needs what is in
    none, Refused for a branch that is at something else than was exported.
    """
    lane, own = naming.home_of(repo, name)
    with transaction(repo, "export") as tx:
        state = repo.view.lane(lane)
        require_active(state.record)
        now = Now(repo, tx, state, own)
        stack, target = now.stack, now.reader.target(state, now.stack)
        if target is None or not stack.waiting:
            raise Negative(f"nothing to export: stack '{own}' has nothing that waits")
        base = _base(now, target)
        made = list(_exported(repo, stack, base, prefix or _prefix(stack)))
        exported = {**stack.exported, **{x.branch: _known(stack, x) for x in made}}
        if exported != stack.exported:
            kept = replace(stack, exported=exported)
            record, details = stacks.with_stacks(state.record, {own: kept})
            tx.description = f"export stack {own} of lane {lane}"
            tx.lane(state, record, parents=[made[-1].commit], details=details)
    moves = [RefMove(layout.branch(x.branch), x.old, x.commit) for x in made if x.old != x.commit]
    if moves:
        with closing(Mover(repo.git, message=f"lanes: export {stack.id}")) as mover:
            move_refs(repo.git, moves, mover=mover)
    found = ExportedStack(stack.id, lane, target.record.name, base, tuple(made))
    return replace(found, refspec=_refspec(made[-1], target)) if gerrit else found


def _prefix(stack: Stack) -> str:
    return stack.lane if stack.source else stack.name


def _base(now: Now, target: LaneState) -> str:
    """Return what the first block stands on: below the lane's own changes, or the target's head."""
    stack = now.stack
    own = now.reader.waiting(stack.source, target.record) if stack.source else ()
    if not own:
        return str(target.record.head)
    parents = now.repo.objects.commit(own[0].commit).parents
    return parents[0] if parents else str(target.record.head)


def _exported(repo: LaneRepo, stack: Stack, base: str, prefix: str) -> Iterator[ExportedBlock]:
    below = base
    for block in stack.waiting:
        commit = _commit(repo, stack, block, below)
        branch = f"{prefix}--{block.number}-{_slug(block.title)}"
        ref = branches.checked(repo, branch)
        old, use = finding.branch_use(repo, ref)
        if old != commit:
            if not use:
                branches.require_unowned(repo, ref)
            _require_ours(repo, stack, branch, old, use, commit)
        change = block.items[0].change_id
        yield ExportedBlock(block.number, block.title, branch, commit, change, old)
        below = commit


def _require_ours(
    repo: LaneRepo, stack: Stack, branch: str, old: str | None, use: str, new: str
) -> None:
    if use:
        raise Refused(
            f"branch '{branch}' is {use}",
            hint="take that directory off it first, or choose other names with --branch",
        )
    ours = (None, *stack.exported.get(branch, ()))
    if old not in ours and not is_ancestor(repo, str(old), new):
        raise Refused(
            f"branch '{branch}' has commits that stack '{stack.name}' did not export",
            hint="choose other names with --branch PREFIX",
        )


def _known(stack: Stack, made: ExportedBlock) -> list[str]:
    """Return where a branch may be from now on: it moves after this is recorded."""
    before = [made.old] if made.old in stack.exported.get(made.branch, ()) else []
    return list(dict.fromkeys([made.commit, *(x for x in before if x)]))


def _commit(repo: LaneRepo, stack: Stack, block: Block, below: str) -> str:
    """Write a block's commit on the one below; the same block gives the same commit again."""
    store = repo.objects
    tree = store.commit(below).tree
    for item in block.items:
        found = store.commit(item.commit)
        before = store.tree_before(found)
        plan = plan_landing(store, repo.git, bases=[before], source=found.tree, target=tree)
        if plan.tree is None:
            ends = (found.parents[:1], (item.commit, below))
            paths = colliding_paths(repo, plan, plan.collisions, *ends)
            raise collision(
                f"block {block.number} of stack '{stack.name}' stands on changes that are in "
                "no block before it",
                paths,
                f"put them into the stack: git lanes stack add {stack.id} ITEM",
                stack=stack.id,
            )
        tree = plan.tree
    last = store.commit(block.items[-1].commit)
    text = add_trailer(_message(repo, block), "Stack", stack.name)
    return store.write_commit(tree, [below], text, author=last.author, committer=last.committer)


def _message(repo: LaneRepo, block: Block) -> str:
    first = block.items[0]
    if len(block.items) == 1 and not block.titled and not block.description:
        message = repo.objects.commit(first.commit).message
        return message.decode("utf-8", "surrogateescape")
    listed = "\n".join(f"* {x.title}" for x in block.items) if len(block.items) > 1 else None
    text = "\n\n".join(x for x in (block.title, block.description, listed) if x)
    return add_change_id(f"{text}\n", first.change_id) if first.change_id else f"{text}\n"


def _slug(title: str) -> str:
    words = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
    return words[:_LONGEST].rstrip("-") or "block"


def _refspec(top: ExportedBlock, target: LaneState) -> str:
    lane = target.record
    name = layout.short_branch(lane.branch) if lane.branch else lane.name
    return f"{layout.branch(top.branch)}:{layout.REVIEWS}{name}"
