"""Commands about who works in a workspace: claim, release, who."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import click

from gitlanes.cli.errors import line
from gitlanes.cli.output import Output, command
from gitlanes.config.table import AGENT_VARIABLE

if TYPE_CHECKING:
    from gitlanes.models.workspaces import Claimed, Holding, Owner

_AGENT = click.option("--agent", metavar="ID", help=f"Who one is; else {AGENT_VARIABLE} says it.")


@command("claim")
@click.argument("lane", required=False)
@_AGENT
@click.option("--pid", type=click.IntRange(1), metavar="N", help="The claim ends with process N.")
@click.option("--lease", metavar="DURATION", help="It ends after 90s, 30m, 8h; 0 is never.")
@click.option("--force", is_flag=True, help="Take it over from whoever has it.")
@click.option("--expect", metavar="HEAD", help="Refuse unless the lane is at this commit.")
def claim_workspace(
    out: Output,
    lane: str | None,
    agent: str | None,
    pid: int | None,
    lease: str | None,
    force: bool,
    expect: str | None,
) -> None:
    """Claim LANE's workspace for an agent, or renew its claim; others are kept off.

    Without --pid and --lease the claim holds for lanes.lease, an hour unless set.
    """
    from gitlanes.cli.options import milliseconds
    from gitlanes.workspaces.claims import claim

    seconds = None if lease is None else milliseconds(lease) / 1000
    with out.repository() as repo:
        made = claim(repo, lane, agent=agent, pid=pid, lease=seconds, force=force, expect=expect)
    verb = "renewed" if made.renewed else "claimed"
    out.result(
        made, [f"{verb} workspace of {made.lane} for {line(made.owner.agent)}{_ends(made.owner)}"]
    )
    _tell(out, made)


@command("release")
@click.argument("lane", required=False)
@_AGENT
@click.option("--force", is_flag=True, help="End the claim whoever has it.")
@click.option("--expect", metavar="HEAD", help="Refuse unless the lane is at this commit.")
def release_workspace(
    out: Output, lane: str | None, agent: str | None, force: bool, expect: str | None
) -> None:
    """End the claim on LANE's workspace."""
    from gitlanes.workspaces.claims import release

    with out.repository() as repo:
        made = release(repo, lane, agent=agent, force=force, expect=expect)
    if made.before and made.before.owner:
        said = f"released workspace of {made.lane} from {line(made.before.owner.agent)}"
    else:
        said = f"nobody had claimed workspace of {made.lane}"
    out.result(made, [said])


@command("who")
@click.argument("lane", required=False)
def who_claims(out: Output, lane: str | None) -> None:
    """Show who claimed which workspace, and whether that still holds."""
    from gitlanes.workspaces.claims import who

    with out.repository() as repo:
        found = who(repo, lane)
    if out.as_json:
        out.result(found)
    else:
        out.table(("LANE", "AGENT", "SINCE", "STATE"), [_row(x) for x in found.workspaces])


def _row(holding: Holding) -> tuple[str, ...]:
    owner = holding.owner
    if owner is None:
        return holding.lane, "-", "-", "free"
    state = f"stale: {holding.stale}" if holding.stale else f"claimed{_ends(owner)}"
    return holding.lane, owner.agent, _moment(owner.since), state


def _ends(owner: Owner) -> str:
    """Return when a claim ends, as the rest of a line."""
    ends = [f"while process {owner.pid} runs"] if owner.pid is not None else []
    ends += [f"until {_moment(owner.until)}"] if owner.until else []
    return " " + ", ".join(ends) if ends else " until released"


def _moment(text: str) -> str:
    return f"{text[:19]}Z"


def _tell(out: Output, made: Claimed) -> None:
    before = made.before
    if before and before.owner and before.stale:
        out.say(f"the claim of {before.owner.agent} was stale: {before.stale}")
    elif before and before.owner:
        out.warn(f"taken over from {before.owner.agent}, whose claim held")
    if made.owner.pid is None and AGENT_VARIABLE not in os.environ:
        out.say(f"hint: commands need to know who you are: set {AGENT_VARIABLE}={made.owner.agent}")
