"""Usage as others printed it: JSON that may be anything, read without trusting any of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, NoReturn

from gitlanes.errors import BadValue
from gitlanes.models.records import COUNTERS

# Bytes of JSON that are kept of a usage: it is written into a note with every record.
MOST_RAW = 4096
_MOST = 2**53
_MOST_DIGITS = 30
_HINT = "give what the agent printed, such as the output of --output-format json"


def bad(why: str) -> BadValue:
    """Return the error for usage that cannot be read."""
    return BadValue(f"cannot read the usage: {why}", hint=_HINT)


def documents(text: str) -> tuple[list[dict[str, Any]], bool]:
    """Return the JSON objects of a text, and whether its last line is cut off.

    The text is one object, a list of them, or lines of them among others: agents' output comes
    with what else they print. Raises BadValue where there is none.
    """
    whole = _parsed(text)
    if isinstance(whole, dict):
        return [whole], False
    if isinstance(whole, list):
        found = [x for x in whole if isinstance(x, dict)]
        cut = False
    else:
        # Not splitlines(): what else it splits at may stand within JSON's strings.
        lines = [x for x in text.split("\n") if x.strip()]
        parsed = [_parsed(x) for x in lines]
        found = [x for x in parsed if isinstance(x, dict)]
        cut = bool(lines) and parsed[-1] is None and lines[-1].lstrip().startswith("{")
    if not found:
        raise bad("there is no JSON object in it")
    return found, cut


def _parsed(text: str) -> Any:
    """Return what a JSON text holds, numbers exactly as they are written; None for no JSON."""
    try:
        return json.loads(text, parse_float=Decimal, parse_constant=_no_number)
    except (ValueError, RecursionError, ArithmeticError):
        return None


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def inner(found: Mapping[str, Any], key: str) -> dict[str, Any]:
    """Return an object within another, an empty one if it is not there; raises BadValue."""
    value = found.get(key)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise bad(f"'{key}' is not an object")
    return value


def count(found: Mapping[str, Any], key: str) -> int | None:
    """Return a number of tokens, calls or milliseconds, None if unknown; raises BadValue."""
    value = found.get(key)
    if value is None:
        return None
    if isinstance(value, Decimal) and key.endswith("_ms") and 0 <= value <= _MOST:
        return round(value)
    if type(value) is not int or not 0 <= value <= _MOST:
        raise bad(f"'{key}' is not a whole number from 0 to 2^53")
    return value


def money(found: Mapping[str, Any], key: str) -> Decimal | None:
    """Return an amount of money, None if unknown; raises BadValue."""
    value = found.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise bad(f"'{key}' is not a number")
    amount = Decimal(value)
    if not 0 <= amount < Decimal(10) ** _MOST_DIGITS:
        raise bad(f"'{key}' is no amount of money")
    return amount


def text(found: Mapping[str, Any], key: str) -> str | None:
    """Return a short text such as a model's name, None if it is none."""
    value = found.get(key)
    return value if isinstance(value, str) and 0 < len(value) <= 200 else None


def spelled(amount: Decimal) -> str:
    """Return an amount as records spell it: plain digits, at most 30 behind the point."""
    shown = f"{amount:f}"
    whole, point, rest = shown.partition(".")
    return whole + point + rest[:_MOST_DIGITS] if rest else whole


def plus(*values: int | None) -> int | None:
    """Return the sum of what is known, None if nothing is."""
    known = [x for x in values if x is not None]
    return sum(known) if known else None


def added(usages: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the sums of several usages by the names of cost records."""
    sums = {key: plus(*(x.get(key) for x in usages)) for key in COUNTERS}
    return {key: value for key, value in sums.items() if value is not None}


def kept(usage: Mapping[str, Any]) -> dict[str, Any]:
    """Return a usage to be recorded as it is, less what makes it too large."""
    plain: dict[str, Any] = _plain(dict(usage))
    if usage_fits(plain):
        return plain
    short = {key: value for key, value in plain.items() if not isinstance(value, dict | list)}
    return {"cut": True, **short} if usage_fits({"cut": True, **short}) else {"cut": True}


def usage_fits(raw: object) -> bool:
    """Say whether a usage is JSON, and not too large to be recorded."""
    try:
        return len(json.dumps(raw, allow_nan=False)) <= MOST_RAW
    except (ValueError, TypeError, RecursionError):
        return False


def _plain(value: Any) -> Any:
    """Return JSON's values with numbers as Python writes them; amounts become text."""
    if isinstance(value, dict):
        return {key: _plain(x) for key, x in value.items()}
    if isinstance(value, list):
        return [_plain(x) for x in value]
    return str(value) if isinstance(value, Decimal) else value


def each_once(messages: Iterator[tuple[str | None, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the last of each message by its id; those without an id are each their own."""
    found: dict[object, dict[str, Any]] = {}
    for name, message in messages:
        found[name if name is not None else object()] = message
    return list(found.values())
