"""Commands about costs: the report, and adding to what was recorded."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import click

from gitlanes.cli import terminal
from gitlanes.cli.errors import line
from gitlanes.cli.main import HELP
from gitlanes.cli.options import cost_options, take_cost
from gitlanes.cli.output import Output, command
from gitlanes.cli.told import cost_text
from gitlanes.config.table import AGENT_VARIABLE
from gitlanes.models.costs import CostReport, CostRow
from gitlanes.models.plain import replace
from gitlanes.models.records import STATUSES

_TERMINAL = "-"
_WAYS = ("lane", "agent", "model", "tag", "day", "change")


class Reporting(click.Group):
    """A group that reports where its first word is no command of its own, as in ``cost --by``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put the command's name before what it is to be given."""
        named = bool(args) and (args[0] in self.commands or args[0] in ("-h", "--help"))
        return super().parse_args(ctx, args if named else ["report", *args])


@click.group("cost", cls=Reporting, context_settings=HELP)
def cost_command() -> None:
    """Sum what attempts took; add to what was recorded.

    Without a command it reports: 'git lanes cost --by agent'.
    """


@command("report", long=True)
@click.option("--by", type=click.Choice(_WAYS), default="lane", show_default=True)
@click.option("--since", metavar="DATE", help="As git understands it: '2 days ago', 2026-01-31.")
@click.option("--status", type=click.Choice(STATUSES), help="Of attempts with this status alone.")
@click.option("--lane", "lanes", multiple=True, help="Of this lane's attempts alone; repeatable.")
@click.option("--tag", "tags", multiple=True, help="Of attempts with this tag; repeatable.")
@click.option(
    "--plot",
    metavar="[FILE.svg]",
    is_flag=False,
    flag_value=_TERMINAL,
    help="Draw bars here, or as an SVG file.",
)
def report_costs(
    out: Output,
    by: str,
    since: str | None,
    status: str | None,
    lanes: tuple[str, ...],
    tags: tuple[str, ...],
    plot: str | None,
) -> None:
    """Sum the cost of attempts by lane, agent, model, tag, day or change.

    Every record counts once. An attempt with several tags is in the row of each.
    """
    from gitlanes.history.costs import Wanted, report

    with out.repository() as repo:
        found = report(repo, Wanted(by, since, status, lanes, tags))
    if plot not in (None, _TERMINAL):
        from gitlanes.cli.plot import write_svg

        unit, bars = _bars(found)
        write_svg(Path(str(plot)), f"{unit} by {by}", bars)
        out.say(f"wrote {plot}")
    if out.as_json:
        out.result(found)
    elif plot == _TERMINAL:
        _draw(out, found)
    elif plot is None:
        _table(out, found)


def _table(out: Output, found: CostReport) -> None:
    headers = (found.by.upper(), "ATTEMPTS", "IN", "CACHED", "OUT", "CALLS", "TIME", "COST")
    rows = [(_name(x), str(x.attempts), *_cells(x.cost)) for x in found.rows]
    if rows:
        out.table(headers, rows)
    else:
        out.say("no costs are recorded")
    if found.total:
        out.say(f"total: {cost_text(found.total)}")
    if found.per_accepted_change:
        said = cost_text(found.per_accepted_change)
        out.say(f"per accepted change ({found.accepted_changes}): {said}")
    if found.rejected:
        out.say(f"rejected attempts: {cost_text(found.rejected)}")


def _name(row: CostRow) -> str:
    name = row.name or "-"
    return f"{name[:13]} {row.title}" if row.title is not None else name


def _cells(cost: Mapping[str, Any]) -> tuple[str, ...]:
    keys = ("input_tokens", "cache_read_input_tokens", "output_tokens", "api_calls")
    numbers = [str(cost.get(key, "-")) for key in keys]
    wall = cost.get("wall_ms")
    return *numbers, "-" if wall is None else f"{wall / 1000:g}s", money_text(cost)


def money_text(cost: Mapping[str, Any]) -> str:
    """Return amounts by currency as people read them: ``0.5 USD``."""
    amounts = cost.get("amounts", {}).items()
    return ", ".join(f"{amount} {name}".strip() for name, amount in amounts) or "-"


def _bars(found: CostReport) -> tuple[str, list[tuple[str, Decimal, str]]]:
    """Return what is drawn, and a bar for each row: money in one currency, else tokens."""
    currencies = list(dict.fromkeys(x for row in found.rows for x in row.cost.get("amounts", {})))
    if len(currencies) == 1:
        unit = currencies[0]
        amounts = [x.cost.get("amounts", {}).get(unit, "0") for x in found.rows]
        drawn = [Decimal(x) for x in amounts]
        return f"cost in {unit}", [
            (_name(row), number, f"{amount} {unit}")
            for row, number, amount in zip(found.rows, drawn, amounts, strict=True)
        ]
    tokens = [sum(x.cost.get(y, 0) for y in ("input_tokens", "output_tokens")) for x in found.rows]
    pairs = zip(found.rows, tokens, strict=True)
    return "tokens", [(_name(row), Decimal(x), f"{x} tokens") for row, x in pairs]


def _draw(out: Output, found: CostReport) -> None:
    from gitlanes.cli.plot import bars

    unit, drawn = _bars(found)
    out.line(f"{unit} by {found.by}")
    for text in bars(drawn, terminal.present().width):
        out.line(text)


@command("add")
@click.argument("attempt")
@cost_options
@click.option("--model", help="The model behind it.")
@click.option("--agent", envvar=AGENT_VARIABLE, metavar="ID", help="Whose cost it is.")
@click.option("--stage", help="What for: review, integration, …")
@click.option("--replace", "replaces", metavar="ID", help="In place of that record of the attempt.")
def add_cost(
    out: Output,
    attempt: str,
    model: str | None,
    agent: str | None,
    stage: str | None,
    replaces: str | None,
    **given: Any,
) -> None:
    """Record a further cost of ATTEMPT, of another agent or stage; it adds to the sums."""
    from gitlanes.review.costs import add

    taken = take_cost(given)
    cost = replace(taken, model=model or taken.model, agent=agent, stage=stage)
    with out.repository() as repo:
        made = add(repo, attempt, cost, replaces=replaces)
    said = "replaced" if made.replaces else "added"
    out.result(made, [line(f"{said} cost of {made.attempt.id}: {_told(made.record)} ({made.id})")])


def _told(record: Mapping[str, Any]) -> str:
    from gitlanes.usage.sums import as_sums

    return cost_text(as_sums(record))


for _command in (report_costs, add_cost):
    cost_command.add_command(_command)
