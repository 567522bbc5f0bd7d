"""The command wait."""

from __future__ import annotations

import click

from gitlanes.cli.options import milliseconds
from gitlanes.cli.output import Output, command, short
from gitlanes.errors import Negative
from gitlanes.models.watching import Changed


@command("wait")
@click.argument("names", nargs=-1, required=True)
@click.option("--timeout", metavar="DURATION", help="Give up after that: 90s, 5m, 1h30m.")
def wait_command(out: Output, names: tuple[str, ...], timeout: str | None) -> None:
    """Wait until any of some lanes and attempts changes, and say which did.

    A lane changes when its name, head, status or open attempts do, an attempt when it is
    decided; one that is decided already ends the wait at once.
    """
    from gitlanes.history.waiting import wait

    seconds = None if timeout is None else milliseconds(timeout) / 1000
    with out.repository() as repo:
        found = wait(repo, names, timeout=seconds)
    if not found:
        raise Negative(f"nothing changed in {seconds:g}s", hint="wait longer")
    out.results("gitlanes.changes/1", "changes", found, [_text(x) for x in found])


def _text(found: Changed) -> str:
    if found.attempt is not None:
        return f"{found.name} {found.attempt.status}"
    lane = found.lane
    called = "" if lane.name == found.name else f", now '{lane.name}'"
    waiting = f", {len(lane.open)} open" if lane.open else ""
    return f"{found.name} {lane.status} {short(str(lane.head))}{waiting}{called}"
