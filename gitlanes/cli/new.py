"""`git lanes new`."""

from __future__ import annotations

from typing import Any

import click

from gitlanes.cli.errors import line
from gitlanes.cli.limits import limit_options, take_limits
from gitlanes.cli.options import take_meta
from gitlanes.cli.output import Output, command, short
from gitlanes.models.records import MODES


@command("new")
@click.argument("name")
@click.option("--from", "start", metavar="START", help="Lane, attempt, snapshot or revision.")
@click.option("--on", metavar="LANE", help="Start from LANE, or its attempt, and follow it.")
@click.option("--no-workspace", is_flag=True, help="Make the lane alone.")
@click.option("--path", type=click.Path(), help="Where the workspace goes.")
@click.option("--agent", metavar="ID", help="Who owns the lane.")
@click.option("--sparse", multiple=True, metavar="DIR", help="Check out DIR only; repeatable.")
@click.option("--description", help="What it is for.")
@click.option("--meta", multiple=True, metavar="K=V", help="Further metadata; repeatable.")
@click.option("--mode", type=click.Choice(MODES), help="How it is promoted unless told.")
@limit_options
@click.option("--batch", metavar="ID", help="It shares this id with lanes for the same work.")
@click.option("--exist-ok", is_flag=True, help="A lane of that name is fine as it is.")
@click.option("--expect", metavar="COMMIT", help="Refuse unless the start is at this commit.")
def new_command(
    out: Output,
    name: str,
    start: str | None,
    on: str | None,
    no_workspace: bool,
    path: str | None,
    agent: str | None,
    sparse: tuple[str, ...],
    description: str | None,
    meta: tuple[str, ...],
    mode: str | None,
    batch: str | None,
    exist_ok: bool,
    expect: str | None,
    **limits: Any,
) -> None:
    """Make lane NAME with a workspace of its own, from the adopted lane's head unless told.

    What is made --on a lane follows it: it is promoted into that one, and its costs count there,
    too. --from is a start alone.
    """
    from gitlanes.cli.paths import directory
    from gitlanes.lanes.about import About
    from gitlanes.lanes.lifecycle import new

    budget = take_limits(limits)
    about = About(description, take_meta(meta), mode)
    with out.repository() as repo:
        made = new(
            repo,
            name,
            start=start,
            on=on,
            workspace=not no_workspace,
            path=directory(path),
            agent=agent,
            about=about,
            sparse=sparse,
            batch=batch,
            exist_ok=exist_ok,
            expect=expect,
            limits=budget,
        )
    said = "new lane" if made.created else "lane exists:"
    where = f", workspace {made.path}" if made.path else ""
    out.result(made, [line(f"{said} {made.lane.name} at {short(made.lane.head)}{where}")])
