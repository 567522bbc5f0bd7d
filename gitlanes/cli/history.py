"""Commands that read the past: history, trace, diff."""

from __future__ import annotations

import os

import click

from gitlanes.cli.errors import line
from gitlanes.cli.output import Output, command, porcelain_option, short
from gitlanes.cli.paths import from_here
from gitlanes.cli.told import attempt_lines, brief_cost, cost_text
from gitlanes.cli.with_paths import WithPaths
from gitlanes.errors import BadValue
from gitlanes.models.history import Step
from gitlanes.models.records import STATUSES

# Links of a chain that are told unless more are asked for.
_TRACED = 100


@command("history", long=True)
@click.argument("lane_name", metavar="[LANE]", required=False)
@click.option("--lane", help="Attempts of this lane alone.")
@click.option("--status", type=click.Choice(STATUSES))
@click.option("--agent", metavar="ID", help="Attempts of this agent alone.")
@click.option("--tag", help="Attempts with this tag alone.")
@click.option("--promotions", is_flag=True, help="Promotions alone.")
@click.option("--from", "source", metavar="LANE", help="Promotions of that lane alone.")
@click.option("--into", metavar="LANE", help="Promotions into that lane alone.")
@click.option("--since", metavar="DATE", help="As git understands it: '2 days ago', 2026-01-31.")
@click.option("-n", "--limit", type=click.IntRange(0), help="At most so many.")
@porcelain_option("Id, status, agent, commit and title of each")
def history_command(
    out: Output,
    lane_name: str | None,
    lane: str | None,
    status: str | None,
    agent: str | None,
    tag: str | None,
    promotions: bool,
    source: str | None,
    into: str | None,
    since: str | None,
    limit: int | None,
    porcelain: bool,
) -> None:
    """List attempts with their intent and cost, the one that changed last first."""
    from gitlanes.history.log import Filter, history

    if lane and lane_name:
        raise BadValue("LANE and --lane exclude each other")
    with out.repository() as repo:
        wanted = Filter(
            lane or lane_name, status, agent, tag, since, limit, promotions, source, into
        )
        found = history(repo, wanted)
    if porcelain:
        attempts = [x.attempt for x in found.attempts]
        out.fields((x.id, x.status, x.agent or "", x.commit, x.title) for x in attempts)
    elif out.as_json:
        out.result(found)
    elif out.verbose:
        out.result(found, [row for told in found.attempts for row in attempt_lines(told)])
    else:
        rows = [
            (x.attempt.id, x.attempt.status, x.attempt.agent or "-", brief_cost(x), x.attempt.title)
            for x in found.attempts
        ]
        out.table(("ATTEMPT", "STATUS", "AGENT", "COST", "TITLE"), rows)


@command("trace", long=True)
@click.argument("state", required=False)
@click.option("-n", "--limit", type=click.IntRange(0), default=_TRACED, show_default=True)
@click.option("--all", "everything", is_flag=True, help="Back to the beginning, however long.")
def trace_command(out: Output, state: str | None, limit: int, everything: bool) -> None:
    """Show the attempts that led to STATE, the last one first; those that a promotion brought
    are below it.

    STATE is a lane (by default the one that you are in), an attempt, a snapshot or a revision.
    """
    from gitlanes.history.trace import trace

    with out.repository() as repo:
        found = trace(repo, state, limit=None if everything else limit)
    if out.as_json:
        out.result(found)
        return
    if found.steps:
        out.table(("ATTEMPT", "CHANGE", "AGENT", "COST", "WHY"), [_step(x) for x in found.steps])
    if found.cost:
        out.say(f"total: {cost_text(found.cost)}")
    if found.more:
        out.say("hint: there is more; see --limit and --all")
    if not found.steps and not found.more:
        out.say(f"no attempt led to {found.state}")


def _step(step: Step) -> tuple[str, ...]:
    name = step.attempt.id if step.attempt else short(step.commit)
    change = (step.change_id or "-")[:13]
    why = step.intent or step.title
    return "  " * step.depth + name, change, step.agent or "-", cost_text(step.cost), why


@command("diff", long=True, cls=WithPaths)
@click.argument("old", required=False)
@click.argument("new", required=False)
@click.option("--content", is_flag=True, help="Show the patch.")
@click.option("--stat", is_flag=True, help="Show how much changed in each file.")
@click.option("--name-only", is_flag=True, help="Show the paths alone.")
@porcelain_option("Letter and path of each file (with --name-only: the path)")
def diff_command(
    out: Output,
    old: str | None,
    new: str | None,
    content: bool,
    stat: bool,
    name_only: bool,
    porcelain: bool,
) -> None:
    """Show what lies between two states: lanes, attempts, snapshots or revisions.

    Without NEW it is what is in a workspace now, untracked files included: in that of lane OLD,
    else in this one. Without OLD it begins at the head of the lane that you are in. After '--',
    PATHS limit it.
    """
    from gitlanes.history.diff import CONTENT, STAT, diff

    if (content or stat) and (name_only or porcelain):
        raise BadValue("--name-only and -z list files: they exclude --content and --stat")
    rendering = (*(STAT if stat else ()), *(CONTENT if content else ()))
    given = click.get_current_context().meta.get(WithPaths.KEY, ())
    with out.repository() as repo:
        paths = tuple(from_here(repo, x) for x in given)
        found = diff(repo, old, new, paths=paths, rendering=rendering)
    if found.text is not None and not out.as_json:
        out.patch(found.text)
        return
    letters = {"added": "A", "modified": "M", "deleted": "D"}
    rows = [(letters[x.action], x.path)[name_only:] for x in found.files]
    if porcelain:
        out.fields(rows)
        return
    texts = ([os.fsdecode(cell) for cell in row] for row in rows)
    out.result(found, ["\t".join(line(cell) for cell in row) for row in texts])
