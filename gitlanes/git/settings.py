"""Git's configuration and the user's identity, as git itself resolves them."""

from __future__ import annotations

import re
from typing import NamedTuple

from gitlanes.clock import zone_offset
from gitlanes.errors import BadValue, Refused
from gitlanes.git.process import Git

_TRUE = {"", "true", "yes", "on", "1"}
_FALSE = {"false", "no", "off", "0"}
# Names and addresses that git would clean or refuse are left to git.
_PLAIN = re.compile(r"[^\x00-\x20<>.,:;\"'\\][^\x00-\x1f<>]*(?<![\x20.,:;\"'\\])")
_IDENTITY_VARIABLES = ("NAME", "EMAIL", "DATE")


class Identity(NamedTuple):
    """Who writes commits: git's raw author and committer lines, dates included."""

    author: bytes
    committer: bytes


class Settings:
    """The configuration of one repository, read once."""

    def __init__(self, git: Git):
        self._git = git
        self._values: dict[str, str] = {}
        self._people: dict[str, bytes] = {}
        listing = git.run("config", "--list", "-z").out.decode("utf-8", "surrogateescape")
        for item in filter(None, listing.split("\0")):
            key, _, value = item.partition("\n")
            self._values[key] = value

    def text(self, key: str, default: str = "") -> str:
        """Return a value; the section and the name of `key` are lower case."""
        return self._values.get(key, default)

    def has_section(self, section: str) -> bool:
        """Say whether any key of that section is set."""
        return any(key.startswith(section + ".") for key in self._values)

    def flag(self, key: str, default: bool) -> bool:
        """Return a yes or no; raises BadValue for anything else."""
        value = self._values.get(key)
        if value is None:
            return default
        if value.lower() in _TRUE | _FALSE:
            return value.lower() in _TRUE
        raise BadValue(f"git config {key} is '{value}', not a yes or no")

    def seconds(self, key: str, default: float) -> float:
        """Return a number of seconds; raises BadValue for anything else."""
        try:
            return float(self._values.get(key, default))
        except ValueError:
            raise BadValue(f"git config {key} is '{self._values[key]}', not a number") from None

    def path(self, key: str) -> str:
        """Return a path, '' if none is set; git itself resolves a ``~``."""
        value = self._values.get(key, "")
        if not value.startswith("~"):
            return value
        return self._git.run("config", "--type=path", "--get", key).text

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
            if any(f"{role.lower()}.{x}" in self._values for x in ("name", "email")):
                return None
        name, mail = self.text("user.name"), self.text("user.email")
        if _PLAIN.fullmatch(name) and _PLAIN.fullmatch(mail):
            return f"{name} <{mail}>"
        return None

    def _git_says(self, role: str) -> bytes:
        done = self._git.run("var", f"GIT_{role}_IDENT", check=False)
        if done.code:
            raise Refused(
                f"no {role.lower()} identity: git does not know your name or email address",
                hint="set it with 'git config user.name NAME' and 'git config user.email ADDRESS'",
            )
        return done.out.rstrip(b"\n")
