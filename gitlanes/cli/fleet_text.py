"""How agents at work look on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from gitlanes import clock
from gitlanes.cli.errors import line
from gitlanes.cli.output import Output, count
from gitlanes.cli.told import cost_text
from gitlanes.errors import BadValue
from gitlanes.usage.sums import as_sums

if TYPE_CHECKING:
    from rich.table import Table

    from gitlanes.models.fleet import Run, Runs

_HEADERS = ("LANE", "STATUS", "AGENT", "TIME", "CPU", "MEMORY", "FILES", "COST", "LAST LINE")
# Seconds between two looks.
_PAUSE = 1.0
_LAST = 60


def summary(run: Run) -> str:
    """Return one line about a run: what it is by now, and what it left."""
    said = f"{run.status} {run.agent} in lane {run.lane}"
    if run.code and run.code > 0:
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
        out.table(_HEADERS, [_row(x) for x in rows])
        if sums is not None:
            out.line(total_text(sums))
            out.line("")


def total_text(sums: dict[str, Any]) -> str:
    """Return the sums of a batch in one line."""
    statuses = ", ".join(f"{number} {status}" for status, number in sums["statuses"].items())
    cost = cost_text(sums["cost"])
    took = _duration(sums["seconds"])
    files = count(sums["changed"], "file")
    return f"total: {count(sums['runs'], 'agent')} ({statuses}), {took}, {files}, cost {cost}"


def _row(run: Run) -> tuple[str, ...]:
    status = f"{run.status} ({run.code})" if run.status == "finished" and run.code else run.status
    return (
        run.lane,
        status,
        run.agent,
        _duration(run.seconds),
        "-" if run.cpu is None else f"{run.cpu:.0f}%",
        "-" if run.memory is None else f"{run.memory / (1 << 20):.0f} MB",
        "-" if run.changed is None else str(run.changed),
        cost_text(as_sums(run.cost)) if run.cost else "-",
        (run.reason or run.last or "")[:_LAST],
    )


def _duration(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes:02}m" if hours else f"{minutes}m{rest:02}s" if minutes else f"{rest}s"


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

        with Live(console=Console(), auto_refresh=False, screen=True) as live:
            while True:
                live.update(_live(report(repo, every=every, batch=batch), grouped), refresh=True)
                clock.sleep(_PAUSE)


def _live(found: Runs, grouped: bool) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from gitlanes.cli.colours import STATUS

    table = Table(*_HEADERS, box=box.SIMPLE_HEAD, pad_edge=False)
    for batch, sums in found.totals.items():
        own = [x for x in found.runs if (x.batch or "") == batch]
        for run in own:
            cells = [line(x) for x in _row(run)]
            table.add_row(*(Text(x, STATUS.get(x, "")) for x in cells))
        if grouped:
            table.add_row(Text(line(batch or "no batch"), "bold"), Text(total_text(sums), "bold"))
            table.add_section()
    return table
