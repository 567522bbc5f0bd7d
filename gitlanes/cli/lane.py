"""Commands about lanes: new, list, status, path, delete."""

from __future__ import annotations

import sys

import click

from gitlanes.cli.errors import line
from gitlanes.cli.output import Output, command, short
from gitlanes.errors import Refused
from gitlanes.models.lanes import LaneSummary


@command("new")
@click.argument("name")
@click.option("--from", "start", metavar="START", help="Lane, attempt, snapshot or revision.")
@click.option("--no-workspace", is_flag=True, help="Make the lane alone.")
@click.option("--path", type=click.Path(), help="Where the workspace goes.")
@click.option("--agent", metavar="ID", help="Who owns the lane.")
@click.option("--exist-ok", is_flag=True, help="A lane of that name is fine as it is.")
@click.option("--expect", metavar="COMMIT", help="Refuse unless the start is at this commit.")
def new_command(
    out: Output,
    name: str,
    start: str | None,
    no_workspace: bool,
    path: str | None,
    agent: str | None,
    exist_ok: bool,
    expect: str | None,
) -> None:
    """Make lane NAME with a workspace of its own, from the adopted lane's head unless told."""
    from pathlib import Path

    from gitlanes.lanes.lifecycle import new

    with out.repository() as repo:
        made = new(
            repo,
            name,
            start=start,
            workspace=not no_workspace,
            path=Path(path) if path else None,
            agent=agent,
            exist_ok=exist_ok,
            expect=expect,
        )
    said = "new lane" if made.created else "lane exists:"
    where = f", workspace {made.path}" if made.path else ""
    out.result(made, [line(f"{said} {made.lane.name} at {short(made.lane.head)}{where}")])


@command("list")
@click.option(
    "--porcelain", "-z", "porcelain", is_flag=True, help="Name, head, status, path; NUL after each."
)
def list_command(out: Output, porcelain: bool) -> None:
    """List the lanes."""
    from gitlanes.lanes.listing import list_lanes

    with out.repository() as repo:
        found = list_lanes(repo, paths=porcelain or out.as_json)
    if porcelain:
        for lane in found.lanes:
            fields = (lane.name, lane.head or "", lane.status, lane.path or "")
            click.echo("".join(f"{field}\0" for field in fields), nl=False)
    elif out.as_json:
        out.result(found)
    else:
        out.table(("LANE", "HEAD", "STATE", "OPEN", "LAST"), [_row(x) for x in found.lanes])


@command("status")
@click.argument("lane", required=False)
def status_command(out: Output, lane: str | None) -> None:
    """Show the lanes as recorded, and what is unsaved in the present workspace."""
    from gitlanes.lanes.listing import status

    with out.repository() as repo:
        found = status(repo, lane)
    if out.as_json:
        out.result(found)
        return
    out.table(("LANE", "HEAD", "STATE", "OPEN", "LAST"), [_row(x) for x in found.lanes])
    if found.lane and found.unsaved:
        click.echo(f"\nunsaved in the workspace of {found.lane}:")
        for state, path in found.unsaved:
            click.echo(f"  {state} {line(path.decode('utf-8', 'surrogateescape'))}")
    elif found.lane:
        click.echo(f"\nnothing unsaved in the workspace of {found.lane}")
    for text in found.findings:
        out.warn(text)


@command("path")
@click.argument("lane", required=False)
def path_command(out: Output, lane: str | None) -> None:
    """Print where a lane's workspace is: cd "$(git lanes path auth)"."""
    from gitlanes.workspaces.finding import lane_or_present, require_workspace

    with out.repository() as repo:
        found = require_workspace(repo, lane_or_present(repo, lane).record)
    out.result_path(found, found.path)


@command("delete")
@click.argument("lane")
@click.option("--force", is_flag=True, help="Reject open attempts, snapshot unsaved work.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--expect", metavar="HEAD", help="Refuse unless the lane is at this commit.")
def delete_command(out: Output, lane: str, force: bool, yes: bool, expect: str | None) -> None:
    """Delete LANE and its workspace; its records stay readable."""
    from gitlanes.lanes.lifecycle import delete

    with out.repository() as repo:
        if repo.view.find(lane) is None:  # a deleted one may have an end to be made
            repo.view.lane(lane)
        _confirm(f"delete lane {lane} and its workspace?", yes)
        gone = delete(repo, lane, force=force, expect=expect)
    out.result(gone, [f"deleted lane {gone.lane.name} (was at {short(gone.lane.head)})"])
    if gone.snapshot:
        out.say(f"its unsaved work is in snapshot {gone.snapshot}")
        out.say(f"hint: get it back with 'git lanes new NAME --from {gone.snapshot}'")


def _confirm(question: str, yes: bool) -> None:
    """Ask on a terminal; elsewhere a destructive command needs --yes."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused("this needs a confirmation, and there is no terminal", hint="use --yes")
    click.confirm(question, abort=True, err=True)


def _row(lane: LaneSummary) -> tuple[str, ...]:
    state = lane.status if lane.landed or lane.status != "active" else "unlanded"
    waiting = ", ".join(x.id for x in lane.open)
    return lane.name, short(lane.head), state, waiting or "-", lane.last
