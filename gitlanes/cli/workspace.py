"""Commands about workspaces."""

from __future__ import annotations

from pathlib import Path

import click

from gitlanes.cli.claims import claim_workspace, release_workspace, who_claims
from gitlanes.cli.main import HELP, Group
from gitlanes.cli.moved_text import files, tell
from gitlanes.cli.output import Output, command, count, porcelain_option, short
from gitlanes.cli.paths import directory


@click.group("workspace", cls=Group, context_settings=HELP)
def workspace_command() -> None:
    """List, create, update, switch and remove workspaces."""


@command("list")
@porcelain_option("Id, kind, path and holder of each")
def list_workspaces(out: Output, porcelain: bool) -> None:
    """List the workspaces: of a lane, detached ones, and the repository's own directory."""
    from gitlanes.workspaces.finding import detached, every

    with out.repository() as repo:
        repo.view.require_adopted()
        found = sorted((*every(repo), *detached(repo)), key=lambda x: x.id)
    if porcelain:
        out.fields((x.id, x.kind, x.path, x.owner.agent if x.owner else "") for x in found)
    elif out.as_json:
        out.results("gitlanes.workspaces/1", "workspaces", found, ())
    else:
        rows = [[x.id, x.kind, x.path] for x in found]
        headers = ["WORKSPACE", "KIND", "PATH"]
        if any(x.owner for x in found):
            headers.append("AGENT")
            rows = [
                [*row, x.owner.agent if x.owner else "-"]
                for row, x in zip(rows, found, strict=True)
            ]
        out.table(headers, rows)


@command("create")
@click.argument("lane")
@click.option("--path", type=click.Path(), help="Where the workspace goes.")
@click.option("--at", metavar="STATE", help="Begin there: an older state of the lane.")
@click.option("--detached", is_flag=True, help="For looking only, at any state; there may be many.")
@click.option("--expect", metavar="HEAD", help="Refuse unless the lane is at this commit.")
def create_workspace(
    out: Output, lane: str, path: str | None, at: str | None, detached: bool, expect: str | None
) -> None:
    """Give LANE a workspace at its head.

    A lane has one of its own. A detached one, such as auth@2 for attempt auth/2, cannot propose.
    """
    from gitlanes.workspaces.lifecycle import create
    from gitlanes.workspaces.looking import look

    with out.repository() as repo:
        made = (look if detached else create)(
            repo, lane, path=directory(path), at=at, expect=expect
        )
    out.result_path(made, made.path)


@command("provision")
@click.argument("workspace", metavar="[LANE]", required=False)
@click.option("--expect", metavar="HEAD", help="Refuse unless the lane is at this commit.")
def provision_workspace(out: Output, workspace: str | None, expect: str | None) -> None:
    """Set LANE's workspace up as the team's file orders, as far as it is not yet.

    Files are copied, linked and cloned from the repository's own directory, ports are leased, and
    commands run, all as [workspace] says in the adopted lane's or the parent's '.gitlanes.toml'.
    """
    from gitlanes.workspaces.provisioning import provision

    with out.repository() as repo:
        made = provision(repo, workspace, expect=expect)
    text = [f"copied {count(made.copied, 'file')}"] if made.copied else []
    text += [f"linked {x}" for x in made.linked] + [f"cloned {x}" for x in made.cloned]
    text += [f"ran {x}" for x in made.ran] + [f"kept what {x} made" for x in made.kept]
    text += [f"{name}={port}" for name, port in made.ports.items()]
    out.result(made, text or ["nothing was missing"])


@command("env")
@click.argument("workspace", metavar="[LANE]", required=False)
def show_environment(out: Output, workspace: str | None) -> None:
    """Print the variables of LANE's workspace for a shell: eval "$(git lanes workspace env)".

    They are the team's, and the leased ports. Nothing is printed where that text is not trusted.
    """
    import shlex

    from gitlanes.workspaces.surroundings import of

    with out.repository() as repo:
        found = of(repo, workspace)
    if out.as_json:
        out.result(found)
    for name, value in found.variables.items() if not out.as_json else ():
        out.raw(f"export {name}={shlex.quote(value)}")


@command("update")
@click.argument("workspace", metavar="[LANE]", required=False)
@click.option("--to", metavar="STATE", help="Lane, attempt, snapshot or revision; else the head.")
@click.option("--expect", metavar="HEAD", help="Refuse unless the lane is at this commit.")
def update_workspace(
    out: Output, workspace: str | None, to: str | None, expect: str | None
) -> None:
    """Bring LANE's workspace to the lane's head, or to STATE; edits elsewhere stay.

    Of a state outside the lane's own history only the files come, as unsaved work.
    """
    from gitlanes.workspaces.updating import update

    with out.repository() as repo:
        made = update(repo, workspace, to=to, expect=expect)
    base = made.base == made.state
    where = "is at" if base else f"is based on {short(made.base)} still and has the files of"
    out.result(made, [f"{made.workspace} {where} {short(made.state)}: {files(made)}"])
    if not base:
        out.say("hint: what differs from the lane is unsaved work now")
    tell(out, made)


@command("switch")
@click.argument("lane")
@click.option("--workspace", metavar="LANE", help="Whose workspace; else the present one.")
@click.option("--force", is_flag=True, help="Snapshot unsaved work first.")
@click.option("--expect", metavar="HEAD", help="Refuse unless LANE is at this commit.")
def switch_workspace(
    out: Output, lane: str, workspace: str | None, force: bool, expect: str | None
) -> None:
    """Hand the present workspace over to LANE, which has none, writing only what differs."""
    from gitlanes.workspaces.switching import switch

    with out.repository() as repo:
        made = switch(repo, lane, workspace=workspace, force=force, expect=expect)
    out.result(made, [f"{made.path} belongs to {made.lane} now: {files(made)}"])
    tell(out, made)


@command("remove")
@click.argument("workspace", metavar="LANE|ID|PATH")
@click.option("--force", is_flag=True, help="Snapshot unsaved work first.")
@click.option("--expect", metavar="HEAD", help="Refuse unless the lane is at this commit.")
def remove_workspace(out: Output, workspace: str, force: bool, expect: str | None) -> None:
    """Remove a workspace: LANE's own, a detached one by its ID, or the one at PATH."""
    from gitlanes.workspaces.removal import remove

    name = str(Path(workspace).absolute()) if "/" in workspace or workspace == "." else workspace
    with out.repository() as repo:
        gone = remove(repo, name, force=force, expect=expect)
    whose = f"of {gone.lane}" if gone.workspace == gone.lane else gone.workspace
    out.result(gone, [f"removed the workspace {whose}"])
    if gone.snapshot:
        out.say(f"its unsaved work is in snapshot {gone.snapshot.id}")
        out.say(f"hint: get it back with 'git lanes new NAME --from {gone.snapshot.id}'")


for _command in (
    *(list_workspaces, create_workspace, update_workspace, switch_workspace, remove_workspace),
    provision_workspace,
    show_environment,
    *(claim_workspace, release_workspace, who_claims),
):
    workspace_command.add_command(_command)
