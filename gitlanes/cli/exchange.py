"""Commands that exchange work with ordinary git: export."""

from __future__ import annotations

import click

from gitlanes.cli.output import Output, command, short
from gitlanes.errors import BadValue


@command("export")
@click.argument("lane", required=False)
@click.option("--branch", metavar="NAME", help="The branch; else named as the lane.")
@click.option("--stack", metavar="STACK", help="A branch for each block, NAME--1-title and on.")
@click.option("--gerrit", is_flag=True, help="Say how to push the stack to Gerrit.")
def export_command(
    out: Output, lane: str | None, branch: str | None, stack: str | None, gerrit: bool
) -> None:
    """Put an ordinary branch at the head of LANE, for CI and for review.

    With --stack each block that waits gets a branch, on that of the block before.
    """
    if stack is not None:
        _export_stack(
            out, stack if lane is None or ":" in stack else f"{lane}:{stack}", branch, gerrit
        )
        return
    if gerrit:
        raise BadValue("only a stack goes to Gerrit", hint="name one with --stack")
    from gitlanes.exchange.exporting import export

    with out.repository() as repo:
        made = export(repo, lane, branch=branch)
    said = "new branch" if made.old is None else "branch"
    out.result(made, [f"{said} {made.branch} at {short(made.commit)}"])


def _export_stack(out: Output, stack: str, prefix: str | None, gerrit: bool) -> None:
    from gitlanes.exchange.stack_branches import export_stack

    with out.repository() as repo:
        made = export_stack(repo, stack, prefix=prefix, gerrit=gerrit)
    text = [
        f"{'new branch' if x.old is None else 'branch'} {x.branch} at {short(x.commit)}"
        for x in made.branches
    ]
    out.result(made, text + [f"push it with: git push REMOTE {made.refspec}"] * gerrit)
