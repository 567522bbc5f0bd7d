"""How stacks read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes.cli.output import Output, count, short
from gitlanes.models.stacks import Block, Item, Stack

if TYPE_CHECKING:
    from gitlanes.models.stacks import Config


def show_stack(out: Output, stack: Stack) -> None:
    """Print a stack: its blocks, and what is in none."""
    if out.as_json:
        out.result(stack)
        return
    out.say(f"stack {stack.id} into {stack.into or '?'}: {config_text(stack.config)}")
    if stack.blocks:
        headers = ("BLOCK", "STATUS", "APPROVALS", "CHANGES", "TITLE")
        out.table(headers, [_row(stack, x) for x in stack.blocks])
    else:
        out.say("it has no blocks yet")
    for item in stack.unassigned:
        out.say(f"unassigned: {item_text(item)}")


def _row(stack: Stack, block: Block) -> tuple[str, ...]:
    needed = stack.config.approvals
    given = len(block.approvals)
    said = f"{given} of {needed}" if needed else str(given) if given else "-"
    status = f"{block.status} (needs rereview)" if block.needs_rereview else block.status
    return str(block.number), status, said, _changes(block.items), block.title


def _changes(items: Sequence[Item]) -> str:
    names = [f"{_name(x)}{' (gone)' if x.orphaned else ''}" for x in items[:3]]
    return ", ".join(names) + (f" and {len(items) - 3} more" if len(items) > 3 else "")


def _name(item: Item) -> str:
    return item.attempt or short(item.commit)


def item_text(item: Item) -> str:
    """Return a change on one line."""
    return f"{_name(item)} {item.title}"


def config_text(config: Config) -> str:
    """Return how a stack is kept."""
    said = [config.group, f"by {config.match}", f"orphans {config.orphans}"]
    said.append(count(config.approvals, "approval") if config.approvals else "no approval asked")
    if config.reviewers:
        said.append(f"reviewers {', '.join(config.reviewers)}")
    return ", ".join(said)
