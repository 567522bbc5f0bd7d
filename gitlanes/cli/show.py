"""Commands that show one thing: show, cat."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any

import click

from gitlanes.cli.errors import line
from gitlanes.cli.output import Output, command
from gitlanes.cli.paths import of_revision
from gitlanes.cli.terminal import put
from gitlanes.cli.told import attempt_lines
from gitlanes.errors import Refused
from gitlanes.models.history import Blob, Shown
from gitlanes.models.records import DELETED


@command("show", long=True)
@click.argument("name", metavar="OBJECT")
def show_command(out: Output, name: str) -> None:
    """Show a lane, attempt, snapshot, Change-Id, operation or git revision."""
    from gitlanes.history.show import show

    with out.repository() as repo:
        found = show(repo, name)
    out.result(found, _text(found))


def _lane_lines(lane: dict[str, Any]) -> list[str]:
    """Return what is known of a lane, a line for each thing that is set."""
    wanted = ("head", "fork", "branch", "owner", "path", "created", "updated", "mode", "batch")
    known = [(key, lane.get(key)) for key in wanted]
    known += [("run", _run_text(lane["run"]))] if lane.get("run") else []
    known += [("sparse", x) for x in lane.get("sparse", ())]
    known += [("meta", f"{key}={value}") for key, value in sorted(lane.get("meta", {}).items())]
    known += [("about", x) for x in (lane.get("description") or "").splitlines()]
    return [f"  {key + ':':<9}{line(str(value))}" for key, value in known if value]


def _run_text(run: dict[str, Any]) -> str:
    """Return what the journal remembers of an agent's run; one that was killed may not be told."""
    said = f"{run.get('agent')} {run.get('status', 'began')} {run.get('ended', run.get('started'))}"
    return f"{said}: {run['reason']}" if run.get("reason") else said


def _task_lines(lane: dict[str, Any]) -> list[str]:
    """Return the tasks that a lane has, a line for each."""
    found = lane["tasks"] if lane["status"] != DELETED else ()
    told = (f"{x['id']} ({x['status']}): {x['title']}" for x in found)
    return [f"  {'task:':<9}{line(x, 120)}" for x in told]


@command("cat")
@click.argument("state")
@click.argument("path")
def cat_command(out: Output, state: str, path: str) -> None:
    """Print the file at PATH as STATE has it: a lane, attempt, snapshot, revision or tree.

    PATH is from the top, as in 'git show STATE:PATH'; from here if it begins with './'.
    """
    from gitlanes.history import cat

    with out.repository() as repo:
        found = cat.find(repo, state, of_revision(repo, path))
        if out.as_json or out.shows:
            whole = b"".join(cat.content(repo, found))
            _cat(out, found, whole)
            return
        for piece in cat.content(repo, found):
            put(piece, end=False)


def _cat(out: Output, found: Blob, content: bytes) -> None:
    """Print a file as JSON, or on a terminal: but not what would move its cursor about."""
    text = os.fsdecode(content)
    if out.as_json:
        out.json({**found.to_dict(), "content": text})
        return
    if not all(x.isprintable() or x in "\n\t\r\f" for x in text):
        raise Refused(
            f"'{os.fsdecode(found.path)}' has bytes that are no text for a terminal",
            hint="send it into a file or a pipe",
        )
    put(content, end=False)


def _text(found: Shown) -> Sequence[str]:
    rows: list[str] = []
    if found.lane is not None:
        rows += [f"lane {found.lane['name']} ({found.lane['status']})"]
        rows += _lane_lines(found.lane)
        rows += _task_lines(found.lane)
        rows += [f"  on '{line(remote)}': {head}" for remote, head in found.elsewhere.items()]
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
        rows += [f"  reason {line(found.snapshot.reason)}"] if found.snapshot.reason else []
    if found.commit is not None and found.notes is not None:
        rows.append(f"commit {found.commit}")
        for record in (*found.notes.intents, *found.notes.costs, *found.notes.evaluations):
            rows.append("  " + line(", ".join(f"{key}: {value}" for key, value in record.items())))
    return rows
