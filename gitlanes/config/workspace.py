"""What workspaces are given, as the team's file has it: taken apart and checked, in plain code."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from gitlanes.config import checks
from gitlanes.config.checks import Check
from gitlanes.config.gates import Misfit
from gitlanes.models.provisioning import DEFAULT_TIMEOUT, Command, Provision

SECTION = "workspace"

_COMMAND = ("args", "makes", "inputs")


class Read(NamedTuple):
    """What was read, and all that is wrong; nothing is ordered where anything is."""

    ordered: Provision
    misfits: tuple[Misfit, ...]


def read(content: Mapping[str, Any]) -> Read:
    """Return what a team's file orders for workspaces, with everything that is wrong there."""
    given = content.get(SECTION, {})
    if not isinstance(given, dict):
        return Read(Provision(), (Misfit(SECTION, 0, "", "not a table"),))
    wrong = tuple(Misfit(SECTION, 0, *x) for x in checks.faults(given, _KEYS))
    if wrong:
        return Read(Provision(), wrong)
    ordered = Provision(
        copy=tuple(given.get("copy", ())),
        link=_normal(given.get("link", ())),
        clone=_normal(given.get("clone", ())),
        setup=tuple(map(_command, given.get("setup", ()))),
        ports=tuple(given.get("ports", ())),
        env=given.get("env", {}),
        timeout=checks.seconds(given.get("timeout")) or DEFAULT_TIMEOUT,
    )
    return Read(ordered, ())


def patterns(text: bytes) -> tuple[str, ...]:
    """Return the patterns of a ``.worktreeinclude``, which is written as a ``.gitignore`` is."""
    rows = text.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape").splitlines()
    return tuple(x for x in rows if x.strip() and not x.startswith("#") and "\0" not in x)


def _command(given: Any) -> Command:
    if isinstance(given, list):
        return Command(tuple(given))
    return Command(tuple(given["args"]), *(_normal(given.get(key, ())) for key in _COMMAND[1:]))


def _normal(paths: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(os.path.normpath, paths))


def _setup(value: Any) -> str | None:
    if not isinstance(value, list):
        return "not a list of commands: write it as [['npm', 'ci']]"
    return next((fault for x in value if (fault := _fault_of_command(x))), None)


def _fault_of_command(value: Any) -> str | None:
    if isinstance(value, dict):
        odd = next((key for key in value if key not in _COMMAND), None)
        fault = f"unknown setting '{odd}'" if odd else None
        fault = fault or _paths(value.get("makes", [])) or _paths(value.get("inputs", []))
        if fault or ("makes" in value) != ("inputs" in value):
            return fault or "makes and inputs go together"
        value = value.get("args")
    if not isinstance(value, list):
        return "not a command: write it as ['npm', 'ci'], word by word"
    return checks.words(value) or (None if value and value[0] else "a command names no program")


def _patterns(value: Any) -> str | None:
    odd = isinstance(value, list) and any(isinstance(x, str) and "\n" in x for x in value)
    return "a pattern is one line" if odd else checks.texts(value)


def _paths(value: Any) -> str | None:
    return checks.texts(value) or next((fault for x in value if (fault := _fault_of(x))), None)


def _fault_of(path: str) -> str | None:
    parts = os.path.normpath(path).split(os.sep)
    if os.path.isabs(path) or path.startswith("~") or parts[0] in (os.pardir, os.curdir):
        return f"'{path[:60]}' leads out of the workspace, or is all of it"
    git = any(x.casefold() == ".git" for x in parts)
    return f"'{path[:60]}' is git's own" if git else None


_KEYS: dict[str, Check] = {
    "copy": _patterns,
    "link": _paths,
    "clone": _paths,
    "setup": _setup,
    "ports": checks.variables,
    "env": checks.environment,
    "timeout": checks.timeout,
}
KEYS = [*_KEYS]
