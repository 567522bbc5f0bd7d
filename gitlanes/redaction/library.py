"""The rules of detect-secrets, read from the library once and kept as patterns in a file.

Importing it takes a fifth of a second, for it brings a client for the network, which is never
asked for anything here. Its patterns alone are compiled in a few milliseconds.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from gitlanes.errors import Unsupported
from gitlanes.git.replacing import replace_file

_LIBRARY = "detect_secrets"
# What has rules of ours instead: the library's end too early, say too much, or take too long.
_LEFT_OUT = (
    *("base", "basic_auth", "keyword", "high_entropy_strings", "private_key", "artifactory"),
    "discord",
)


class Rule(NamedTuple):
    """What a kind of secret looks like; the secret is the first group that matched, or all."""

    kind: str
    pattern: re.Pattern[str]


def rules(file: Path) -> list[Rule]:
    """Return the library's rules, from `file` if that is of the library that is installed.

    Raises Unsupported where it is missing or broken: nothing is recorded unread.
    """
    installed = _installed()
    try:
        kept = json.loads(file.read_bytes())
        if kept["library"] == installed:
            return [Rule(kind, re.compile(said, flags)) for kind, said, flags in kept["rules"]]
    except (OSError, ValueError, KeyError, TypeError, re.error, RecursionError):
        pass  # it is made anew
    found = list(_imported())
    said = [(x.kind, x.pattern.pattern, x.pattern.flags) for x in found]
    with suppress(OSError):
        replace_file(file, json.dumps({"library": installed, "rules": said}))
    return found


def _installed() -> str:
    """Return what changes with the library's version, without importing it."""
    from importlib.util import find_spec  # most texts have nothing for these rules

    spec = find_spec(_LIBRARY)
    if spec is None or spec.origin is None:
        raise _unusable("it is not installed")
    version = os.stat(os.path.join(os.path.dirname(spec.origin), "__version__.py"))
    return f"{spec.origin} {version.st_size} {version.st_mtime_ns}"


def _imported() -> Iterator[Rule]:
    """Yield the rules of all plugins that know their secrets by a pattern."""
    import warnings
    from importlib import import_module
    from pkgutil import iter_modules

    try:
        with warnings.catch_warnings(action="ignore"):  # of what it brings, which is not used
            plugins = import_module(f"{_LIBRARY}.plugins")
            base = import_module(f"{_LIBRARY}.plugins.base").RegexBasedDetector
            names = [x.name for x in iter_modules(plugins.__path__) if x.name not in _LEFT_OUT]
            modules = [import_module(f"{_LIBRARY}.plugins.{name}") for name in names]
    except (ImportError, AttributeError) as error:
        raise _unusable(str(error)) from error
    for thing in (x for module in modules for x in vars(module).values()):
        if isinstance(thing, type) and issubclass(thing, base) and thing is not base:
            found: Any = thing
            yield from (Rule(_kind(found.secret_type), x) for x in found.denylist)


def _kind(said: str) -> str:
    """Return 'aws-access-key' for 'AWS Access Key'."""
    return "-".join(re.findall(r"[a-z0-9]+", said.lower()))


def _unusable(why: str) -> Unsupported:
    return Unsupported(
        f"the rules of detect-secrets cannot be read: {why}",
        hint="install bc-detect-secrets, or store texts as they are: git config lanes.prompts full",
    )
