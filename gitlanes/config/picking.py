"""What may be picked unattended, as ``[pick]`` of the team's file or a file of rules has it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gitlanes.config import checks, prices
from gitlanes.config.checks import Check
from gitlanes.config.gates import Misfit
from gitlanes.models.batches import CRITERIA, PickRules

SECTION = "pick"

_MOST = 10**9


def read(table: Any) -> tuple[PickRules, tuple[Misfit, ...]]:
    """Return the rules that a table has, and all that is wrong with it."""
    if not isinstance(table, dict):
        return PickRules(), (Misfit(SECTION, 0, "", "not a table"),)
    wrong = dict(checks.faults(table, CHECKS))
    known: dict[str, Any] = {key: value for key, value in table.items() if key not in wrong}
    for key in ("by", "gates", "paths"):
        if key in known:
            known[key] = tuple(known[key])
    if "most_cost" in known:
        known["most_cost"] = str(known["most_cost"])
    if "most_time" in known:
        known["most_seconds"] = checks.seconds(known.pop("most_time"))
    return PickRules(**known), tuple(Misfit(SECTION, 0, key, x) for key, x in wrong.items())


def _by(value: Any) -> str | None:
    if (fault := checks.texts(value)) is not None:
        return fault
    odd = next((x for x in value if x not in CRITERIA), None)
    if odd is not None:
        return f"'{odd[:60]}' is none of {', '.join(CRITERIA)}"
    return None if value else "it names no criterion"


def _cost(value: Any) -> str | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return "not an amount of money: write it as 2.50"
    try:
        amount = Decimal(str(value))
    except ArithmeticError:
        return "not an amount of money: write it as 2.50"
    return None if amount.is_finite() and 0 <= amount < _MOST else "it must be from 0 to 10^9"


def _currency(value: Any) -> str | None:
    fits = isinstance(value, str) and prices.CURRENCY.fullmatch(value)
    return None if fits else "not a currency: write it as USD"


CHECKS: dict[str, Check] = {
    "by": _by,
    "most_cost": _cost,
    "currency": _currency,
    "most_lines": checks.count(_MOST),
    "most_files": checks.count(_MOST),
    "most_time": checks.timeout,
    "gates": checks.texts,
    "paths": checks.texts,
}
