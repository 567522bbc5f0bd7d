"""Commands about operations: log, show."""

from __future__ import annotations

import click

from gitlanes.cli.errors import line
from gitlanes.cli.main import HELP, Group
from gitlanes.cli.output import Output, command, short
from gitlanes.models.operations import LaneStep, Operation

# What tells operations apart at a glance, as much as is shown of them.
_ID = 18


@click.group("op", cls=Group, context_settings=HELP)
def op_command() -> None:
    """Show operations: what was done to lanes, each as one step."""


@command("log", long=True)
@click.argument("lane_name", metavar="[LANE]", required=False)
@click.option("--lane", help="Operations on this lane alone.")
@click.option("-n", "--limit", type=click.IntRange(0), default=50, show_default=True)
@click.option("--all", "everything", is_flag=True, help="Back to the beginning, however long.")
def log_operations(
    out: Output, lane_name: str | None, lane: str | None, limit: int, everything: bool
) -> None:
    """List operations on all lanes, or on one, the newest first."""
    from gitlanes.history.operations import listing

    if lane and lane_name:
        raise click.UsageError("LANE and --lane exclude each other")
    with out.repository() as repo:
        found = listing(repo, lane=lane or lane_name, limit=None if everything else limit)
    if out.as_json:
        out.result(found)
        return
    rows = [
        (x.id[:_ID], x.time[:19] + "Z", x.actor or "-", x.description) for x in found.operations
    ]
    out.table(("OPERATION", "TIME", "AGENT", "WHAT"), rows)
    if found.more:
        out.say("hint: there is more; see --limit and --all")


@command("show", long=True)
@click.argument("operation")
def show_operation(out: Output, operation: str) -> None:
    """Show one operation: who did what, and where each lane's head was and is."""
    from gitlanes.history.operations import show

    with out.repository() as repo:
        found = show(repo, operation)
    out.result(found, _text(found))


def _text(found: Operation) -> list[str]:
    who = f"  Agent:  {line(found.actor)}" if found.actor else ""
    rows = [f"operation {found.id}", f"  Verb:   {line(found.verb)}", f"  Time:   {found.time}"]
    rows += [f"  Host:   {line(found.host)}", *([who] if who else []), ""]
    rows += [f"    {line(found.description)}", ""]
    return rows + [_step(x) for x in found.lanes]


def _step(step: LaneStep) -> str:
    if step.before == step.head:
        where = f"stays at {short(step.head)}"
    else:
        where = f"{short(step.before) if step.before else 'new'} -> {short(step.head)}"
    status = "" if step.status == "active" else f" ({step.status})"
    return f"  lane {line(step.lane)}{status}: {where}"


for _command in (log_operations, show_operation):
    op_command.add_command(_command)
