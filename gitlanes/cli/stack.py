"""Commands about stacks of review blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from gitlanes.cli.main import HELP
from gitlanes.cli.output import Output, command, confirm, count
from gitlanes.cli.stack_text import item_text, show_stack
from gitlanes.models.stacks import GROUPS, MANUAL, MATCHES, ORPHANS, PER_CHANGE, Config, Stack

F = TypeVar("F", bound=Callable[..., Any])

_CONFIG = (
    click.option("--group", type=click.Choice(GROUPS), help="Each new change a block, or by hand."),
    click.option("--match", type=click.Choice(MATCHES), help="How a change is known again."),
    click.option("--orphans", type=click.Choice(ORPHANS), help="What of changes that are gone."),
    click.option(
        "--approvals", type=click.IntRange(0), help="How many a block needs to land; 0: none."
    ),
    click.option(
        "--reviewer", "reviewers", multiple=True, metavar="ID", help="Who may; repeatable."
    ),
)


def _config(function: F) -> F:
    for option in reversed(_CONFIG):
        function = option(function)
    return function


@click.group("stack", context_settings=HELP)
def stack_command() -> None:
    """Group a lane's changes into stacks of blocks, to be reviewed and to land one by one.

    A stack is named STACK or LANE:STACK, a block STACK/NUMBER. An ITEM is a Change-Id or its
    beginning, an attempt or a commit.
    """


@command("list")
@click.argument("lane", required=False)
def list_stacks(out: Output, lane: str | None) -> None:
    """List the stacks of LANE, or of all lanes."""
    from gitlanes.stacks.making import list_stacks as verb

    with out.repository() as repo:
        found = verb(repo, lane)
    if out.as_json:
        out.results("gitlanes.stacks/1", "stacks", found, ())
    elif found:
        headers = ("STACK", "INTO", "GROUP", "APPROVALS", "BLOCKS", "STATUS")
        out.table(headers, [_listed(x) for x in found])
    else:
        out.say("there are no stacks")


def _listed(stack: Stack) -> tuple[str, ...]:
    statuses = [x.status for x in stack.blocks]
    said = (f"{statuses.count(x)} {x}" for x in dict.fromkeys(statuses))
    config = stack.config
    cells = (config.group, str(config.approvals), str(len(statuses)), ", ".join(said) or "-")
    return stack.id, stack.into or "?", *cells


@command("create")
@click.argument("name")
@click.argument("items", nargs=-1, metavar="[ITEM]...")
@click.option("--lane", help="Whose changes; else those of the items, or of the workspace.")
@click.option("--target", "into", metavar="LANE", help="Where to land; else the lane's usual one.")
@_config
def create_stack(
    out: Output,
    name: str,
    items: tuple[str, ...],
    lane: str | None,
    into: str | None,
    **given: Any,
) -> None:
    """Make a stack NAME of a lane's changes, or of the ITEMs alone, of one lane or several.

    Without an ITEM each change that the lane has or gets is a block by itself. A lane as an ITEM
    stands for all that waits there.
    """
    from gitlanes.stacks.making import create

    said = {key: x for key, x in given.items() if x not in (None, ())}
    config = Config(**{"group": MANUAL if items else PER_CHANGE, **said})
    with out.repository() as repo:
        made = create(repo, name, items, config, lane=lane, into=into)
    out.say(f"created stack {made.id}")
    show_stack(out, made)


@command("edit")
@click.argument("stack")
@_config
@click.option("--any-reviewer", is_flag=True, help="Whoever approves counts.")
def edit_stack(out: Output, stack: str, any_reviewer: bool, **given: Any) -> None:
    """Change how STACK is kept: grouping, matching, approvals."""
    from gitlanes.stacks.making import configure

    reviewers = given.pop("reviewers")
    given["reviewers"] = reviewers if reviewers or any_reviewer else None
    with out.repository() as repo:
        made = configure(repo, stack, **given)
    show_stack(out, made)


@command("show")
@click.argument("stack")
def show(out: Output, stack: str) -> None:
    """Show the blocks of STACK, as its lane is now."""
    from gitlanes.stacks.revising import shown

    with out.repository() as repo:
        found = shown(repo, stack)
    show_stack(out, found)


@command("add")
@click.argument("stack")
@click.argument("items", nargs=-1, required=True, metavar="ITEM...")
@click.option("--to", metavar="N", help="Into that block; else each is a block by itself.")
def add_items(out: Output, stack: str, items: tuple[str, ...], to: str | None) -> None:
    """Put ITEMs into STACK."""
    from gitlanes.stacks.editing import add

    with out.repository() as repo:
        made = add(repo, stack, items, to=to)
    show_stack(out, made)


@command("remove")
@click.argument("stack")
@click.argument("what", nargs=-1, required=True, metavar="N|ITEM...")
def remove_items(out: Output, stack: str, what: tuple[str, ...]) -> None:
    """Take blocks, by number, or single ITEMs out of STACK; they stay in their lane."""
    from gitlanes.stacks.editing import remove

    with out.repository() as repo:
        made = remove(repo, stack, what)
    show_stack(out, made)


@command("split")
@click.argument("block")
@click.option("--after", required=True, metavar="N|CHANGE", help="So many changes, or that one.")
@click.option("--title", help="Title of the second part.")
def split_block(out: Output, block: str, after: str, title: str | None) -> None:
    """Split BLOCK in two; both parts keep what was decided."""
    from gitlanes.stacks.cutting import split

    with out.repository() as repo:
        made = split(repo, block, after, title=title)
    show_stack(out, made)


@command("merge")
@click.argument("stack")
@click.argument("blocks", nargs=-1, required=True, metavar="N...")
def merge_blocks(out: Output, stack: str, blocks: tuple[str, ...]) -> None:
    """Make one block of several, in the order given."""
    from gitlanes.stacks.cutting import merge

    with out.repository() as repo:
        made = merge(repo, stack, blocks)
    show_stack(out, made)


@command("reorder")
@click.argument("stack")
@click.argument("blocks", nargs=-1, required=True, metavar="N...")
def reorder_blocks(out: Output, stack: str, blocks: tuple[str, ...]) -> None:
    """Put the blocks that wait into this order; refused where two touch the same path."""
    from gitlanes.stacks.cutting import reorder

    with out.repository() as repo:
        made = reorder(repo, stack, blocks)
    show_stack(out, made)


@command("move")
@click.argument("stack")
@click.argument("items", nargs=-1, required=True, metavar="ITEM...")
@click.option("--to", required=True, metavar="N", help="The block that gets them.")
def move_items(out: Output, stack: str, items: tuple[str, ...], to: str) -> None:
    """Move ITEMs to another block of STACK; an emptied block goes."""
    from gitlanes.stacks.editing import move

    with out.repository() as repo:
        made = move(repo, stack, items, to)
    show_stack(out, made)


@command("title")
@click.argument("block")
@click.argument("text")
def title_block(out: Output, block: str, text: str) -> None:
    """Give BLOCK a title; '' gives it back that of its first change."""
    from gitlanes.stacks.editing import retitle

    with out.repository() as repo:
        made = retitle(repo, block, text)
    show_stack(out, made)


@command("describe")
@click.argument("block")
@click.argument("text")
def describe_block(out: Output, block: str, text: str) -> None:
    """Say what BLOCK is for; '' takes it away."""
    from gitlanes.stacks.editing import describe

    with out.repository() as repo:
        made = describe(repo, block, text)
    show_stack(out, made)


@command("delete")
@click.argument("stack")
@click.option("--yes", is_flag=True, help="Do not ask.")
def delete_stack(out: Output, stack: str, yes: bool) -> None:
    """Delete STACK; its changes stay in their lanes, and the journal keeps what was said."""
    from gitlanes.stacks.making import delete

    confirm(f"delete stack {stack}?", yes, "nothing was deleted")
    with out.repository() as repo:
        made = delete(repo, stack)
    out.result(made, [f"deleted stack {made.lane}:{made.name}"])


@command("unassigned")
@click.argument("lane", required=False)
def unassigned_items(out: Output, lane: str | None) -> None:
    """List the changes that wait in LANE and are in no stack."""
    from gitlanes.stacks.making import unassigned

    with out.repository() as repo:
        found = unassigned(repo, lane)
    out.result(found, [item_text(x) for x in found.items])
    out.say(f"{count(len(found.items), 'change')} of {found.lane} in no stack")


for _command in (
    *(list_stacks, create_stack, edit_stack, show, add_items, remove_items, split_block),
    *(merge_blocks, reorder_blocks, move_items, title_block, describe_block, delete_stack),
    unassigned_items,
):
    stack_command.add_command(_command)
