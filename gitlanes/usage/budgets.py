"""How a budget stands: limits beside what was used."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from gitlanes.errors import BudgetExceeded
from gitlanes.models.costs import Standing
from gitlanes.models.plain import plain
from gitlanes.models.records import LIMITED
from gitlanes.usage.reading import spelled

LANE, AGENT, DAY = ("lane", "agent", "day")
# Each limit with what it counts and the option that sets it.
LIMITS = {
    "input_tokens": ("input tokens", "--max-tokens-in"),
    "output_tokens": ("output tokens", "--max-tokens-out"),
    "api_calls": ("API calls", "--max-api-calls"),
    "wall_ms": ("wall time", "--max-wall"),
    "amount": ("cost", "--max-cost"),
}


def standing(scope: str, name: str, limits: Mapping[str, Any], sums: Mapping[str, Any]) -> Standing:
    """Return how a budget's limits stand towards sums of costs."""
    currency = str(limits.get("currency", "USD"))
    used = {key: sums[key] for key in LIMITED if key in sums}
    amounts = sums.get("amounts", {})
    if currency in amounts:
        used["amount"] = amounts[currency]
    most = {key: limits[key] for key in LIMITS if key in limits}
    percent = {key: _percent(used.get(key, 0), limit) for key, limit in most.items()}
    alert = limits.get("alert")
    over = tuple(key for key, part in percent.items() if part >= 100)
    near = [key for key, part in percent.items() if alert is not None and part >= alert]
    made = Standing(
        scope,
        name,
        most,
        used,
        {key: _left(used.get(key, 0), limit) for key, limit in most.items()},
        percent,
        currency,
        alert,
        exceeded=over,
    )
    said = [f"{subject(made)} has used {percent[x]}% of its {told(made, x)}" for x in near]
    others = [f"{amount} {name}" for name, amount in amounts.items() if name != currency]
    if "amount" in most and others:
        said.append(f"{subject(made)} is in {currency}: {', '.join(others)} are not counted")
    return Standing(**{**made.__dict__, "warnings": tuple(said)})


def require(found: Standing) -> None:
    """Raise BudgetExceeded if a limit is reached."""
    for limit in found.exceeded:
        where = {LANE: found.name, AGENT: f"--agent {found.name}", DAY: "--per-day"}[found.scope]
        raise BudgetExceeded(
            f"{subject(found)} is over budget: {told(found, limit)}",
            hint=f"raise it with: git lanes budget set {where} {LIMITS[limit][1]} N; "
            "nothing was recorded, and files stay as they are",
            data={
                "budget": {
                    "scope": found.scope,
                    "name": found.name,
                    "limit": limit,
                    "max": plain(found.limits[limit]),
                    "used": plain(found.used.get(limit, 0)),
                }
            },
        )


def subject(found: Standing) -> str:
    """Return whose budget it is, as messages say it."""
    return "the repository's day" if found.scope == DAY else f"{found.scope} '{found.name}'"


def told(found: Standing, limit: str) -> str:
    """Return the use of a limit as people read it: ``1200 of 1000 input tokens``."""
    used, most = found.used.get(limit, 0), found.limits[limit]
    if limit == "wall_ms":
        return f"wall time ({used / 1000:g}s of {most / 1000:g}s)"
    if limit == "amount":
        return f"money ({used} of {most} {found.currency})"
    return f"{LIMITS[limit][0]} ({used} of {most})"


def _percent(used: Any, limit: Any) -> int:
    most = Decimal(limit)
    return int(Decimal(used) * 100 / most) if most else 100


def _left(used: Any, limit: Any) -> Any:
    left = max(Decimal(0), Decimal(limit) - Decimal(used))
    return spelled(left) if isinstance(limit, str) else int(left)
