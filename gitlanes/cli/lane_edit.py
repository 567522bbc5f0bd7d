"""Commands that change what a lane is: edit, rename, archive, unarchive."""

from __future__ import annotations

import click

from gitlanes.cli.options import take_meta
from gitlanes.cli.output import Output, command
from gitlanes.errors import BadValue
from gitlanes.models.records import MODES

_EXPECT = click.option("--expect", metavar="HEAD", help="Refuse unless the lane is at this commit.")


@command("edit")
@click.argument("lane", required=False)
@click.option("--description", help="What it is for; '' takes it away.")
@click.option("--meta", multiple=True, metavar="K=V", help="Metadata to set; repeatable.")
@click.option("--unset-meta", multiple=True, metavar="K", help="Metadata to drop; repeatable.")
@click.option("--mode", type=click.Choice(MODES), help="How it is promoted unless told.")
@click.option("--unset-mode", is_flag=True, help="Prefer no mode.")
@_EXPECT
def edit_command(
    out: Output,
    lane: str | None,
    description: str | None,
    meta: tuple[str, ...],
    unset_meta: tuple[str, ...],
    mode: str | None,
    unset_mode: bool,
    expect: str | None,
) -> None:
    """Change LANE's description, metadata and preferred promotion mode.

    LANE may be left out inside its workspace.
    """
    from gitlanes.lanes.about import About
    from gitlanes.lanes.editing import edit

    if mode is not None and unset_mode:
        raise BadValue("--mode and --unset-mode exclude each other")
    about = About(description, take_meta(meta), mode)
    with out.repository() as repo:
        made = edit(repo, lane, about, unset_meta=unset_meta, unset_mode=unset_mode, expect=expect)
    out.result(made, [f"edited lane {made.lane.name}: {', '.join(made.changed)}"])


@command("rename")
@click.argument("lane")
@click.argument("name")
@_EXPECT
def rename_command(out: Output, lane: str, name: str, expect: str | None) -> None:
    """Call LANE by another NAME; ids of its attempts and snapshots still resolve."""
    from gitlanes.lanes.renaming import rename

    with out.repository() as repo:
        made = rename(repo, lane, name, expect=expect)
    out.result(made, [f"renamed lane {made.old} to {made.lane.name}"])
    if made.path:
        out.say(f"its workspace stays where it is: {made.path}")


@command("archive")
@click.argument("lane", required=False)
@click.option("--force", is_flag=True, help="Leave attempts open, snapshot unsaved work.")
@_EXPECT
def archive_command(out: Output, lane: str | None, force: bool, expect: str | None) -> None:
    """Put LANE away: hidden and readable, without a workspace, taking no work.

    LANE may be left out inside its workspace, which goes. An agent at work there is in the way;
    --force stops it.
    """
    from gitlanes.fleet.clearing import clear
    from gitlanes.lanes.archiving import archive

    with out.repository() as repo:
        clear(repo, lane, force=force, expect=expect)
        made = archive(repo, lane, force=force, expect=expect)
    out.result(made, [f"archived lane {made.lane.name}"])
    if made.snapshot:
        out.say(f"its unsaved work is in snapshot {made.snapshot}")
        out.say(f"hint: get it back with 'git lanes new NAME --from {made.snapshot}'")


@command("unarchive")
@click.argument("lane")
@_EXPECT
def unarchive_command(out: Output, lane: str, expect: str | None) -> None:
    """Make an archived LANE active again."""
    from gitlanes.lanes.archiving import unarchive

    with out.repository() as repo:
        made = unarchive(repo, lane, expect=expect)
    out.result(made, [f"lane {made.lane.name} is active"])
    out.say(f"hint: give it a workspace with 'git lanes workspace create {made.lane.name}'")


@command("pause")
@click.argument("lane", required=False)
@click.option("--reason", metavar="TEXT", help="Why.")
@_EXPECT
def pause_command(out: Output, lane: str | None, reason: str | None, expect: str | None) -> None:
    """Let LANE take no work for now: no proposal, decision or promotion.

    LANE may be left out inside its workspace, which stays.
    """
    from gitlanes.graph.pausing import pause

    with out.repository() as repo:
        made = pause(repo, lane, why=reason, expect=expect)
    out.result(made, [f"paused lane {made.lanes[0]}"])


@command("resume")
@click.argument("lane", required=False)
@_EXPECT
def resume_command(out: Output, lane: str | None, expect: str | None) -> None:
    """Make a paused or abandoned LANE active again.

    LANE may be left out inside its workspace.
    """
    from gitlanes.graph.pausing import resume

    with out.repository() as repo:
        made = resume(repo, lane, expect=expect)
    out.result(made, [f"lane {made.lanes[0]} is active"])


@command("abandon")
@click.argument("lane")
@click.option("--reason", metavar="TEXT", help="Why.")
@click.option("--cascade", is_flag=True, help="Abandon the lanes that follow it, too.")
@_EXPECT
def abandon_command(
    out: Output, lane: str, reason: str | None, cascade: bool, expect: str | None
) -> None:
    """Give LANE up without landing it; its work and workspace stay, and 'resume' brings it back."""
    from gitlanes.graph.pausing import abandon

    with out.repository() as repo:
        made = abandon(repo, lane, why=reason, cascade=cascade, expect=expect)
    out.result(made, [f"abandoned lane {x}" for x in made.lanes])
    for name in made.archived:
        out.say(f"archived lane {name}")
