"""The team's price table: ``[prices."MODEL"]`` in its file, money for a million tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from gitlanes.config import layers, table
from gitlanes.errors import BadValue
from gitlanes.models.plain import Model

SECTION = "prices"
_NUMBERS = ("input", "output", "cache_read", "cache_write")
_KEYS = (*_NUMBERS, "currency")
_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,12})?")
CURRENCY = re.compile(r"[A-Z]{3}")


class Price(Model):
    """What a model's tokens cost, for a million each."""

    input: Decimal
    output: Decimal
    cache_read: Decimal | None = None
    cache_write: Decimal | None = None
    currency: str = "USD"


def price_of(path: str | None, model: str) -> Price | None:
    """Return a model's price from the team's file at `path`, None if it has none.

    Raises BadValue for a price that cannot be understood, Refused for no TOML.
    """
    if path is None:
        return None
    prices = layers.load(path, Decimal).get(SECTION, {})
    if not isinstance(prices, dict) or model not in prices:
        return None
    for key, problem in faults({model: prices[model]}):
        raise BadValue(f"{table.TEAM_FILE}: {key}: {problem}", hint=layers.MEND)
    given = prices[model]
    numbers = {x: Decimal(str(given[x])) for x in _NUMBERS if x in given}
    return Price(**numbers, currency=given.get("currency", "USD"))


def faults(prices: Any) -> Iterator[tuple[str, str]]:
    """Yield (dotted key, problem) for all that a price table may not be."""
    if not isinstance(prices, dict):
        yield SECTION, f'not a table: write it as [{SECTION}."MODEL"]'
        return
    for model, given in prices.items():
        where = f"{SECTION}.{model}"
        if not isinstance(given, dict):
            yield where, f'not a table: write it as [{SECTION}."{model}"]'
            continue
        yield from ((f"{where}.{key}", "unknown setting") for key in given if key not in _KEYS)
        yield from ((f"{where}.{x}", "missing") for x in _NUMBERS[:2] if x not in given)
        for key in _NUMBERS:
            if key in given and not _is_number(given[key]):
                yield f"{where}.{key}", "not a price for a million tokens: write it as 3.75"
        currency = given.get("currency", "USD")
        if not isinstance(currency, str) or not CURRENCY.fullmatch(currency):
            yield f"{where}.currency", "not a currency: write it as USD"


def _is_number(value: Any) -> bool:
    plain = not isinstance(value, bool) and isinstance(value, int | float | Decimal | str)
    return plain and _NUMBER.fullmatch(str(value)) is not None
