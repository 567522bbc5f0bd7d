"""`git lanes purge`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import click

from gitlanes.cli.errors import line
from gitlanes.cli.output import Output, command, confirm, count
from gitlanes.models.epochs import Purged


@command("purge")
@click.option("-n", "--dry-run", is_flag=True, help="Show what would be done.")
@click.option("--yes", is_flag=True, help="Do not ask.")
def purge_command(out: Output, dry_run: bool, yes: bool) -> None:
    """Take a secret that leaked out of journals, notes, attempts and snapshots.

    It is read from standard input, so that no other place remembers it. What holds it is written
    anew with [purged] in its place; ids of attempts stay, those of commits change. Lanes go on in a
    new epoch; remotes take that by 'push --purged' alone, and others purge it in their clones, too.
    Branches and tags are yours: it says what to do with each.
    """
    from gitlanes.epochs.purging import preview, purge

    asked = sys.stdin.isatty()
    secret = click.prompt("secret", hide_input=True, err=True) if asked else sys.stdin.read()
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


def _rows(made: Purged) -> Iterator[str]:
    what = [count(made.entries, "record")] if made.entries else []
    what += [count(made.commits, "commit")] if made.commits else []
    what += [f"notes of {x}" for x in made.notes]
    what += [f"snapshot {x}" for x in made.snapshots]
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
