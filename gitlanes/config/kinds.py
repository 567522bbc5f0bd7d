"""A first ``.gitlanes.toml`` for the usual kinds of project, by the files that tell the kind."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

AUTO = "auto"

_HEAD = """\
# What gitlanes does in this repository. Nothing of it runs before somebody ran: git lanes trust

[workspace]
# Untracked files that each workspace gets a copy of.
copy = [".env", ".env.local"]
"""
_SETUP = "# Run in each new workspace, unless what it makes is there, made of the same inputs.\n"
_GATE = """
# Without the marks work is judged by this before it lands, in a directory without what was set up.
# [[gate]]
# name = "{}-tests"
# args = [{}]
"""


def text_for(kind: str, names: Sequence[str]) -> str:
    """Return the team's file for a kind of project whose top has files of these names.

    With 'auto' the names tell; several kinds in one project are joined.
    """
    found = [kind] if kind != AUTO else [x for x in _KINDS if _TELLING[x] & {*names}]
    parts = {x: _KINDS[x](names) for x in found}
    rows = [f"    {row},\n" for part in parts.values() for row in part.setup]
    setup = f"{_SETUP}setup = [\n{''.join(rows)}]\n" if rows else ""
    return _HEAD + setup + "".join(_GATE.format(name, _words(x.tests)) for name, x in parts.items())


class _Parts(NamedTuple):
    """A kind's tests, and its commands that set up, as TOML."""

    tests: Sequence[str]
    setup: Sequence[str]


def _python(names: Sequence[str]) -> _Parts:
    inputs = [x for x in ("pyproject.toml", "requirements.txt", "setup.py") if x in names]
    if "uv.lock" in names:
        sync = _step(("uv", "sync", "--locked"), (".venv",), ("pyproject.toml", "uv.lock"))
        return _Parts(("uv", "run", "pytest", "-q"), [sync])
    venv = _step(("python3", "-m", "venv", ".venv"), (".venv",), inputs or ["pyproject.toml"])
    what = ["-e", "."] if "requirements.txt" not in names else ["-r", "requirements.txt"]
    pip = _words((".venv/bin/pip", "install", "--quiet", *what))
    return _Parts(("python3", "-m", "pytest", "-q"), [venv, f"[{pip}]"])


def _node(names: Sequence[str]) -> _Parts:
    for lock, install in _INSTALLS.items():
        if lock in names:
            step = _step(install, ("node_modules",), ("package.json", lock))
            return _Parts((install[0], "test"), [step])
    step = _step(("npm", "install"), ("node_modules",), ("package.json",))
    return _Parts(("npm", "test"), [step])


def _rust(names: Sequence[str]) -> _Parts:
    if "Cargo.lock" not in names:
        return _Parts(("cargo", "test", "--quiet"), ['["cargo", "fetch"]'])
    return _Parts(("cargo", "test", "--quiet", "--locked"), ['["cargo", "fetch", "--locked"]'])


def _go(_: Sequence[str]) -> _Parts:
    return _Parts(("go", "test", "./..."), ['["go", "mod", "download"]'])


def _step(args: Sequence[str], makes: Sequence[str], inputs: Sequence[str]) -> str:
    lists = (f"[{_words(x)}]" for x in (args, makes, inputs))
    return "{{ args = {}, makes = {}, inputs = {} }}".format(*lists)


def _words(args: Sequence[str]) -> str:
    return ", ".join(f'"{x}"' for x in args)


_INSTALLS = {
    "pnpm-lock.yaml": ("pnpm", "install", "--frozen-lockfile"),
    "yarn.lock": ("yarn", "install", "--frozen-lockfile"),
    "package-lock.json": ("npm", "ci"),
}
_KINDS: dict[str, Callable[[Sequence[str]], _Parts]] = {
    "python": _python,
    "node": _node,
    "rust": _rust,
    "go": _go,
}
_TELLING = {
    "python": {"pyproject.toml", "setup.py", "requirements.txt"},
    "node": {"package.json"},
    "rust": {"Cargo.toml"},
    "go": {"go.mod"},
}
KINDS = (*_KINDS, AUTO)
