"""Gates and policy as the team's file has them: taken apart and checked, in plain code.

A validator's library would cost each commit more than all else that it does.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Iterator
from typing import Any, NamedTuple

from gitlanes.config import checks
from gitlanes.config.checks import Check
from gitlanes.models.gates import Gate

GATE, GATES, POLICY, REVIEW = SECTIONS = ("gate", "gates", "policy", "review")

# The group of entry points that gates in Python are.
GROUP = "gitlanes.gates"

WHOLE = -1

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_-]+)\s*\]")
_KEY = re.compile(r"\s*\"?([A-Za-z0-9_-]+)\"?\s*=")
_MOST_RETRIES, _MOST_JOBS, _MOST_APPROVALS = 100, 64, 100


class Misfit(NamedTuple):
    """What is wrong: in which section, in which of its tables, at which key ('' for all).

    The number is `WHOLE` where the section is not even a list of tables.
    """

    section: str
    number: int
    key: str
    problem: str

    @property
    def where(self) -> str:
        """Return the dotted key, as in ``gate[0].timeout``."""
        numbered = self.section == GATE and self.number != WHOLE
        place = f"{self.section}[{self.number}]" if numbered else self.section
        return f"{place}.{self.key}" if self.key else place


class Read(NamedTuple):
    """What was read: the gates, the further settings by name, and all that is wrong."""

    gates: tuple[Gate, ...]
    settings: dict[str, Any]
    misfits: tuple[Misfit, ...]


def read(content: dict[str, Any]) -> Read:
    """Return the gates and the policy in a team's file, with everything that is wrong there."""
    wrong: list[Misfit] = []
    tables = content.get(GATE, [])
    if not isinstance(tables, list) or not all(isinstance(x, dict) for x in tables):
        wrong.append(Misfit(GATE, WHOLE, "", "not a list of tables: begin each with [[gate]]"))
        tables = []
    gates = [gate for i, x in enumerate(tables) if (gate := _gate(i, x, wrong)) is not None]
    seen: set[str] = set()
    for i, table in enumerate(tables):
        name = str(table.get("name"))
        if name in seen:
            wrong.append(Misfit(GATE, i, "name", f"there is a gate '{name[:64]}' already"))
        seen.add(name)
    settings: dict[str, Any] = {}
    for section, known in ((GATES, _GATES), (POLICY, _POLICY), (REVIEW, _REVIEW)):
        settings |= _section(section, content.get(section, {}), known, wrong)
    return Read(tuple(gates), settings, tuple(wrong))


def line_of(text: str, misfit: Misfit) -> int | None:
    """Return the line at which a misfit stands, that of its table where the key is not found."""
    tables, present, found = -1, "", None
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            present = header[2]
            tables += present == GATE
        inside = present == misfit.section and (present != GATE or misfit.number in (tables, WHOLE))
        if inside:
            found = found or number
        key = _KEY.match(line)
        if key and (
            (inside and key[1] == misfit.key) or (not present and key[1] == misfit.section)
        ):
            return number
    return found


def words(table: dict[str, Any]) -> tuple[str, ...]:
    """Return a gate's command as an argument list, () where it has none that can be read."""
    args = table.get("args")
    if isinstance(args, list) and all(isinstance(x, str) for x in args):
        return tuple(args)
    try:
        return tuple(shlex.split(table["command"]))
    except (KeyError, ValueError, TypeError, AttributeError):
        return ()


def _gate(index: int, table: dict[str, Any], wrong: list[Misfit]) -> Gate | None:
    """Return the gate that a table describes, None with what is wrong told."""
    faults = list(checks.faults(table, _GATE))
    if "name" not in table:
        faults.append(("name", "it is missing"))
    if not any(key == x for key, _ in faults for x in _WAYS):
        faults += _faults_of_ways(table)
    wrong += (Misfit(GATE, index, key, problem) for key, problem in faults)
    if faults:
        return None
    given = {key: value for key, value in table.items() if key not in ("command", "args")}
    for key in ("env", "paths"):
        given[key] = tuple(given.get(key, ()))
    if "timeout" in given:
        given["timeout"] = checks.seconds(given["timeout"])
    return Gate(**given, args=words(table))


_WAYS = ("args", "command", "python")


def _faults_of_ways(table: dict[str, Any]) -> Iterator[tuple[str, str]]:
    ways = [x for x in _WAYS if x in table]
    if len(ways) != 1:
        yield "", "it needs one of args, command and python" + (", and not more" if ways else "")
    elif ways != ["python"] and not words(table):
        yield ways[0], "it names no program"


def _section(
    section: str, table: Any, known: dict[str, Check], wrong: list[Misfit]
) -> dict[str, Any]:
    if not isinstance(table, dict):
        wrong.append(Misfit(section, 0, "", "not a table"))
        return {}
    faults = dict(checks.faults(table, known))
    wrong += (Misfit(section, 0, key, problem) for key, problem in faults.items())
    return {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in table.items()
        if key not in faults
    }


def _name(value: Any) -> str | None:
    fits = isinstance(value, str) and _NAME.fullmatch(value)
    return None if fits else "use letters, digits, '.', '_' and '-', at most 64 of them"


def _command(value: Any) -> str | None:
    if (fault := checks.text(value)) is not None:
        return fault
    try:
        shlex.split(value)
    except ValueError as error:
        return f"it cannot be understood: {str(error).lower()}"
    return None


def _directory(value: Any) -> str | None:
    if not isinstance(value, str) or "\0" in value:
        return "not a directory"
    up = os.path.normpath(value).split(os.sep)[0] == os.pardir
    leads_out = value.startswith((os.sep, "~")) or up
    return "it leads out of the scratch workspace" if leads_out else None


_GATE: dict[str, Check] = {
    "name": _name,
    "args": checks.words,
    "command": _command,
    "python": checks.text,
    "required": checks.flag,
    "timeout": checks.timeout,
    "cwd": _directory,
    "env": checks.variables,
    "paths": checks.texts,
    "retries": checks.count(_MOST_RETRIES),
}
_GATES: dict[str, Check] = {"jobs": checks.count(_MOST_JOBS, 1), "keep_ignored": checks.flag}
_POLICY: dict[str, Check] = {"protected": checks.texts, "forbid_no_gates": checks.flag}
_REVIEW: dict[str, Check] = {"approvals": checks.count(_MOST_APPROVALS)}
KEYS = {GATE: [*_GATE], GATES: [*_GATES], POLICY: [*_POLICY], REVIEW: [*_REVIEW]}
