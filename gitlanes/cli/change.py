"""Commands about changes: list, show, record."""

from __future__ import annotations

import click

from gitlanes.cli.errors import line
from gitlanes.cli.main import HELP, Group
from gitlanes.cli.output import Output, command, short
from gitlanes.cli.told import attempt_lines, cost_text
from gitlanes.models.changes import Change


@click.group("change", cls=Group, context_settings=HELP)
def change_command() -> None:
    """Show changes: what keeps its identity through retries, rewrites and landings."""


@command("list", long=True)
@click.argument("lane", required=False)
@click.option("-n", "--limit", type=click.IntRange(0), help="At most so many.")
def list_changes(out: Output, lane: str | None, limit: int | None) -> None:
    """List changes, of LANE or of all, by their newest attempts; what moved last comes first."""
    from gitlanes.history.changes import listing

    with out.repository() as repo:
        found = listing(repo, lane=lane, limit=limit)
    if out.as_json:
        out.result(found)
        return
    rows = [(x.change_id[:13], x.attempt, x.status, line(x.title)) for x in found.changes]
    out.table(("CHANGE", "ATTEMPT", "STATUS", "TITLE"), rows)


@command("show", long=True)
@click.argument("named", metavar="CHANGE|ATTEMPT|COMMIT")
def show_change(out: Output, named: str) -> None:
    """Show a change with all its attempts, and where it landed.

    It is named by its Change-Id, or a beginning of that, by an attempt, or by any commit that it
    ever was: one that was rewritten since, an agent's own, one that a host made of it.
    """
    from gitlanes.history.changes import show

    with out.repository() as repo:
        found = show(repo, named)
    out.results("gitlanes.changes/1", "changes", found, [x for one in found for x in _text(one)])


@command("record")
@click.argument("commits", nargs=-1, required=True)
@click.option("--squash", "kind", flag_value="squash", help="The last is what the others became.")
@click.option("--split", "kind", flag_value="split", help="The others are what the first became.")
@click.option("--drop", "kind", flag_value="drop", help="They became nothing.")
@click.option("--lane", help="Whose journal remembers it; else that of the attempts.")
def record_rewrites(
    out: Output, commits: tuple[str, ...], kind: str | None, lane: str | None
) -> None:
    """Record what became of COMMITS where git cannot tell: a squash, a split or a drop.

    New commits get the intents, costs and evaluations of the old ones.
    """
    from gitlanes.lanes.rewrites import told

    if kind is None:
        raise click.UsageError("say what became of them: --squash, --split or --drop")
    with out.repository() as repo:
        made = told(repo, kind, commits, lane=lane)
    found = (x for one in made.lanes for x in one.commits)
    text = [f"{short(x.old)} became {short(x.new) if x.new else 'nothing'}" for x in found]
    out.result(made, text or [f"the records of {made.carried} commits went along"])


def _text(change: Change) -> list[str]:
    rows = [f"change {change.change_id} ({change.status})", "", f"    {line(change.title)}", ""]
    for told in change.landings:
        attempt = told.attempt
        rows.append(f"  landed as {attempt.id}, {short(attempt.landed)}")
    for reached in change.reached:
        found = reached.match
        squash = ", squashed" if found.squash else ""
        rows.append(f"  is {short(found.commit)} in {reached.into} by {found.by}{squash}")
    for one in change.rewrites:
        rows.append(f"  {short(one.old)} became {short(one.new) if one.new else 'nothing'}")
    rows += [f"  took {cost_text(change.cost)}"] if change.cost else []
    rows += [""] if rows[-1] else []
    return rows + [x for told in change.attempts for x in attempt_lines(told)]


for _command in (list_changes, show_change, record_rewrites):
    change_command.add_command(_command)
