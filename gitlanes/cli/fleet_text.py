"""How agents at work look on a terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from gitlanes import clock
from gitlanes.cli.errors import line
from gitlanes.cli.output import Output, count
from gitlanes.cli.terminal import present
from gitlanes.cli.told import cost_text, time_text
from gitlanes.errors import BadValue
from gitlanes.models.fleet import CRASHED, FINISHED
from gitlanes.usage.sums import as_sums

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

    from gitlanes.models.fleet import Run, Runs

_HEADERS = ("LANE", "STATUS", "AGENT", "TIME", "CPU", "MEMORY", "FILES", "COST", "LAST LINE")
# Seconds between two looks.
_PAUSE = 1.0
_LAST = 60
# What a narrow terminal does without, the first ones first; and the least that a last line has.
_SPARED = ("AGENT", "MEMORY", "CPU", "COST", "TIME", "FILES")
_LEAST = 20
# What a table has beside its cells: between two of them, and at its edges; rows above and below.
_BETWEEN, _EDGES, _AROUND = 3, 2, 4


def summary(run: Run) -> str:
    """Return one line about a run: what it is by now, and what it left."""
    said = f"{run.status} {run.agent} in lane {run.lane}"
    # Of one that we stopped it says how the signal was taken, which differs from time to time.
    if run.status in (FINISHED, CRASHED) and run.code and run.code > 0:
        said += f", exit code {run.code}"
    if run.attempt:
        said += f", attempt {run.attempt}"
    if run.snapshot:
        said += f", unsaved work in snapshot {run.snapshot}"
    return said


def show(out: Output, found: Runs, *, grouped: bool) -> None:
    """Print a table of runs; with ``grouped`` one for each batch, with its sums."""
    if not found.runs:
        out.say("no agent is at work; 'git lanes ps --all' shows those that ended, too")
        return
    for batch, sums in found.totals.items() if grouped else (("", None),):
        rows = [x for x in found.runs if sums is None or (x.batch or "") == batch]
        if sums is not None:
            out.line(f"batch {line(batch)}" if batch else "no batch")
        cells = [_row(x) for x in rows]
        terminal = present()
        if out.shows and not terminal.dumb:
            out.table(*fitting(cells, terminal.width))
        else:
            out.table(_HEADERS, cells)
        if sums is not None:
            out.line(total_text(sums))
            out.line("")


def total_text(sums: dict[str, Any]) -> str:
    """Return the sums of a batch in one line."""
    statuses = ", ".join(f"{number} {status}" for status, number in sums["statuses"].items())
    cost = cost_text(sums["cost"])
    took = time_text(sums["seconds"])
    files = count(sums["changed"], "file")
    return f"total: {count(sums['runs'], 'agent')} ({statuses}), {took}, {files}, cost {cost}"


def _row(run: Run) -> tuple[str, ...]:
    status = f"{run.status} ({run.code})" if run.status == "finished" and run.code else run.status
    return (
        run.lane,
        status,
        run.agent,
        time_text(run.seconds),
        "-" if run.cpu is None else f"{run.cpu:.0f}%",
        "-" if run.memory is None else f"{run.memory / (1 << 20):.0f} MB",
        "-" if run.changed is None else str(run.changed),
        cost_text(as_sums(run.cost)) if run.cost else "-",
        (run.reason or run.last or "")[:_LAST],
    )


def fitting(rows: Sequence[Sequence[str]], width: int) -> tuple[Sequence[str], list[Sequence[str]]]:
    """Return headers and rows that have room on a terminal, each on one line.

    Lanes are whole, as they are told apart by their ends; the last line is cut, and what matters
    least is left out, where that has to be.
    """
    from rich.cells import cell_len  # 20 ms, and pipes have no need of it
    from rich.text import Text

    every = [_HEADERS, *([line(x) for x in row] for row in rows)]
    widths = [max(map(cell_len, column)) for column in zip(*every, strict=True)]
    kept = list(range(len(_HEADERS) - 1))
    spared = [_HEADERS.index(x) for x in _SPARED]
    while spared and _room(widths, kept, width) < _LEAST:
        kept.remove(spared.pop(0))
    left = max(1, _room(widths, kept, width))
    found: list[Sequence[str]] = []
    for row in every:
        last = Text(row[-1])
        last.truncate(left, overflow="ellipsis")
        found.append((*(row[x] for x in kept), last.plain))
    return found[0], found[1:]


def _room(widths: Sequence[int], kept: Sequence[int], width: int) -> int:
    """Return the columns that are left behind those that are kept."""
    return width - _EDGES - sum(widths[x] + _BETWEEN for x in kept)


def watch(out: Output, *, every: bool, batch: str | None, grouped: bool) -> None:
    """Show the agents anew each second, until Ctrl-C; with --json one object each time."""
    from gitlanes.fleet.observing import report

    if not out.as_json and not out.shows:
        raise BadValue("--watch needs a terminal", hint="with --json it prints an object each time")
    with out.repository() as repo:
        if out.as_json:
            while True:
                out.result(report(repo, every=every, batch=batch))
                sys.stdout.flush()
                clock.sleep(_PAUSE)
        from rich.console import Console
        from rich.live import Live

        console = Console()
        with Live(console=console, auto_refresh=False, screen=True) as live:
            while True:
                found = report(repo, every=every, batch=batch)
                live.update(picture(found, grouped, *console.size), refresh=True)
                clock.sleep(_PAUSE)


def picture(found: Runs, grouped: bool, width: int, height: int) -> Group:
    """Return runs as a picture of that size; what has no room is counted."""
    from rich.console import Group
    from rich.text import Text

    parts: list[Table | Text] = []
    room, left = height - 1, len(found.runs)
    if not left:
        return Group("no agent is at work")
    for batch, sums in found.totals.items() if grouped else (("", None),):
        own = [x for x in found.runs if sums is None or (x.batch or "") == batch]
        room -= _AROUND + (2 if sums else 0)
        shown = own[: max(0, room)]
        room, left = room - len(shown), left - len(shown)
        if not shown:
            continue
        if sums:
            parts.append(Text(line(batch or "no batch"), "bold", no_wrap=True))
        parts.append(_table(shown, width))
        if sums:
            parts.append(Text(total_text(sums), "bold", no_wrap=True, overflow="ellipsis"))
    return Group(*parts, *([Text(f"… {left} more")] if left else []))


def _table(runs: Sequence[Run], width: int) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from gitlanes.cli.colours import STATUS

    headers, rows = fitting([_row(x) for x in runs], width)
    table = Table(*headers, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(x, STATUS.get(x, "")) for x in row))
    return table
