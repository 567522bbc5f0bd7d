"""`git lanes restore`."""

from __future__ import annotations

import click

from gitlanes.cli.moved_text import files, tell
from gitlanes.cli.output import Output, command


@command("restore")
@click.argument("state")
@click.argument("workspace", metavar="[LANE]", required=False)
@click.option("--force", is_flag=True, help="Snapshot unsaved work first.")
@click.option("--expect", metavar="HEAD", help="Refuse unless the lane is at this commit.")
def restore_command(
    out: Output, state: str, workspace: str | None, force: bool, expect: str | None
) -> None:
    """Make the files of LANE's workspace those of STATE: a lane, attempt, snapshot or revision.

    Untracked files included. What differs from the lane is unsaved work then.
    """
    from gitlanes.workspaces.restoring import restore

    with out.repository() as repo:
        made = restore(repo, state, workspace, force=force, expect=expect)
    out.result(made, [f"{made.workspace} has the files of {state}: {files(made)}"])
    tell(out, made)
