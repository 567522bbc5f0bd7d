"""`git lanes compact`."""

from __future__ import annotations

import click

from gitlanes.cli.output import Output, command, confirm, count
from gitlanes.models.epochs import CompactedLane


@command("compact")
@click.argument("lanes", metavar="[LANE]...", nargs=-1)
@click.option(
    "--least", type=click.IntRange(1), metavar="N", help="Only journals with so many entries."
)
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def compact_command(
    out: Output, lanes: tuple[str, ...], least: int | None, dry_run: bool, yes: bool
) -> None:
    """Let the journals of these LANEs, or all long ones, begin a new epoch.

    It begins with the lane's state and all of its attempts, so that old ones are found at once.
    What was is kept behind it and is read where it is asked for; nothing is lost, and it is pushed
    and pulled as ever.
    """
    from gitlanes.epochs.compacting import compact, plan

    with out.repository() as repo:
        made = plan(repo, lanes, least=least)
        if not dry_run:
            if not yes:
                for one in made.lanes:
                    out.say(_row(one))
            confirm(f"compact {count(len(made.lanes), 'journal')}?", yes, "nothing was changed")
            made = compact(repo, [x.lane for x in made.lanes])
    out.result(made, [_row(x) for x in made.lanes])


def _row(one: CompactedLane) -> str:
    behind, attempts = count(one.entries, "operation"), count(one.attempts, "attempt")
    return f"lane {one.lane}: epoch {one.epoch} after {behind}, with {attempts}"
