"""Commands that take operations back: undo, redo, rollback."""

from __future__ import annotations

import click

from gitlanes.cli.errors import line
from gitlanes.cli.moved_text import files
from gitlanes.cli.output import Output, command, short
from gitlanes.models.undoing import Undone, UndoneLane

_EXPECT = click.option("--expect", metavar="HEAD", help="Refuse unless the lane is at this commit.")
_LANE = click.option("--lane", metavar="LANE", help="The last operation on this lane.")


@command("undo")
@click.argument("operation", metavar="[OP]", required=False)
@_LANE
@click.option("--cascade", is_flag=True, help="Undo what came later on its lanes, too.")
@_EXPECT
def undo_command(
    out: Output, operation: str | None, lane: str | None, cascade: bool, expect: str | None
) -> None:
    """Take back operation OP, in all lanes that it touched, or not at all.

    Without OP it is the last of this clone that stands, inside a workspace the last on its lane.
    Heads go back; where others built on it, and on lanes with a branch, a new commit does it.
    Workspaces go along. To undo an undo is to redo.
    """
    from gitlanes.undoing.undo import undo

    if operation and lane:
        raise click.UsageError("OP and --lane exclude each other")
    with out.repository() as repo:
        made = undo(repo, operation, lane=lane, cascade=cascade, expect=expect)
    out.result(made, _text(made))


@command("redo")
@_LANE
@_EXPECT
def redo_command(out: Output, lane: str | None, expect: str | None) -> None:
    """Do again what the last undo or rollback took back.

    It can be repeated until something else is done.
    """
    from gitlanes.undoing.undo import redo

    with out.repository() as repo:
        made = redo(repo, lane=lane, expect=expect)
    out.result(made, _text(made))


@command("rollback")
@click.argument("lane", required=False)
@click.option("-n", "--steps", type=click.IntRange(1), metavar="N", help="So many steps back.")
@click.option("--to", metavar="OP", help="To where the lane was after this operation.")
@click.option("--to-fork", is_flag=True, help="To where the lane began.")
@_EXPECT
def rollback_command(
    out: Output,
    lane: str | None,
    steps: int | None,
    to: str | None,
    to_fork: bool,
    expect: str | None,
) -> None:
    """Take back the last operations that moved LANE's head, as one.

    LANE may be left out inside its workspace, which goes along. 'redo' takes it back.
    """
    from gitlanes.undoing.undo import rollback

    with out.repository() as repo:
        made = rollback(repo, lane, steps=steps, to=to, to_fork=to_fork, expect=expect)
    out.result(made, _text(made))


def _text(made: Undone) -> list[str]:
    text = [f"{made.verb}: {line(x)}" for x in made.descriptions]
    return text + [row for lane in made.lanes for row in _lane(lane)]


def _lane(lane: UndoneLane) -> list[str]:
    status = "" if lane.status == "active" else f" is {lane.status},"
    how = "goes forward to" if lane.forward else "is at"
    text = [f"lane {lane.lane}{status} {how} {short(lane.head)}"]
    if lane.workspace:
        text.append(f"workspace: {files(lane.workspace)}")
    if lane.following and not lane.following.followed:
        text.append(f"the branch does not follow yet: {lane.following.remains}")
    return text
