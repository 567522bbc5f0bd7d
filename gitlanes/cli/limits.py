"""The options that say what a budget's limits are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from gitlanes.cli.options import milliseconds, take_money
from gitlanes.models.costs import Limits

F = TypeVar("F", bound=Callable[..., Any])

_LIMITS = (
    click.option("--max-tokens-in", type=click.IntRange(0), help="Most input tokens."),
    click.option("--max-tokens-out", type=click.IntRange(0), help="Most output tokens."),
    click.option("--max-api-calls", type=click.IntRange(0), help="Most calls of a model's API."),
    click.option("--max-wall", metavar="DURATION", help="Most time: 90s, 5m, 1h30m."),
    click.option("--max-cost", metavar="MONEY", help="Most money: 5, or '5 EUR'."),
    click.option("--alert", type=click.IntRange(1, 100), help="Warn from that percentage on."),
)


def limit_options(function: F) -> F:
    """Add the options that `take_limits` understands."""
    for option in reversed(_LIMITS):
        function = option(function)
    return function


def take_limits(given: dict[str, Any]) -> Limits:
    """Remove the limits' options from `given` and return the limits; raises BadValue."""
    wall, money = given.pop("max_wall"), given.pop("max_cost")
    amount, currency = (None, None) if money is None else take_money(money)
    return Limits(
        given.pop("max_tokens_in"),
        given.pop("max_tokens_out"),
        given.pop("max_api_calls"),
        None if wall is None else milliseconds(wall),
        amount,
        currency,
        given.pop("alert"),
    )
