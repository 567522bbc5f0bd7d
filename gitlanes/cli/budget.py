"""Commands about budgets: set, show, unset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from gitlanes.cli.limits import limit_options, take_limits
from gitlanes.cli.main import HELP
from gitlanes.cli.output import Output, command
from gitlanes.models.costs import Budgets, Standing

F = TypeVar("F", bound=Callable[..., Any])

_SCOPE = (
    click.argument("lane", required=False),
    click.option("--agent", metavar="ID", help="That agent's, in all lanes."),
    click.option("--per-day", is_flag=True, help="The whole repository's, for each day (UTC)."),
)


def _scope(function: F) -> F:
    for option in reversed(_SCOPE):
        function = option(function)
    return function


@click.group("budget", context_settings=HELP)
def budget_command() -> None:
    """Limit what lanes, agents and days may use."""


@command("set")
@_scope
@limit_options
def set_budget(
    out: Output, lane: str | None, agent: str | None, per_day: bool, **given: Any
) -> None:
    """Set limits of LANE's budget, an agent's or the day's; what is not named stays.

    Work is refused once what was recorded before it reaches a limit. Without a limit there is
    none. Lanes that follow LANE count towards its budget.
    """
    from gitlanes.review import budgets

    limits = take_limits(given)
    with out.repository() as repo:
        made = budgets.set_budget(repo, budgets.Scope(lane, agent, per_day), limits)
    _show(out, made)


@command("unset")
@_scope
def unset_budget(out: Output, lane: str | None, agent: str | None, per_day: bool) -> None:
    """Take the budget of LANE, of an agent or of the day away."""
    from gitlanes.review import budgets

    with out.repository() as repo:
        made = budgets.unset_budget(repo, budgets.Scope(lane, agent, per_day))
    out.result(made, ["budget unset"])


@command("show")
@_scope
def show_budget(out: Output, lane: str | None, agent: str | None, per_day: bool) -> None:
    """Show how budgets stand: all, or those that concern work in LANE, of an agent, of the day."""
    from gitlanes.review import budgets

    with out.repository() as repo:
        found = budgets.show(repo, budgets.Scope(lane, agent, per_day))
    _show(out, found)


def _show(out: Output, found: Budgets) -> None:
    if out.as_json:
        out.result(found)
        return
    rows = [row for x in found.budgets for row in _rows(x)]
    if rows:
        out.table(("BUDGET", "LIMIT", "USED", "OF", "PERCENT", "STATE"), rows)
    else:
        out.say("no budget is set")


def _rows(found: Standing) -> list[tuple[str, ...]]:
    name = found.scope if found.scope == "day" else f"{found.scope} {found.name}"
    return [
        (
            name,
            key,
            _number(key, found.used.get(key), found.currency),
            _number(key, limit, found.currency),
            f"{found.percent[key]}%",
            _state(found, key),
        )
        for key, limit in found.limits.items()
    ]


def _number(key: str, value: Any, currency: str) -> str:
    if value is None:
        return "-"
    if key == "wall_ms":
        return f"{value / 1000:g}s"
    return f"{value} {currency}" if key == "amount" else str(value)


def _state(found: Standing, key: str) -> str:
    if key in found.exceeded:
        return "exceeded"
    near = found.alert is not None and found.percent[key] >= found.alert
    return "alert" if near else "within"


for _command in (set_budget, unset_budget, show_budget):
    budget_command.add_command(_command)
