"""Commands about lanes: list, status, path, delete."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from gitlanes.cli import drawing
from gitlanes.cli.errors import line
from gitlanes.cli.output import Output, command, confirm, porcelain_option, short
from gitlanes.cli.task_text import show_tasks
from gitlanes.cli.terminal import put
from gitlanes.models.lanes import LaneSummary
from gitlanes.models.records import DELETED

if TYPE_CHECKING:
    from gitlanes.models.remotes import RemoteStatus
    from gitlanes.store.lane_repo import LaneRepo


@command("list", long=True)
@porcelain_option("Name, head, status and path of each")
@click.option("--archived", is_flag=True, help="Archived lanes, too.")
@click.option("--tree", is_flag=True, help="Each lane below the one that it was started from.")
def list_command(out: Output, porcelain: bool, archived: bool, tree: bool) -> None:
    """List the lanes; with -v what each is for."""
    from gitlanes.lanes.listing import list_lanes

    with out.repository() as repo:
        found = list_lanes(repo, archived=archived, paths=porcelain or out.as_json)
    if porcelain:
        out.fields((x.name, x.head or "", x.status, x.path or "") for x in found.lanes)
    elif out.as_json:
        out.result(found)
    else:
        _table(out, _nested(found.lanes) if tree else [("", x) for x in found.lanes])


def _table(out: Output, rows: Sequence[tuple[str, LaneSummary]]) -> None:
    """Print lanes, each behind what is drawn before its name."""
    headers = ["LANE", "HEAD", "STATE", "OPEN", "LAST"]
    cells = [[before + x.name, *_row(x)[1:]] for before, x in rows]
    if out.verbose:
        headers.append("DESCRIPTION")
        for row, (_, lane) in zip(cells, rows, strict=True):
            row.append(lane.description or "-")
    out.table(headers, cells)


def _nested(lanes: Sequence[LaneSummary]) -> list[tuple[str, LaneSummary]]:
    """Return the lanes with the branches of a tree drawn before each."""
    by_name = {x.name: x for x in lanes}
    drawn = drawing.tree(list(by_name), {x.name: x.above for x in lanes})
    return [(before, by_name[name]) for before, name in drawn]


@command("status")
@click.argument("lane", required=False)
@click.option("--remote", is_flag=True, help="And how they stand to the remote, as last fetched.")
def status_command(out: Output, lane: str | None, remote: bool) -> None:
    """Show the lanes as recorded, and what is unsaved in the present workspace.

    With --remote the object has what 'remote status' prints as its 'remote'.
    """
    from gitlanes.lanes.listing import status

    with out.repository(lenient=True) as repo:
        found = status(repo, lane)
        there = _standing(repo, lane) if remote else None
    if out.as_json:
        told = found.to_dict()
        out.json({**told, "remote": there.to_dict()} if there else told)
        return
    _table(out, [("", x) for x in found.lanes])
    show_tasks(out, found.lanes)
    where = f"workspace of {found.lane}" if found.lane else f"workspace {found.workspace}"
    if found.unsaved:
        put(f"\nunsaved in the {where}:")
        for state, path in found.unsaved:
            put(f"  {state} {line(os.fsdecode(path))}")
    elif found.workspace:
        put(f"\nnothing unsaved in the {where}")
    if there:
        from gitlanes.cli.remote import show_standing

        put("")
        show_standing(out, there)
    for odd in found.findings:
        out.warn(odd.message)
        out.say(f"hint: {odd.hint}")


def _standing(repo: LaneRepo, lane: str | None) -> RemoteStatus:
    """Return how lanes, or one, stand to the usual remote as it was last fetched."""
    from gitlanes.exchange.standing import status
    from gitlanes.models.plain import replace

    found = status(repo)
    return replace(found, lanes=tuple(x for x in found.lanes if lane in (None, x.lane)))


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
    """Delete LANE and its workspace; its records stay readable.

    An agent at work there is in the way; --force stops it.
    """
    from gitlanes.fleet.clearing import clear
    from gitlanes.lanes.lifecycle import delete

    with out.repository() as repo:
        known = repo.view.find(lane)
        if known is None or known.record.status != DELETED:  # that may have an end to be made
            repo.view.lane(lane)
        confirm(f"delete lane {lane} and its workspace?", yes, "nothing was deleted")
        clear(repo, lane, force=force, expect=expect)
        gone = delete(repo, lane, force=force, expect=expect)
    out.result(gone, [f"deleted lane {gone.lane.name} (was at {short(gone.lane.head)})"])
    if gone.snapshot:
        out.say(f"its unsaved work is in snapshot {gone.snapshot}")
        out.say(f"hint: get it back with 'git lanes new NAME --from {gone.snapshot}'")


def _row(lane: LaneSummary) -> tuple[str, ...]:
    state = lane.status if lane.landed or lane.status != "active" else "unlanded"
    waiting = ", ".join(x.id for x in lane.open)
    return lane.name, short(lane.head), state, waiting or "-", lane.last
