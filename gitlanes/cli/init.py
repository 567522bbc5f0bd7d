"""`git lanes init`."""

from __future__ import annotations

import click

from gitlanes.cli.output import Output, command
from gitlanes.config.kinds import KINDS
from gitlanes.store.layout import short_branch


@command("init")
@click.option("--lane", default="main", show_default=True, help="Name of the first lane.")
@click.option(
    "--from-remote",
    metavar="[REMOTE]",
    is_flag=False,
    flag_value="",
    help="Go on with the lanes that a remote has.",
)
@click.option("--type", "kind", type=click.Choice(KINDS), help="Write a first '.gitlanes.toml'.")
def init_command(out: Output, lane: str, from_remote: str | None, kind: str | None) -> None:
    """Adopt this repository in place.

    The first lane is bound to the branch in the repository's own directory. Nothing in the
    working tree, the index, the branch or the configuration changes.

    With --from-remote a clone gets all lanes of the repository that it comes from, and its
    branch follows the lane that it is bound to.

    With --type a '.gitlanes.toml' is written that suits such a project, or with 'auto' the kinds
    that its files tell. One that is there stays, and is refused.
    """
    from gitlanes.lanes.lifecycle import init

    with out.repository() as repo:
        if kind is not None:
            from gitlanes.lanes.teaming import write_team_file

            write_team_file(repo, kind)
        if from_remote is None:
            made = init(repo, lane)
        else:
            from gitlanes.exchange.cloning import begin  # few clones begin so

            made, _ = begin(repo, from_remote or None)
    record = made.lane
    bound = f"bound to branch {short_branch(record.branch)}" if record.branch else "not bound"
    said = "adopted" if made.created else "adopted already"
    out.result(made, [f"{said}: lane {record.name}, {bound}, at {str(record.head)[:12]}"])
    if kind is not None:
        out.say("hint: look at '.gitlanes.toml', commit it, then run 'git lanes trust'")
    if made.created and not record.branch:
        out.say(
            "hint: HEAD is detached, so no branch follows the lane; on a branch, run "
            f"'git lanes bind {record.name} BRANCH'"
        )
