"""Git's configuration and the user's identity, as git itself resolves them."""

from __future__ import annotations

import re
from collections import ChainMap
from collections.abc import Iterator, Sequence
from copy import copy
from itertools import chain
from typing import NamedTuple, TypeVar

from gitlanes.clock import zone_offset
from gitlanes.errors import Refused, line
from gitlanes.git.process import Git, failure

T = TypeVar("T")

_TRUE = {"", "true", "yes", "on", "1"}
_FALSE = {"false", "no", "off", "0"}
# Names and addresses that git would clean or refuse are left to git.
_PLAIN = re.compile(r"[^\x00-\x20<>.,:;\"'\\][^\x00-\x1f<>]*(?<![\x20.,:;\"'\\])")
_IDENTITY_VARIABLES = ("NAME", "EMAIL", "DATE")
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_SIZE = re.compile(r"([+-]?\d{1,18})([kmg]?)", re.IGNORECASE)
_DURATION = re.compile(r"(?:(\d+)d)?(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?")

# What core.fsync calls the components that are ours to write, and groups of them.
_FSYNCED = {
    "loose-object": {"loose-object", "objects", "committed", "added", "all"},
    "pack": {"pack", "objects", "committed", "added", "all"},
    "reference": {"reference", "committed", "added", "all"},
}
# A century: what is longer is a mistake, and no date.
_LONGEST = 36525 * 86400.0

# What git calls the scope of `git -c`, and its exit code for what is set nowhere.
FOR_NOW = "command"
_NOT_SET = 5


class Identity(NamedTuple):
    """Who writes commits: git's raw author and committer lines, dates included."""

    author: bytes
    committer: bytes


class Given(NamedTuple):
    """What a setting is given as, a value for each time it is set, and by whom."""

    values: tuple[str, ...]
    origin: str


Layer = dict[str, Given]


class Settings:
    """The configuration of one repository, read once."""

    def __init__(self, git: Git):
        self._git = git
        self._people: dict[str, bytes] = {}
        stored, now = _configured(git)
        self._given = ChainMap(now, stored)

    def between(self, below: Layer, above: Layer) -> Settings:
        """Return these settings with what they override, and what overrides them.

        What ``git -c`` says is the wish for this very command, and nothing overrides it.
        """
        if not below and not above:
            return self
        found = copy(self)
        now, stored = self._given.maps
        found._given = ChainMap(now, above, stored, below)  # noqa: SLF001 - a copy of its own
        return found

    def text(self, key: str, default: str = "") -> str:
        """Return a value; the case of `key` does not matter."""
        given = self._given.get(key.lower())
        return given.values[-1] if given and given.values else default

    def every(self, key: str) -> tuple[str, ...] | None:
        """Return all values of a key that adds up over the layers; None if it is not set."""
        given = [layer[key].values for layer in reversed(self._given.maps) if key in layer]
        return tuple(chain(*given)) if given else None

    def has_section(self, section: str) -> bool:
        """Say whether any key of that section is set."""
        return any(key.startswith(section + ".") for key in self._given)

    def keys(self, section: str) -> list[str]:
        """Return the keys of a section that are set, those of its subsections with their names."""
        above = f"{section}."
        return sorted({x.removeprefix(above) for x in self._given if x.startswith(above)})

    @property
    def partial_clone(self) -> bool:
        """Whether some objects may be with a remote alone."""
        return "extensions.partialclone" in self._given or any(
            key.startswith("remote.") and key.endswith(".promisor") for key in self._given
        )

    def flag(self, key: str, default: bool) -> bool:
        """Return a yes or no; raises Refused for anything else."""
        value = self.text(key, "true" if default else "false")
        return self._typed(key, as_flag(value), value, "a yes or no")

    def seconds(self, key: str, default: float) -> float:
        """Return a number of seconds, given as such or as ``5m``; raises Refused."""
        value = self.text(key, str(default))
        return self._typed(key, as_seconds(value), value, "a duration")

    def word(self, key: str, default: str, words: Sequence[str]) -> str:
        """Return one of some words; raises Refused for another."""
        value = self.text(key, default)
        return self._typed(
            key, value if value in words else None, value, f"one of {', '.join(words)}"
        )

    def count(self, key: str, default: int) -> int:
        """Return how many; raises Refused for what is no whole number."""
        value = self.text(key, str(default))
        return self._typed(key, as_count(value), value, "a whole number")

    def size(self, key: str, default: int) -> int:
        """Return a whole number, given as such or as ``100m``; raises Refused."""
        value = self.text(key, str(default))
        found = as_size(value)
        return self._typed(key, None if found and found < 0 else found, value, "a size")

    def _typed(self, key: str, found: T | None, value: str, kind: str) -> T:
        if found is None:
            given = self._given.get(key.lower())
            where = given.origin if given and given.origin else key
            check = "git lanes config --validate" if key.startswith("lanes.") else "git config -l"
            raise Refused(f"{where} is '{line(value, 60)}', not {kind}", hint=f"see '{check}'")
        return found

    def fsyncs(self, component: str) -> bool:
        """Say whether git is told to fsync a component: 'loose-object', 'pack' or 'reference'.

        As git reads core.fsync: by default packs alone, and a '-' only takes from the default.
        """
        named = {name.strip() for name in self.text("core.fsync").split(",")}
        if component == "loose-object" and self.flag("core.fsyncobjectfiles", False):
            return True
        groups = _FSYNCED[component]
        by_default = component == "pack" and named.isdisjoint({"none", *(f"-{x}" for x in groups)})
        return by_default or not named.isdisjoint(groups)

    def path(self, key: str) -> str:
        """Return a path, '' if none is set; git itself resolves a ``~``. Raises Refused."""
        value = self.text(key)
        return self._typed(key, expanded(self._git, value), value, "a path that git knows")

    def git_variable(self, name: str) -> str:
        """Return what `git var` says, as for GIT_PAGER; raises GitFailed."""
        return self._git.run("var", name).text

    def identity(self, now: float) -> Identity:
        """Return who commits at that moment; raises Refused where git would refuse, too."""
        return Identity(self._line("AUTHOR", now), self._line("COMMITTER", now))

    def _line(self, role: str, now: float) -> bytes:
        """Return git's raw identity line; git is asked at most once for each role."""
        if role not in self._people:
            plain = self._plain_identity()
            self._people[role] = (
                plain.encode("utf-8", "surrogateescape") if plain else self._git_says(role)
            )
        person = self._people[role]
        if f"GIT_{role}_DATE" in self._git.environ:
            return person
        name = person[: person.rindex(b">") + 1]
        return name + f" {int(now)} {zone_offset(now)}".encode()

    def _plain_identity(self) -> str | None:
        """Return ``Name <mail>`` where nothing but user.name and user.email decides it."""
        for role in ("AUTHOR", "COMMITTER"):
            if any(f"GIT_{role}_{x}" in self._git.environ for x in _IDENTITY_VARIABLES):
                return None
            if any(f"{role.lower()}.{x}" in self._given for x in ("name", "email")):
                return None
        name, mail = self.text("user.name"), self.text("user.email")
        if _PLAIN.fullmatch(name) and _PLAIN.fullmatch(mail):
            return f"{name} <{mail}>"
        return None

    def _git_says(self, role: str) -> bytes:
        done = self._git.run("var", f"GIT_{role}_IDENT", check=False)
        if done.code and b"invalid date" in done.err:
            raise Refused(
                f"GIT_{role}_DATE is no date that git knows",
                hint="unset it, or write it as '2026-01-31 12:00:00 +0100'",
            )
        if done.code:
            raise Refused(
                f"no {role.lower()} identity: git does not know your name or email address",
                hint="set it with 'git config user.name NAME' and 'git config user.email ADDRESS'",
            )
        return done.out.rstrip(b"\n")


