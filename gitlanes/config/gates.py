"""Gates and policy as the team's file has them: taken apart and checked, in plain code.

A validator's library would cost each commit more than all else that it does.
"""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from gitlanes.git.settings import as_seconds
from gitlanes.models.gates import Gate

GATE, GATES, POLICY, REVIEW = SECTIONS = ("gate", "gates", "policy", "review")

# The group of entry points that gates in Python are.
GROUP = "gitlanes.gates"

WHOLE = -1

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HEADER = re.compile(r"\s*(\[\[?)\s*([A-Za-z0-9_-]+)\s*\]")
_KEY = re.compile(r"\s*\"?([A-Za-z0-9_-]+)\"?\s*=")
_MOST_RETRIES, _MOST_JOBS, _MOST_APPROVALS = 100, 64, 100
_MOST_SECONDS = 7 * 86400.0


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


Check = Callable[[Any], str | None]


def _gate(index: int, table: dict[str, Any], wrong: list[Misfit]) -> Gate | None:
    """Return the gate that a table describes, None with what is wrong told."""
    faults = list(faults_of(table, _GATE))
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
        given["timeout"] = seconds(given["timeout"])
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
    faults = dict(faults_of(table, known))
    wrong += (Misfit(section, 0, key, problem) for key, problem in faults.items())
    return {
        key: tuple(value) if isinstance(value, list) else value
        for key, value in table.items()
        if key not in faults
    }


def faults_of(table: dict[str, Any], known: dict[str, Check]) -> Iterator[tuple[str, str]]:
    """Yield (key, problem) for what a table may not have."""
    for key, value in table.items():
        check = known.get(key)
        problem = check(value) if check else "unknown setting"
        if problem:
            yield key, problem


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "not true or false"


def _text(value: Any) -> str | None:
    if not isinstance(value, str) or not value:
        return "not a text"
    return "it has a NUL byte" if "\0" in value else None


def texts(value: Any) -> str | None:
    """Return what keeps a value from being a list of texts, None if it is one."""
    if not isinstance(value, list):
        return "not a list of texts"
    return next((f"{x!r:.60}: {fault}" for x in value if (fault := _text(x))), None)


def _name(value: Any) -> str | None:
    fits = isinstance(value, str) and _NAME.fullmatch(value)
    return None if fits else "use letters, digits, '.', '_' and '-', at most 64 of them"


def _command(value: Any) -> str | None:
    if (fault := _text(value)) is not None:
        return fault
    try:
        shlex.split(value)
    except ValueError as error:
        return f"it cannot be understood: {str(error).lower()}"
    return None


def _args(value: Any) -> str | None:
    if not isinstance(value, list) or not all(isinstance(x, str) for x in value):
        return "not a list of texts"
    return "it has a NUL byte" if any("\0" in x for x in value) else None


def count(most: int, least: int = 0) -> Check:
    """Return a check for whole numbers in these bounds."""

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
    """Return what keeps a value from being a time to wait, None if it is one."""
    found = seconds(value)
    if found is None:
        return "not a duration: write it as 90s, 5m or 1h30m"
    return None if 0 < found <= _MOST_SECONDS else "it must be more than 0 and at most 7 days"


def _directory(value: Any) -> str | None:
    if not isinstance(value, str) or "\0" in value:
        return "not a directory"
    up = os.path.normpath(value).split(os.sep)[0] == os.pardir
    leads_out = value.startswith((os.sep, "~")) or up
    return "it leads out of the scratch workspace" if leads_out else None


def _variables(value: Any) -> str | None:
    if (fault := texts(value)) is not None:
        return fault
    odd = next((x for x in value if not _VARIABLE.fullmatch(x)), None)
    return f"'{odd[:60]}' is no name of a variable" if odd else None


_GATE: dict[str, Check] = {
    "name": _name,
    "args": _args,
    "command": _command,
    "python": _text,
    "required": _flag,
    "timeout": timeout,
    "cwd": _directory,
    "env": _variables,
    "paths": texts,
    "retries": count(_MOST_RETRIES),
}
_GATES: dict[str, Check] = {"jobs": count(_MOST_JOBS, 1), "keep_ignored": _flag}
_POLICY: dict[str, Check] = {"protected": texts, "forbid_no_gates": _flag}
_REVIEW: dict[str, Check] = {"approvals": count(_MOST_APPROVALS)}
KEYS = {GATE: [*_GATE], GATES: [*_GATES], POLICY: [*_POLICY], REVIEW: [*_REVIEW]}
