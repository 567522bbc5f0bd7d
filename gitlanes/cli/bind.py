"""`git lanes bind`."""

from __future__ import annotations

import click

from gitlanes.cli.output import Output, command, short
from gitlanes.models.lanes import Bound


@command("bind")
@click.argument("lane", required=False)
@click.argument("branch", required=False)
@click.option("--unset", is_flag=True, help="Let lane and branch part; both stay.")
@click.option("--expect", metavar="HEAD", help="Refuse unless the lane is at this commit.")
def bind_command(
    out: Output, lane: str | None, branch: str | None, unset: bool, expect: str | None
) -> None:
    """Tie LANE to BRANCH: what lands comes to the branch, people's commits come to the lane.

    LANE may be left out inside its workspace. A branch that does not exist is made.
    """
    from gitlanes.lanes.bind import bind, unbind

    if unset:
        if branch is not None:
            raise click.UsageError("--unset takes no branch")
        with out.repository() as repo:
            parted = unbind(repo, lane, expect=expect)
        out.result(parted, [f"lane {parted.lane.name} and branch {parted.before} are apart"])
        return
    if branch is None:
        lane, branch = None, lane
    if branch is None:
        raise click.UsageError("missing argument 'BRANCH'")
    with out.repository() as repo:
        made = bind(repo, lane, branch, expect=expect)
    out.result(made, _lines(made))


def _lines(made: Bound) -> list[str]:
    lines = [f"lane {made.lane.name} is bound to branch {made.branch}, at {short(made.lane.head)}"]
    if made.created:
        lines.append(f"made branch {made.branch}")
    if made.imported:
        lines.append("took in the branch's commits")
    if made.following and not made.following.followed:
        lines.append(f"branch {made.branch} does not follow yet: {made.following.remains}")
    return lines
