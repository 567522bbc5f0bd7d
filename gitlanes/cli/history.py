"""Commands that read the past: history, diff."""

from __future__ import annotations

import sys

import click

from gitlanes.cli.errors import line
from gitlanes.cli.output import Output, command
from gitlanes.cli.told import attempt_lines, brief_cost
from gitlanes.models.records import STATUSES


@command("history")
@click.argument("lane_name", metavar="[LANE]", required=False)
@click.option("--lane", help="Attempts of this lane alone.")
@click.option("--status", type=click.Choice(STATUSES))
@click.option("--agent", metavar="ID", help="Attempts of this agent alone.")
@click.option("--tag", help="Attempts with this tag alone.")
@click.option("--since", metavar="DATE", help="As git understands it: '2 days ago', 2026-01-31.")
@click.option("-n", "--limit", type=click.IntRange(0), help="At most so many.")
def history_command(
    out: Output,
    lane_name: str | None,
    lane: str | None,
    status: str | None,
    agent: str | None,
    tag: str | None,
    since: str | None,
    limit: int | None,
) -> None:
    """List attempts with their intent and cost, the one that changed last first."""
    from gitlanes.history.log import Filter, history

    with out.repository() as repo:
        found = history(repo, Filter(lane or lane_name, status, agent, tag, since, limit))
    if out.as_json:
        out.result(found)
    elif out.verbose:
        out.result(found, [row for told in found.attempts for row in attempt_lines(told)])
    else:
        rows = [
            (x.attempt.id, x.attempt.status, x.attempt.agent or "-", brief_cost(x), x.attempt.title)
            for x in found.attempts
        ]
        out.table(("ATTEMPT", "STATUS", "AGENT", "COST", "TITLE"), rows)


@command("diff")
@click.argument("old")
@click.argument("new")
@click.option("--content", is_flag=True, help="Show the patch.")
@click.option("--stat", is_flag=True, help="Show how much changed in each file.")
def diff_command(out: Output, old: str, new: str, content: bool, stat: bool) -> None:
    """Show what lies between two states: lanes, attempts, snapshots or revisions."""
    from gitlanes.history.diff import CONTENT, STAT, diff

    rendering = (*(STAT if stat else ()), *(CONTENT if content else ()))
    with out.repository() as repo:
        found = diff(repo, old, new, rendering=rendering)
    if found.text is not None and not out.as_json:
        text = found.text
        if sys.stdout.isatty():
            text = "\n".join(line(x.expandtabs()) for x in text.split("\n"))
        click.echo(text.encode("utf-8", "surrogateescape"), nl=False)
        return
    letters = {"added": "A", "modified": "M", "deleted": "D"}
    paths = (
        (letters[x.action], line(x.path.decode("utf-8", "surrogateescape"))) for x in found.files
    )
    out.result(found, [f"{letter}\t{path}" for letter, path in paths])
