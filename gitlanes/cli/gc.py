"""`git lanes gc`."""

from __future__ import annotations

import click

from gitlanes.cli.output import Output, command, confirm, count
from gitlanes.models.collecting import Waste


@command("gc")
@click.option("-n", "--dry-run", is_flag=True, help="Show what would go, and change nothing.")
@click.option("--older-than", metavar="DURATION", help="As 30d, 12h; else lanes.retention.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def gc_command(out: Output, dry_run: bool, older_than: str | None, yes: bool) -> None:
    """Archive merged and abandoned lanes, and prune archived ones, once they are old enough.

    Of an archived lane go workspaces, branches that it was exported to, and snapshots; its records
    and commits stay readable, and 'unarchive' brings it back. What old gates and agents left goes,
    too. Lanes that are at work are never touched. What is to go is shown first. Objects are git's
    to drop.
    """
    from gitlanes.cli.options import milliseconds
    from gitlanes.upkeep.gc import carry_out, told
    from gitlanes.upkeep.planning import plan

    seconds = None if older_than is None else milliseconds(older_than) / 1000
    with out.repository() as repo:
        planned = plan(repo, seconds)
        found = told(planned)
        if not dry_run and found.waste:
            for one in () if yes else found.waste:
                out.say(_row(one))
            confirm(f"do {count(len(found.waste), 'step')}?", yes, "nothing was changed")
        if not dry_run:
            found = carry_out(repo, planned)
    out.result(found, [row for x in found.waste for row in _rows(x)])
    for kept in found.spared:
        out.say(f"kept {kept.name}: {kept.why}")
    if not found.waste:
        out.say("nothing to collect")


def _row(one: Waste) -> str:
    return f"{one.kind} {one.name}: {one.why}"


def _rows(one: Waste) -> list[str]:
    if one.left is not None:
        return [f"{one.kind} {one.name}: left, for {one.left}"]
    return [f"{one.kind} {one.name}: {one.done}" if one.done else _row(one)]
