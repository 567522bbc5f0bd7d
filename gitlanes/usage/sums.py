"""Sums of cost records, and running totals; what is unknown is absent, never 0."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, localcontext
from typing import Any

from gitlanes.models.records import COUNTERS, LIMITED

# Digits that sums are exact to: the longest amount that a record may have, and its exponent.
_DIGITS = 200
# Digits that a record's amount may have before the point, and behind it.
_PLACES = 30


def in_digits(amount: Decimal) -> str:
    """Return an amount in plain digits, where records may have so many; else with an exponent."""
    exponent = amount.as_tuple().exponent
    plain = isinstance(exponent, int) and exponent >= -_PLACES and amount.adjusted() < _PLACES
    return f"{amount:f}" if plain else str(amount)


def live(lines: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return cost records, each once by its id, without those that another one replaces.

    Copies of a record may lie on several commits, and what replaces it on one of them.
    """
    records = {line["id"]: line for line in lines}
    gone = {x.get("replaces") for x in records.values()}
    gone |= {name for x in records.values() for name in x.get("replaced", ())}
    return [x for name, x in records.items() if name not in gone]


def total(lines: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the sums of cost records, each counted once by its id; what is unknown is absent.

    ``amounts`` is money by currency, as decimal strings.
    """
    return summed(as_sums(x) for x in live(lines))


def as_sums(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return one record in the form of sums."""
    found = {key: record[key] for key in COUNTERS if isinstance(record.get(key), int)}
    if "amount" in record:
        found["amounts"] = {str(record.get("currency", "")): record["amount"]}
    return found


def summed(sums: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the sum of sums."""
    found: dict[str, Any] = {}
    for one in sums:
        found = _combined(found, one, 1)
    return found


def without(sums: Mapping[str, Any], less: Mapping[str, Any]) -> dict[str, Any]:
    """Return sums with others taken away, never below 0."""
    return _combined(sums, less, -1)


def limited(sums: Mapping[str, Any]) -> dict[str, Any]:
    """Return of sums what a budget can limit."""
    return {key: sums[key] for key in (*LIMITED, "amounts") if key in sums}


def _combined(sums: Mapping[str, Any], other: Mapping[str, Any], sign: int) -> dict[str, Any]:
    found = dict(sums)
    for key in COUNTERS:
        if key in other:
            found[key] = max(0, found.get(key, 0) + sign * other[key])
    amounts = dict(found.get("amounts", {}))
    with localcontext(prec=_DIGITS):
        for currency, amount in other.get("amounts", {}).items():
            now = Decimal(amounts.get(currency, 0)) + sign * Decimal(amount)
            amounts[currency] = in_digits(max(now, Decimal(0)))
    if amounts:
        found["amounts"] = dict(sorted(amounts.items()))
    return found
