"""Commands about the queue of what is to land."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from gitlanes.cli.main import HELP
from gitlanes.cli.options import take_meta
from gitlanes.cli.output import Output, command, count, short
from gitlanes.errors import EXIT_NEGATIVE
from gitlanes.models.queue import PRIORITY, QueueEntry, QueueRun
from gitlanes.models.records import MODES

F = TypeVar("F", bound=Callable[..., Any])

_BY = click.option("--by", metavar="ID", help="Who does it.")


def _into(function: F) -> F:
    about = "The target; else the parent or the adopted lane."
    return click.option("--into", metavar="LANE", help=about)(_BY(function))


@click.group("queue", context_settings=HELP)
def queue_command() -> None:
    """Let lanes wait for their turn to land: the lowest priority first, then the oldest.

    An entry is pending, ready, landing, and then landed, failed or cancelled.
    """


@command("add")
@click.argument("lanes", nargs=-1)
@_into
@click.option("--ready", is_flag=True, help="It may land at once; else 'queue ready' says so.")
@click.option("--priority", type=int, default=PRIORITY, show_default=True, help="Lower: earlier.")
@click.option("--mode", type=click.Choice(MODES), help="Else the lane's own, else merge.")
@click.option("--latest", is_flag=True, help="Land the lane's head as it is by then.")
@click.option("--meta", multiple=True, metavar="NAME=VALUE", help="Metadata; repeatable.")
def add_lanes(
    out: Output,
    lanes: tuple[str, ...],
    into: str | None,
    by: str | None,
    meta: tuple[str, ...],
    **given: Any,
) -> None:
    """Queue LANES with their present heads; the one that you stand in by default.

    A lane that goes on afterwards has to be added again, unless it was added with --latest.
    """
    from gitlanes.queue.entries import Wish, add

    wish = Wish(meta=take_meta(meta), **given)
    with out.repository() as repo:
        made = add(repo, lanes, wish, into=into, by=by)
    _show(out, made)


@command("list")
@click.option("--into", metavar="LANE", help="Only that lane's queue.")
@click.option("--all", "everything", is_flag=True, help="Those that are done, too.")
def list_queue(out: Output, into: str | None, everything: bool) -> None:
    """List what waits to land, in its order."""
    from gitlanes.queue.entries import list_entries

    with out.repository() as repo:
        found = list_entries(repo, into=into, everything=everything)
    if out.as_json:
        _show(out, found)
    elif found:
        headers = ("LANE", "INTO", "STATUS", "PRIORITY", "HEAD", "BY", "WHY")
        out.table(headers, [_row(x) for x in found])
    else:
        out.say("nothing is queued")


def _row(entry: QueueEntry) -> tuple[str, ...]:
    cells = (entry.lane, entry.into, entry.status, str(entry.priority), short(entry.head))
    return *cells, entry.by or "-", _why(entry) or "-"


def _why(entry: QueueEntry) -> str:
    paths = f" ({', '.join(entry.paths)})" if entry.paths else ""
    return f"{entry.reason or ''}{paths}"


@command("ready")
@click.argument("lanes", nargs=-1, required=True)
@_into
def ready_lanes(out: Output, lanes: tuple[str, ...], into: str | None, by: str | None) -> None:
    """Let queued LANES land; refused where people have to agree first."""
    from gitlanes.queue.entries import ready

    with out.repository() as repo:
        made = ready(repo, lanes, into=into, by=by)
    _show(out, made)


@command("move")
@click.argument("lane")
@_into
@click.option("--before", metavar="LANE", help="Right before that one.")
@click.option("--priority", type=int, help="Lower: earlier.")
def move_lane(out: Output, lane: str, into: str | None, by: str | None, **given: Any) -> None:
    """Put queued LANE elsewhere in the order."""
    from gitlanes.queue.entries import move

    with out.repository() as repo:
        made = move(repo, lane, into=into, by=by, **given)
    _show(out, made)


@command("order")
@click.argument("lanes", nargs=-1, required=True)
@_into
def order_lanes(out: Output, lanes: tuple[str, ...], into: str | None, by: str | None) -> None:
    """Let queued LANES land in this order, in the places that they have."""
    from gitlanes.queue.entries import order

    with out.repository() as repo:
        made = order(repo, lanes, into=into, by=by)
    _show(out, made)


@command("cancel")
@click.argument("lanes", nargs=-1, required=True)
@_into
@click.option("--reason", help="Why.")
def cancel_lanes(
    out: Output, lanes: tuple[str, ...], into: str | None, by: str | None, reason: str | None
) -> None:
    """Take LANES out of the queue, even while they are judged."""
    from gitlanes.queue.entries import cancel

    with out.repository() as repo:
        made = cancel(repo, lanes, into=into, by=by, reason=reason)
    _show(out, made)


@command("run")
@click.option("--into", metavar="LANE", help="That lane's queue; else the adopted lane's.")
@_BY
@click.option("--jobs", type=click.IntRange(1), help="Candidates judged at a time.")
@click.option("--limit", type=click.IntRange(1), help="Decide so many entries at most.")
@click.option("--dry-run", is_flag=True, help="Say what paths let land; ask no gate.")
def run_queue(out: Output, **given: Any) -> int:
    """Land what is ready, in order: gates judge each on top of those before it, side by side.

    One that collides or fails its gates twice is taken out alone, and the others land without it.
    """
    from gitlanes.queue.running import run

    with out.repository() as repo:
        made = run(repo, **given)
    out.result(made, _run_lines(made))
    if not (made.landed or made.failed):
        out.say(f"nothing is ready in the queue of {made.into}")
    if made.waiting and not made.dry_run:
        out.say(f"{count(made.waiting, 'lane')} still in the queue of {made.into}")
    return EXIT_NEGATIVE if made.failed else 0


def _run_lines(made: QueueRun) -> list[str]:
    words = ("would land", "would fail") if made.dry_run else ("landed", "failed")
    lines = [f"{words[0]} {x.lane} {short(x.landed or x.head)}" for x in made.landed]
    return lines + [f"{words[1]} {x.lane}: {_why(x)}" for x in made.failed]


def _show(out: Output, entries: Sequence[QueueEntry]) -> None:
    text = [f"{x.status} {x.lane} into {x.into} {short(x.head)}" for x in entries]
    out.results("gitlanes.queue/1", "entries", entries, text)


_COMMANDS = (add_lanes, list_queue, ready_lanes, move_lane, order_lanes, cancel_lanes, run_queue)
for _command in _COMMANDS:
    queue_command.add_command(_command)
