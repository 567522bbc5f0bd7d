"""What values in the team's file may be: each check returns what is wrong, None for nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from gitlanes.git.settings import as_seconds

Check = Callable[[Any], str | None]

VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_MOST_SECONDS = 7 * 86400.0


def faults(table: dict[str, Any], known: dict[str, Check]) -> Iterator[tuple[str, str]]:
    """Yield (key, problem) for all in a table that is unknown, or that its check refuses."""
    for key, value in table.items():
        check = known.get(key)
        problem = check(value) if check else "unknown setting"
        if problem:
            yield key, problem


def flag(value: Any) -> str | None:
    """Take true and false."""
    return None if isinstance(value, bool) else "not true or false"


def text(value: Any) -> str | None:
    """Take a text that is not empty."""
    if not isinstance(value, str) or not value:
        return "not a text"
    return "it has a NUL byte" if "\0" in value else None


def texts(value: Any) -> str | None:
    """Take a list of texts that are not empty."""
    if not isinstance(value, list):
        return "not a list of texts"
    return next((f"{x!r:.60}: {fault}" for x in value if (fault := text(x))), None)


def words(value: Any) -> str | None:
    """Take an argument list."""
    if not isinstance(value, list) or not all(isinstance(x, str) for x in value):
        return "not a list of texts"
    return "it has a NUL byte" if any("\0" in x for x in value) else None


def count(most: int, least: int = 0) -> Check:
    """Return what takes a whole number between two."""

    def check(value: Any) -> str | None:
        fits = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
        return None if fits else f"not a whole number from {least} to {most}"

    return check


def seconds(value: Any) -> float | None:
    """Return a duration in seconds, None for what is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    return as_seconds(str(value))


def timeout(value: Any) -> str | None:
    """Take a duration of at most 7 days."""
    found = seconds(value)
    if found is None:
        return "not a duration: write it as 90s, 5m or 1h30m"
    return None if 0 < found <= _MOST_SECONDS else "it must be more than 0 and at most 7 days"


def environment(value: Any) -> str | None:
    """Take a table of environment variables."""
    if not isinstance(value, dict):
        return "not a table of variables"
    odd = next((x for x in value if not VARIABLE.fullmatch(x)), None)
    if odd is not None:
        return f"'{odd[:60]}' is no name of a variable"
    fits = all(isinstance(x, str) and "\0" not in x for x in value.values())
    return None if fits else "a variable's value is a text"


def variables(value: Any) -> str | None:
    """Take a list of names that environment variables can have."""
    if (fault := texts(value)) is not None:
        return fault
    odd = next((x for x in value if not VARIABLE.fullmatch(x)), None)
    return f"'{odd[:60]}' is no name of a variable" if odd else None
