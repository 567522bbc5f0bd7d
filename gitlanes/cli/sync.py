"""Commands that bring lanes up to those that they follow: sync, cascade."""

from __future__ import annotations

import click

from gitlanes.cli.errors import details, line
from gitlanes.cli.moved_text import files, tell
from gitlanes.cli.output import Output, command, count, short
from gitlanes.config.table import AGENT_VARIABLE
from gitlanes.errors import EXIT_NEGATIVE
from gitlanes.models.plain import plain
from gitlanes.models.sync import ABORT, ON_CONFLICT, STOP, STRATEGIES, SYNONYMS, Synced

AGENT = click.option("--agent", envvar=AGENT_VARIABLE, help="Id of the agent that does it.")
EXPECT = click.option("--expect", metavar="HEAD", help="Refuse unless the lane is at this commit.")


@command("sync")
@click.argument("lane", required=False)
@click.option("--onto", metavar="LANE", help="Else all that it follows, or the adopted lane.")
@click.option(
    "--strategy",
    type=click.Choice((*STRATEGIES, *SYNONYMS)),
    default=ABORT,
    help="What becomes of a path that both sides touched.",
)
@click.option("--dry-run", is_flag=True, help="Say what would happen; move nothing.")
@AGENT
@EXPECT
def sync_command(
    out: Output,
    lane: str | None,
    onto: str | None,
    strategy: str,
    dry_run: bool,
    agent: str | None,
    expect: str | None,
) -> int:
    """Lay LANE's own attempts again on the heads of the lanes that it follows.

    Change-Ids, prompts and costs stay, and the workspace goes along. Where both sides touched a
    path: abort leaves a conflict, manual lays it out in the workspace as well; lane (ours) and
    parent (theirs) take that side's whole file, merge what git merges cleanly, and agent asks the
    command in lanes.conflictAgent.
    """
    from gitlanes.graph.sync import Order, preview, sync

    order = Order(onto, strategy, expect, agent)
    with out.repository() as repo:
        made = (preview if dry_run else sync)(repo, lane, order)
    out.result(made, synced_lines(made))
    if made.workspace:
        tell(out, made.workspace)
    if made.collisions:
        for text in details({"collisions": plain(made.collisions)}):
            out.say(text)
    return EXIT_NEGATIVE if made.collisions else 0


@command("cascade")
@click.argument("root", required=False)
@click.option(
    "--on-conflict",
    type=click.Choice(ON_CONFLICT),
    default=STOP,
    help="What becomes of a lane that collides.",
)
@click.option("--continue", "go_on", is_flag=True, help="Without ROOT: all that follow others.")
@AGENT
def cascade_command(
    out: Output, root: str | None, on_conflict: str, go_on: bool, agent: str | None
) -> int:
    """Sync the lanes that follow ROOT, and those that follow those, each after its parents.

    A lane that stands on its parents' heads is left as it is, so the command can be repeated. A
    lane that collides is left with a conflict: stop ends there, defer goes on with the others;
    skip leaves no conflict. What follows a lane that was left is skipped.
    """
    from gitlanes.graph.cascading import cascade

    with out.repository() as repo:
        made = cascade(repo, root, on_conflict=on_conflict, go_on=go_on, by=agent)
    text = [row for x in made.updated for row in synced_lines(x)]
    text += [f"{x} is up to date" for x in made.current]
    for state in ("failed", "skipped", "deferred"):
        text += [f"{state} {x.lane}: {x.reason}" for x in getattr(made, state)]
    out.result(made, text)
    if not (text or out.as_json):
        out.say("no lane follows it")
    return 0 if made.complete else EXIT_NEGATIVE


def synced_lines(made: Synced) -> list[str]:
    """Say what was laid on what, or would be."""
    onto = ", ".join(made.onto)
    if made.collisions:
        return [f"{made.lane} would collide with {onto}"]
    laid = count(len(made.laid_again), "attempt")
    where = f": {laid} laid again" if made.laid_again else ""
    if made.dry_run:
        return [f"{made.lane} would be synced with {onto}{where}"]
    text = [f"synced {made.lane} with {onto}{where}, at {short(made.head)}"]
    text += [f"{old} is {new} now" for old, new in made.laid_again.items()]
    text += [f"{x} is there already" for x in made.elsewhere]
    text += [f"nothing of {x} is left" for x in made.dropped]
    text += [f"{how} decides {line(path)}" for path, how in made.resolved.items()]
    return text + ([f"workspace: {files(made.workspace)}"] if made.workspace else [])
