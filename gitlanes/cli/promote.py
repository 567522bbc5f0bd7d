"""Commands that land work: promote, check."""

from __future__ import annotations

import os
from typing import Any

import click

from gitlanes.cli.errors import details
from gitlanes.cli.landing_text import afterwards, left_behind, promotion_lines
from gitlanes.cli.options import (
    intent_options,
    take_cost,
    take_intent,
    take_waiver,
    waiver_options,
)
from gitlanes.cli.output import Output, command
from gitlanes.errors import EXIT_NEGATIVE, BadValue
from gitlanes.models.records import MODES


@command("promote")
@click.argument("lane", required=False)
@click.option("--into", metavar="LANE", help="The target; else the parent or the adopted lane.")
@click.option("--mode", type=click.Choice(MODES), help="Else the lane's own, else merge.")
@click.option("--stack", metavar="STACK", help="Only the blocks of that stack, all or none.")
@click.option("--change", "changes", multiple=True, help="Only that change; repeatable.")
@click.option("-m", "--message", help="Message of the landing commit.")
@click.option("--force", multiple=True, metavar="PATH", help="LANE wins this collision.")
@click.option("--force-all", is_flag=True, help="LANE wins every collision.")
@click.option("--expect", metavar="HEAD", help="Refuse unless the target is at this commit.")
@click.option("--propose", "left_open", is_flag=True, help="Leave it open for a decision.")
@click.option("--strict", is_flag=True, help="Refuse if anything would stay behind.")
@click.option("--dry-run", is_flag=True, help="Say what would happen; move nothing.")
@waiver_options
@intent_options
def promote_command(
    out: Output,
    lane: str | None,
    into: str | None,
    mode: str | None,
    stack: str | None,
    changes: tuple[str, ...],
    message: str | None,
    force: tuple[str, ...],
    force_all: bool,
    expect: str | None,
    left_open: bool,
    strict: bool,
    dry_run: bool,
    **given: Any,
) -> int:
    """Land the accepted work of LANE on another lane, unless both touched a path.

    What both come to has to pass the target's gates.
    With --propose nothing lands: it is an open attempt of the target, and whoever accepts that
    lands LANE's present head. With --stack or --change the rest stays behind: the order of LANE's
    commits changes if need be, its content does not.
    """
    from gitlanes.landing.plans import Force
    from gitlanes.landing.promote import Order, preview, promote
    from gitlanes.landing.proposing import propose

    waiver = take_waiver(given)
    forced = Force(tuple(os.fsencode(x) for x in force), force_all)
    said = (message, take_intent(given), take_cost(given))
    order = Order(into, mode, forced, *said, expect, strict, waiver)
    verb = preview if dry_run else propose if left_open else promote
    with out.repository() as repo:
        if stack is None and not changes:
            made = verb(repo, lane, order)
        elif left_open:
            raise BadValue("a part of a lane lands or does not", hint="leave --propose out")
        else:
            from gitlanes.landing.parts import promote_parts  # most land the whole lane
            from gitlanes.landing.picking import Parts

            made = promote_parts(repo, lane, order, Parts(stack, changes), dry_run=dry_run)
    out.result(made, promotion_lines(made))
    for text in left_behind(made):
        out.warn(text)
    for text in afterwards(made):
        out.say(text)
    return EXIT_NEGATIVE if made.collisions else 0


@command("check")
@click.argument("lanes", nargs=-1)
@click.option("--into", metavar="LANE", help="The target; else the parent or the adopted lane.")
def check_command(out: Output, lanes: tuple[str, ...], into: str | None) -> int:
    """Say whether LANES would land, by paths alone; all lanes by default."""
    from gitlanes.landing.check import check

    with out.repository() as repo:
        found = check(repo, lanes, into=into)
    text = []
    for one in found:
        text += promotion_lines(one)
        text += [f"  {x}" for x in details(one.to_dict())]
    out.results("gitlanes.checks/1", "checks", found, text)
    return EXIT_NEGATIVE if any(x.collisions for x in found) else 0
