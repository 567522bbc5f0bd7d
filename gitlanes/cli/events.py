"""The command events."""

from __future__ import annotations

import select
import sys
from typing import TYPE_CHECKING

import click

from gitlanes.cli.output import Output, command, short

if TYPE_CHECKING:
    from gitlanes.models.events import Events, LaneEvent


@command("events")
@click.option("--follow", "-f", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("--since", metavar="CURSOR", help="After that; 'start' is the beginning of all.")
@click.option("--lane", help="Events of this lane alone.")
@click.option("--kind", metavar="KIND", help="Of this kind: lane.opened, or attempt.*.")
@click.option("-n", "--limit", type=click.IntRange(0), default=50, show_default=True)
@click.option(
    "--deliver",
    is_flag=True,
    help="Tell listeners what is new to them.",
)
def events_command(
    out: Output,
    follow: bool,
    since: str | None,
    lane: str | None,
    kind: str | None,
    limit: int,
    deliver: bool,
) -> None:
    """Tell what happened to lanes, the oldest first: the last events, or those since a CURSOR.

    Under --json each page says where one is after it: give that as the next CURSOR. With --follow
    there is one such object in a line. What was told last before a kill may be told again, and
    nothing is left out. With --deliver each listener is told what came since its own last event:
    installed packages, and the command in lanes.eventCommand, which reads one event as JSON.
    """
    from gitlanes.events import delivering, following
    from gitlanes.events.following import Wanted

    if deliver and (since or lane or kind):
        raise click.UsageError("--deliver excludes --since, --lane and --kind")
    with out.repository() as repo:

        def pause(seconds: float) -> bool:
            while repo.warnings:
                out.warn(repo.warnings.pop(0))
            return _read_still(seconds)

        if deliver:
            made = delivering.deliver(repo, pause=pause if follow else None)
            told = [f"{name}: {number} told" for name, number in made.listeners.items()]
            out.result(made, told or ["nobody listens"])
            return
        wanted = Wanted(lane, kind)
        if not follow:
            found = following.page(repo, wanted, since=since, limit=limit)
            _print(out, found)
            if found.more and not out.as_json:
                out.say("hint: there is more; see --limit, and the cursor under --json")
            return
        most = max(1, limit)
        for page in following.follow(repo, wanted, since=since, limit=most, pause=pause):
            _print(out, page)


def _print(out: Output, page: Events) -> None:
    out.result(page, [_text(x) for x in page.events])
    sys.stdout.flush()


def _text(event: LaneEvent) -> str:
    of = event.attempt or event.lane
    at = f" {short(event.commit)}" if event.commit and event.attempt else ""
    return f"{event.time[:19]}Z {event.kind} {of}{at} {event.subject}"


def _read_still(seconds: float) -> bool:
    """Wait; return False as soon as nobody reads any more what is told."""
    watch = select.poll()
    watch.register(1, 0)
    return not watch.poll(seconds * 1000)
