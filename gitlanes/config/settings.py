"""Reading, setting and unsetting what the table knows."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from itertools import chain

from gitlanes.config import layers, table
from gitlanes.errors import BadValue, Negative
from gitlanes.git import settings as git_settings
from gitlanes.git.process import Git
from gitlanes.git.settings import Layer
from gitlanes.models.settings import Configuration, Setting

DEFAULT = "default"
COMMAND_LINE = "command line"


def configuration(git: Git, top: str | None) -> Configuration:
    """Return every known setting with its value in force and where that comes from.

    `top` is the repository's own directory, None where it has none. Raises BadValue and
    Refused for a team's file that cannot be taken.
    """
    given = _given(git, top)
    return Configuration(tuple(_setting(known, given) for known in table.KNOWN))


def setting(git: Git, top: str | None, key: str) -> Setting:
    """Return one setting; raises BadValue for a key that gitlanes does not know."""
    return _setting(require(key), _given(git, top))


def assign(git: Git, key: str, values: Sequence[str], *, everywhere: bool = False) -> None:
    """Set a key in git's configuration, in the repository's own or in the user's.

    Raises BadValue for an unknown key, and for a value that does not fit.
    """
    known = require(key)
    if len(values) != 1 and not known.many:
        raise BadValue(f"{known.key} has one value, not {len(values)}")
    for wrong in filter(None, (table.fault(known, x) for x in values)):
        raise BadValue(f"bad value for {known.key}: {wrong}", hint=f"it says: {known.about}")
    git_settings.assign(git, known.key, values, everywhere=everywhere)


def unset(git: Git, key: str, *, everywhere: bool = False) -> None:
    """Take a key out of git's configuration; raises Negative if it is not there."""
    known = require(key)
    if not git_settings.unset(git, known.key, everywhere=everywhere):
        where = "your own configuration" if everywhere else "this repository's configuration"
        raise Negative(
            f"{known.key} is not set in {where}",
            hint=f"'git lanes config --show-origin {known.key}' says where it comes from",
        )


def require(key: str) -> table.Known:
    """Return the setting of that name, in any case; raises BadValue with the nearest one."""
    known = table.BY_KEY.get(key.lower())
    if known is None:
        near = nearest(key, [x.key for x in table.KNOWN])
        hint = f"did you mean '{near}'?" if near else "'git lanes config' lists them all"
        raise BadValue(f"unknown setting '{key[:60]}'", hint=hint)
    return known


def nearest(name: str, names: Sequence[str]) -> str | None:
    """Return the one of `names` most like `name` whatever their case, if any is close."""
    import difflib  # costs 5 ms, and only mistakes need it

    plain = {x.lower(): x for x in names}
    found = difflib.get_close_matches(name[:100].lower(), plain, n=1)
    return plain[found[0]] if found else None


# (value, origin) of each time that a key is set.
_Said = dict[str, list[tuple[str, str]]]


def _given(git: Git, top: str | None) -> list[_Said]:
    """Return what each layer says, the lowest first."""
    path = layers.team_file(top)
    stored: _Said = {}
    now: _Said = {}
    for scope, origin, key, value in git_settings.said(git):
        into = now if scope == git_settings.FOR_NOW else stored
        into.setdefault(key, []).append((value, _origin(git, origin)))
    team = _said(layers.team(path), lambda _: f"file:{path}")
    above = _said(layers.environment(git.environ), "environment:{}".format)
    return [team, stored, above, now]


def _said(layer: Layer, origin: Callable[[str], str]) -> _Said:
    return {key: [(x, origin(given.origin)) for x in given.values] for key, given in layer.items()}


def _setting(known: table.Known, given: list[_Said]) -> Setting:
    keys = (known.plain, "color.ui") if known.kind == table.COLOUR else (known.plain,)
    said = next(filter(None, ([x[key] for x in given if key in x] for key in keys)), [])
    every = [*((x, DEFAULT) for x in known.default), *chain(*said)]
    values, origins = tuple(x for x, _ in every), tuple(x for _, x in every)
    shown = table.in_force(values) if known.many else slice(-1, None)
    return Setting(known.key, known.kind, values[shown], origins[shown], known.default, known.about)


def _origin(git: Git, said: str) -> str:
    """Return where git found a value, a file by its absolute path."""
    kind, _, place = said.partition(":")
    if kind == "file":
        return f"file:{os.path.normpath(os.path.join(git.git_dir, place))}"
    return COMMAND_LINE
