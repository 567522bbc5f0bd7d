"""What tokens cost by the team's price table."""

from __future__ import annotations

from decimal import Decimal

from gitlanes.config.prices import Price
from gitlanes.models.notes import LOCAL, Cost
from gitlanes.models.plain import replace
from gitlanes.usage.reading import spelled

_UNIT = 1_000_000


def priced(cost: Cost, price: Price) -> Cost:
    """Return a cost with the amount that its tokens come to, unless one is known.

    Input that came from a cache, or went into one, has its own price; without one it costs
    what other input does. Without any tokens the amount stays unknown.
    """
    if cost.amount is not None or (cost.input_tokens is None and cost.output_tokens is None):
        return cost
    read, written = cost.cache_read_input_tokens or 0, cost.cache_creation_input_tokens or 0
    fresh = max(0, (cost.input_tokens or 0) - read - written)
    parts = (
        (fresh, price.input),
        (read, price.input if price.cache_read is None else price.cache_read),
        (written, price.input if price.cache_write is None else price.cache_write),
        (cost.output_tokens or 0, price.output),
    )
    amount = sum((Decimal(number) * each for number, each in parts), Decimal(0)) / _UNIT
    return replace(
        cost,
        amount=spelled(amount.normalize()),
        currency=price.currency,
        amount_source=LOCAL,
    )
