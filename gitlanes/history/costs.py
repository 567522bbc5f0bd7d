"""What attempts took, summed over what was recorded."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

_COUNTED = (
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "api_calls",
    "wall_ms",
)


def total(lines: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the sums of cost records, each counted once by its id; what is unknown is absent.

    ``amounts`` is money by currency, as decimal strings.
    """
    records = {line["id"]: line for line in lines}.values()
    found: dict[str, Any] = {}
    for key in _COUNTED:
        known = [x[key] for x in records if isinstance(x.get(key), int)]
        if known:
            found[key] = sum(known)
    amounts: dict[str, Decimal] = {}
    for one in records:
        if "amount" in one:
            currency = str(one.get("currency", ""))
            amounts[currency] = amounts.get(currency, Decimal(0)) + Decimal(one["amount"])
    if amounts:
        found["amounts"] = {key: str(value) for key, value in sorted(amounts.items())}
    return found
