"""Adding up what one agent took before it is recorded; pure."""

from __future__ import annotations

from decimal import Decimal, localcontext

from gitlanes.errors import BadValue, line
from gitlanes.models.notes import PARTIAL, Cost
from gitlanes.models.plain import replace
from gitlanes.models.records import COUNTERS

_DIGITS = 200


def plus(one: Cost, other: Cost) -> Cost:
    """Return both together: numbers add up, of all else what the second one says wins.

    Raises BadValue for amounts in different currencies.
    """
    said = {key: value for key, value in other.__dict__.items() if value is not None}
    for key in (x for x in COUNTERS if x in said and getattr(one, x) is not None):
        said[key] += getattr(one, key)
    if one.amount is not None and other.amount is not None:
        said["amount"] = _money(one, other)
    if PARTIAL in (one.coverage, other.coverage):
        said["coverage"] = PARTIAL
    return replace(one, **said)


def _money(one: Cost, other: Cost) -> str:
    if one.currency != other.currency:
        names = " and ".join(f"'{line(str(x), 20)}'" for x in (one.currency, other.currency))
        raise BadValue(f"amounts in {names} do not add up", hint="record them in one currency")
    with localcontext(prec=_DIGITS):
        return str(Decimal(str(one.amount)) + Decimal(str(other.amount)))
