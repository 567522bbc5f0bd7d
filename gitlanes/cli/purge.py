"""`git lanes purge`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import IO

import click

from gitlanes.cli.errors import line
from gitlanes.cli.output import Output, command, confirm, count
from gitlanes.models.epochs import Purged


@command("purge")
@click.option("-F", "--file", type=click.File("rb"), help="Read the secret from a file.")
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge_command(out: Output, file: IO[bytes] | None, dry_run: bool, yes: bool) -> None:
    """Take a secret that leaked out of journals, notes, attempts and snapshots.

    It is asked for, or read from standard input or a file, so that no shell remembers it. What
    holds it is written anew with [purged] in its place; ids of attempts stay, those of commits
    change. Lanes go on in a new epoch; remotes take that by 'push --purged' alone, and others purge
    it in their clones, too.
    Branches and tags are yours: it says what to do with each.
    """
    from gitlanes.epochs.purging import preview, purge

    secret = _asked() if file is None else file.read().decode("utf-8", "surrogateescape")
    with out.repository() as repo:
        made = preview(repo, secret)
        if not dry_run:
            for text in () if yes else (*_rows(made), *_by_hand(made)):
                out.say(text)
            confirm("write all of this anew?", yes, "nothing was changed")
            made = purge(repo, secret)
    out.result(made, list(_rows(made)))
    for text in _by_hand(made):
        out.say(text)


def _asked() -> str:
    if sys.stdin.isatty():
        return str(click.prompt("secret", hide_input=True, err=True))
    return sys.stdin.buffer.read().decode("utf-8", "surrogateescape")


def _rows(made: Purged) -> Iterator[str]:
    what = [count(made.entries, "record")] if made.entries else []
    what += [count(made.commits, "commit")] if made.commits else []
    what += [f"notes of {x}" for x in made.notes]
    what += [f"snapshot {x}" for x in made.snapshots]
    what += [f"what was kept of {count(len(made.runs), 'agent')}"] if made.runs else []
    verb = "would purge" if made.dry_run else "purged"
    yield f"{verb} {', '.join(what) or 'nothing that lanes keep'}"
    named = {"lanes": made.lanes, "attempts": made.attempts, "workspaces": made.workspaces}
    files = tuple(x.decode("utf-8", "replace") for x in made.files)
    for kind, names in {**named, "files": files}.items():
        if names:
            yield f"  {kind}: {', '.join(map(line, names))}"


def _by_hand(made: Purged) -> Iterator[str]:
    yield "still to be done by hand:"
    yield from (f"  {x.kind} {line(x.name)}: {line(x.how)}" for x in made.remains)
