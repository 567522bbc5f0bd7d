"""Commands about what a sync stopped at: conflict list, show, start, continue, abandon."""

from __future__ import annotations

import os

import click

from gitlanes.cli.errors import details, line
from gitlanes.cli.main import HELP, Group
from gitlanes.cli.output import Output, command
from gitlanes.cli.sync import AGENT, EXPECT, synced_lines
from gitlanes.models.plain import plain
from gitlanes.models.sync import Conflict, Side


@click.group("conflict", cls=Group, context_settings=HELP)
def conflict_command() -> None:
    """See, resolve and give up what a sync stopped at."""


@command("list")
@click.option("--stale", is_flag=True, help="Only those whose lanes have moved since.")
def list_conflicts(out: Output, stale: bool) -> None:
    """List the lanes that are in conflict, each with its paths."""
    from gitlanes.graph.conflicts import listing

    with out.repository() as repo:
        found = listing(repo, stale=stale)
    if out.as_json:
        out.result(found)
    elif found.conflicts:
        headers = ("LANE", "WITH", "ATTEMPT", "STATE", "SINCE", "PATHS")
        out.table(headers, [_row(x) for x in found.conflicts])
    else:
        out.say("no lane is in conflict" if not stale else "no conflict is stale")


@command("show", long=True)
@click.argument("lane", required=False)
def show_conflict(out: Output, lane: str | None) -> None:
    """Show LANE's conflict: the paths, and what both sides were asked to do.

    LANE may be left out inside its workspace.
    """
    from gitlanes.graph.conflicts import show

    with out.repository() as repo:
        found = show(repo, lane)
    text = [f"conflict of lane {found.lane} with {', '.join(found.onto)}, since {found.since}"]
    text += [f"state: {_state(found)}"]
    sides = [("lane", found.mine), *(("parent", x) for x in found.theirs)]
    text += [row for name, side in sides if side for row in _side(name, side)]
    told = plain([x.collision for x in found.paths if x.collision])
    out.result(found, text + details({"collisions": told}, "lane", "parent"))


@command("start")
@click.argument("lane", required=False)
@click.option("--force", is_flag=True, help="Snapshot unsaved work there, and go on.")
@AGENT
def start_conflict(out: Output, lane: str | None, force: bool, agent: str | None) -> None:
    """Lay LANE's conflict out in its workspace, with diff3 markers.

    LANE may be left out inside its workspace.
    """
    from gitlanes.graph.conflicts import start

    with out.repository() as repo:
        made = start(repo, lane, force=force, by=agent)
    name = made.conflict.lane
    out.result(made, [f"conflict of lane {name} is laid out in {made.path}"])
    for path in made.conflict.paths:
        beside = f", the lane's version is beside it: {_text(path.beside)}" if path.beside else ""
        out.say(f"  {_text(path.path)}{beside}")
    if made.snapshot:
        out.say(f"what was there is in snapshot {made.snapshot.id}")
    out.say(f"hint: edit them there, then: git lanes conflict continue {name}")


@command("continue")
@click.argument("lane", required=False)
@AGENT
@EXPECT
def continue_conflict(out: Output, lane: str | None, agent: str | None, expect: str | None) -> None:
    """Take LANE's workspace for the paths in conflict, and go on with its sync.

    LANE may be left out inside its workspace.
    """
    from gitlanes.graph.resolving import go_on

    with out.repository() as repo:
        made = go_on(repo, lane, expect=expect, by=agent)
    out.result(made, synced_lines(made))


@command("abandon")
@click.argument("lane", required=False)
@EXPECT
def abandon_conflict(out: Output, lane: str | None, expect: str | None) -> None:
    """Give LANE's conflict up: it is active again, with the work that it had.

    LANE may be left out inside its workspace.
    """
    from gitlanes.graph.conflicts import abandon

    with out.repository() as repo:
        made = abandon(repo, lane, expect=expect)
    out.result(made, [f"lane {made.lane} is active, without its conflict"])
    if made.snapshot:
        out.say(f"what was edited is in snapshot {made.snapshot.id}")


def _row(found: Conflict) -> tuple[str, ...]:
    paths = ", ".join(_text(x) for x in dict.fromkeys(x.path for x in found.paths))
    onto = ", ".join(found.onto)
    return found.lane, onto, found.attempt or "-", _state(found), found.since[:19], paths


def _state(found: Conflict) -> str:
    return ("started" if found.started else "waiting") + (", stale" if found.stale else "")


def _side(name: str, side: Side) -> list[str]:
    who = f" by {line(side.agent)}" if side.agent else ""
    what = side.attempt or str(side.commit)[:12]
    text = [f"{name}: {line(what)}{who}: {line(side.title or '')}"]
    return text + ([f"  asked: {line(side.prompt, 200)}"] if side.prompt else [])


def _text(path: bytes | None) -> str:
    return line(os.fsdecode(path or b""))


for _command in (
    list_conflicts,
    show_conflict,
    start_conflict,
    continue_conflict,
    abandon_conflict,
):
    conflict_command.add_command(_command)