def expanded(git: Git, path: str) -> str | None:
    """Return a path with a ``~`` resolved by git itself, None for a home that there is not."""
    if not path.startswith("~"):
        return path
    asked = ("-c", f"lanes.path={path}", "config", "--type=path", "lanes.path")
    done = git.run(*asked, check=False)
    return None if done.code else done.text


def as_flag(text: str) -> bool | None:
    """Return what git takes a yes or no for, None if it is neither."""
    value = text.lower()
    return value in _TRUE if value in _TRUE | _FALSE else None


def as_count(text: str) -> int | None:
    """Return a whole number that is not negative, None for anything else."""
    return int(text) if re.fullmatch("[0-9]{1,18}", text) else None


def as_size(text: str) -> int | None:
    """Return a whole number with git's units k, m and g, None if it is none."""
    match = _SIZE.fullmatch(text)
    return int(match[1]) * _UNITS[match[2].lower()] if match else None


def as_seconds(text: str) -> float | None:
    """Return the seconds of ``90``, ``90s``, ``5m``, ``1h30m`` or ``2d``, None if it is none.

    More than a century is none.
    """
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        return None
    days, hours, minutes, seconds = (float(x or 0) for x in match.groups())
    found = days * 86400 + hours * 3600 + minutes * 60 + seconds
    return found if found <= _LONGEST else None


def _configured(git: Git) -> tuple[Layer, Layer]:
    """Return what git's files say, and what is given for this command alone."""
    stored: Layer = {}
    now: Layer = {}
    for scope, _, key, value in said(git):
        into = now if scope == FOR_NOW else stored
        before = into[key].values if key in into else ()
        into[key] = Given((*before, value), "")
    return stored, now


def said(git: Git) -> Iterator[tuple[str, str, str, str]]:
    """Yield scope, origin, key and value of all that git's configuration says, the last wins."""
    listing = git.run("config", "--list", "-z", "--show-scope", "--show-origin").out
    fields = iter(listing.decode("utf-8", "surrogateescape").split("\0"))
    for scope, origin, item in zip(fields, fields, fields, strict=False):
        key, _, value = item.partition("\n")
        yield scope, origin, key, value


def assign(git: Git, key: str, values: Sequence[str], *, everywhere: bool) -> None:
    """Set a key to these values alone, in the repository or in the user's own file."""
    where = "--global" if everywhere else "--local"
    git.run("config", where, "--replace-all", key, values[0])
    for value in values[1:]:
        git.run("config", where, "--add", key, value)


def unset(git: Git, key: str, *, everywhere: bool) -> bool:
    """Take a key out of the repository's or the user's own file; say whether it was there."""
    where = "--global" if everywhere else "--local"
    done = git.run("config", where, "--unset-all", key, check=False)
    if done.code not in (0, _NOT_SET):
        raise failure(("config", where), done)
    return done.code == 0
