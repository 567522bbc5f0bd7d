"""`git lanes show`."""

from __future__ import annotations

from collections.abc import Sequence

import click

from gitlanes.cli.errors import line
from gitlanes.cli.output import Output, command
from gitlanes.cli.told import attempt_lines
from gitlanes.models.history import Shown


@command("show")
@click.argument("name", metavar="OBJECT")
def show_command(out: Output, name: str) -> None:
    """Show a lane, attempt, snapshot, Change-Id, operation or git revision."""
    from gitlanes.history.show import show

    with out.repository() as repo:
        found = show(repo, name)
    out.result(found, _text(found))


def _text(found: Shown) -> Sequence[str]:
    rows: list[str] = []
    if found.lane is not None:
        rows += [f"lane {found.lane['name']} ({found.lane['status']})"]
        wanted = ("head", "fork", "branch", "owner", "path", "created", "updated")
        known = ((key, found.lane.get(key)) for key in wanted)
        rows += [f"  {key + ':':<9}{line(str(value))}" for key, value in known if value]
        rows.append("")
    for told in found.attempts:
        rows += attempt_lines(told)
    letters = {"added": "A", "modified": "M", "deleted": "D"}
    for change in found.files:
        rows.append(
            f"{letters[change.action]}\t{line(change.path.decode('utf-8', 'surrogateescape'))}"
        )
    for entry in found.entries:
        rows += [f"operation {entry.operation}", f"  {line(entry.description)}", f"  {entry.time}"]
    if found.snapshot is not None:
        rows += [f"snapshot {found.snapshot.id}", f"  tree {found.snapshot.tree}"]
    if found.commit is not None and found.notes is not None:
        rows.append(f"commit {found.commit}")
        for record in (*found.notes.intents, *found.notes.costs, *found.notes.evaluations):
            rows.append("  " + line(", ".join(f"{key}: {value}" for key, value in record.items())))
    return rows
