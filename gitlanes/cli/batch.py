"""Commands on batches of lanes: compare, pick."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gitlanes.cli.batch_text import HEADERS, cells_of, picked_lines
from gitlanes.cli.landing_text import left_behind
from gitlanes.cli.output import Output, command
from gitlanes.config.table import AGENT_VARIABLE
from gitlanes.errors import EXIT_NEGATIVE, BadValue
from gitlanes.models.batches import CRITERIA
from gitlanes.models.records import MODES

if TYPE_CHECKING:
    from gitlanes.models.batches import Picked, PickRules
    from gitlanes.models.plain import Result

_INTO = click.option("--into", metavar="LANE", help="The target; else the parent or the adopted.")


@command("compare")
@click.argument("batch")
@_INTO
@click.option("--html", "page", type=click.Path(path_type=Path), help="Write a page there.")
def compare_command(out: Output, batch: str, into: str | None, page: Path | None) -> int:
    """Show the lanes of BATCH side by side: what each would land, what gates said, what it took.

    No gate is run: '?' is behind one that was not asked yet, '!' behind one that says no. The page
    of --html has the diffs side by side, and needs nothing beside itself.
    """
    from gitlanes.fleet.comparing import compare

    with out.repository() as repo:
        made = compare(repo, batch, into=into, patches=page is not None)
    if page is not None:
        from gitlanes.cli.batch_page import write

        write(page, made)
    if out.as_json:
        out.result(made)
    else:
        out.table(HEADERS, [cells_of(x) for x in made.entrants])
        for one in made.entrants:
            if one.why:
                out.say(f"{one.lane}: {one.why}")
        if page is not None:
            out.say(f"wrote {page}")
    return 0 if made.candidates else EXIT_NEGATIVE


@command("pick")
@click.argument("batch")
@click.argument("lane", required=False)
@_INTO
@click.option("--by", metavar="WORDS", help=f"What counts, else {','.join(CRITERIA)}.")
@click.option("--mode", type=click.Choice(MODES), help="Else the lane's own, else merge.")
@click.option("--auto", is_flag=True, help="Only what [pick] of the target's file allows.")
@click.option("--rules", type=click.Path(path_type=Path), help="Only what that file allows.")
@click.option("--agent", envvar=AGENT_VARIABLE, metavar="ID", help="Who picks.")
@click.option("--dry-run", is_flag=True, help="Judge and rank; land and turn down nothing.")
def pick_command(
    out: Output,
    batch: str,
    lane: str | None,
    into: str | None,
    by: str | None,
    mode: str | None,
    auto: bool,
    rules: Path | None,
    agent: str | None,
    dry_run: bool,
) -> int:
    """Land the best lane of BATCH, or LANE, and turn the others down; all of them are kept.

    Gates judge each as it would land, side by side. Of those that pass the required ones, the one
    with the fewest failures of others, the least cost, lines and time wins. Killed, it goes on
    when it is repeated.
    """
    from gitlanes.fleet.picking import Wish, pick

    given = read_rules(rules) if rules is not None else None
    wish = Wish(lane, into, by_words(by), mode, given, auto, agent, dry_run)
    with out.repository() as repo:
        made = pick(repo, batch, wish)
    show_picked(out, made, made)
    return 0


def show_picked(out: Output, made: Result, picked: Picked, more: Sequence[str] = ()) -> None:
    """Print what was picked, as a part of a result, and what of it stayed behind."""
    out.result(made, [*picked_lines(picked), *more])
    for text in left_behind(picked.promotion) if picked.promotion else ():
        out.warn(text)


def by_words(text: str | None) -> tuple[str, ...] | None:
    """Return the criteria that --by names."""
    return None if text is None else tuple(text.split(","))


def read_rules(path: Path) -> PickRules:
    """Return the rules in a file; raises BadValue."""
    from gitlanes.fleet.limits import of_text

    try:
        return of_text(path.read_bytes(), path.name)
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise BadValue(f"cannot read the rules in '{path}': {said}") from error
