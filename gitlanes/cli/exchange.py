"""Commands that exchange work with ordinary git: export."""

from __future__ import annotations

import click

from gitlanes.cli.output import Output, command, short


@command("export")
@click.argument("lane", required=False)
@click.option("--branch", metavar="NAME", help="The branch; else named as the lane.")
def export_command(out: Output, lane: str | None, branch: str | None) -> None:
    """Put an ordinary branch at the head of LANE, for CI and for review."""
    from gitlanes.exchange.exporting import export

    with out.repository() as repo:
        made = export(repo, lane, branch=branch)
    said = "new branch" if made.old is None else "branch"
    out.result(made, [f"{said} {made.branch} at {short(made.commit)}"])
