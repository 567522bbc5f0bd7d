"""What the team's file and the environment say, as layers below and above git's configuration."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from gitlanes.config import table
from gitlanes.errors import Refused
from gitlanes.git.settings import Given, Layer

# A team's settings are a page; more is something else under that name.
MOST_BYTES = 1 << 20
_MEND = "mend it with 'git lanes config --edit'"


def environment(environ: Mapping[str, str]) -> Layer:
    """Return what GITLANES_… variables say; several values are separated by colons."""
    found = {}
    for name, value in environ.items():
        known = table.BY_VARIABLE.get(name) if table.is_variable(name) else None
        if known is not None:
            values = tuple(filter(None, value.split(os.pathsep))) if known.many else (value,)
            found[known.plain] = Given(values, name)
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
            raise Refused(f"{table.TEAM_FILE}: {known.key}: {faults[0]}", hint=_MEND)
        found[known.plain] = Given(values, f"{table.TEAM_FILE}: {known.key}")
    return found


def load(path: str) -> dict[str, Any]:
    """Return what a TOML file holds; raises Refused with the line of what is wrong."""
    import tomllib  # 5 ms, and most repositories have no such file

    try:
        if not os.path.isfile(path):
            raise ValueError("it is no file")
        with open(path, "rb") as file:
            data = file.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise ValueError("it is larger than 1 MiB")
        return tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        said = str(error)
        raise Refused(
            f"cannot read '{table.TEAM_FILE}': {said[:1].lower()}{said[1:]}",
            hint=_MEND,
        ) from error


def as_values(known: table.Known, value: Any) -> tuple[str, ...] | None:
    """Return a TOML value as git's configuration would have it, None if it is of another kind."""
    if known.many:
        fits = isinstance(value, list) and all(isinstance(x, str) for x in value)
        return tuple(value) if fits else None
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return (str(value),) if known.kind in (table.SIZE, table.DURATION) else None
    texts = (table.SIZE, table.DURATION, table.DIRECTORY)
    return (value,) if isinstance(value, str) and known.kind in texts else None
