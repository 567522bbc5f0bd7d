"""What the team's file and the environment say, as layers below and above git's configuration."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

from gitlanes.config import table
from gitlanes.errors import Refused
from gitlanes.git.settings import Given, Layer

# A team's settings are a page; more is something else under that name.
MOST_BYTES = 1 << 20
MEND = "mend it with 'git lanes config --edit'"


def environment(environ: Mapping[str, str]) -> Layer:
    """Return what GITLANES_… variables say; several values are separated by colons."""
    found = {}
    for name, value in environ.items():
        known = table.BY_VARIABLE.get(name) if table.is_variable(name) else None
        if known is not None:
            values = value.split(os.pathsep) if known.many else [value]
            found[known.plain] = Given(tuple(values), name)
    return found


def team_file(top: str | None) -> str | None:
    """Return the path of the team's file in the repository's own directory, None without one."""
    path = os.path.join(top, table.TEAM_FILE) if top else ""
    return path if path and os.path.lexists(path) else None


def team(path: str | None) -> Layer:
    """Return the team's defaults; raises Refused for no TOML, and for a bad value."""
    if path is None:
        return {}
    lanes = load(path).get("lanes", {})
    found = {}
    for name, value in lanes.items() if isinstance(lanes, dict) else ():
        known = table.BY_NAME.get(name)
        if known is None:
            continue  # a newer version's, say; `config --validate` names it
        values = as_values(known, value)
        faults = [known.misfit] if values is None else []
        faults += filter(None, (table.team_fault(known, x) for x in values or ()))
        if values is None or faults:
            raise Refused(f"{table.TEAM_FILE}: {known.key}: {faults[0]}", hint=MEND)
        found[known.plain] = Given(values, f"{table.TEAM_FILE}: {known.key}")
    return found


def load(path: str, number: Callable[[str], Any] = float) -> dict[str, Any]:
    """Return what a TOML file holds; raises Refused with the line of what is wrong.

    ``number`` makes a value of a number with a point.
    """
    if not os.path.isfile(path):
        raise _unreadable("it is no file")
    with open(path, "rb") as file:
        return parsed(file.read(MOST_BYTES + 1), number)


def parsed(data: bytes, number: Callable[[str], Any] = float) -> dict[str, Any]:
    """Return what the bytes of a team's file hold; raises as `load`."""
    import tomllib  # 5 ms, and most repositories have no such file

    try:
        if len(data) > MOST_BYTES:
            raise ValueError("it is larger than 1 MiB")
        return tomllib.loads(data.decode(), parse_float=number)
    except (ValueError, RecursionError) as error:
        raise _unreadable(str(error)) from error


def _unreadable(why: str) -> Refused:
    return Refused(f"cannot read '{table.TEAM_FILE}': {why[:1].lower()}{why[1:]}", hint=MEND)


def as_values(known: table.Known, value: Any) -> tuple[str, ...] | None:
    """Return a TOML value as git's configuration would have it, None if it is of another kind."""
    if known.many:
        fits = isinstance(value, list) and all(isinstance(x, str) for x in value)
        return tuple(value) if fits else None
    if isinstance(value, bool) or known.kind == table.FLAG:
        fits = isinstance(value, bool) and known.kind == table.FLAG
        return (str(value).lower(),) if fits else None
    if isinstance(value, int | float):
        numbers = (table.SIZE, table.DURATION, table.COUNT)
        return (str(value),) if known.kind in numbers else None
    texts = (table.SIZE, table.DURATION, table.DIRECTORY, table.WORD)
    return (value,) if isinstance(value, str) and known.kind in texts else None
