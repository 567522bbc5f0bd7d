"""Commands about workspaces, and snapshots of them."""

from __future__ import annotations

from pathlib import Path

import click

from gitlanes.cli.main import HELP
from gitlanes.cli.output import Output, command


@click.group("workspace", context_settings=HELP)
def workspace_command() -> None:
    """List, create and remove workspaces."""


@command("list")
def list_workspaces(out: Output) -> None:
    """List the workspaces."""
    from gitlanes.workspaces.finding import every

    with out.repository() as repo:
        repo.view.require_adopted()
        found = sorted(every(repo), key=lambda x: x.name)
    if out.as_json:
        out.results("gitlanes.workspaces/1", "workspaces", found, ())
    else:
        out.table(("LANE", "PATH"), [(x.name, x.path) for x in found])


@command("create")
@click.argument("lane")
@click.option("--path", type=click.Path(path_type=Path), help="Where the workspace goes.")
def create_workspace(out: Output, lane: str, path: Path | None) -> None:
    """Give LANE a workspace at its head."""
    from gitlanes.workspaces.lifecycle import create

    with out.repository() as repo:
        made = create(repo, lane, path=path)
    out.result_path(made, made.path)


@command("remove")
@click.argument("lane")
@click.option("--force", is_flag=True, help="Snapshot unsaved work first.")
def remove_workspace(out: Output, lane: str, force: bool) -> None:
    """Remove LANE's workspace; the lane stays."""
    from gitlanes.models.workspaces import Removed
    from gitlanes.workspaces.lifecycle import remove

    with out.repository() as repo:
        saved = remove(repo, lane, force=force)
    out.result(Removed(lane, saved), [f"removed the workspace of {lane}"])
    if saved:
        out.say(f"its unsaved work is in snapshot {saved.id}")
        out.say(f"hint: get it back with 'git lanes new NAME --from {saved.id}'")


for _command in (list_workspaces, create_workspace, remove_workspace):
    workspace_command.add_command(_command)


@command("snapshot")
@click.argument("lane", required=False)
def snapshot_command(out: Output, lane: str | None) -> None:
    """Save a workspace's content under a ref and print the world state's id, a git tree."""
    from gitlanes.workspaces.snapshots import snapshot

    with out.repository() as repo:
        saved = snapshot(repo, lane)
    out.result(saved, [saved.tree])
    out.say(f"snapshot {saved.id}")
