"""What a workspace is given beside the lane's files: as the team orders it, and as it was done."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from gitlanes.models.plain import NOTHING, Model, Result

DEFAULT_TIMEOUT = 1800.0


class Command(Model):
    """A command that sets a workspace up.

    It need not run where all that it ``makes`` is there, made of the same ``inputs``: paths from
    the top, the second of files in the lane.
    """

    args: tuple[str, ...]
    makes: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """Return the command as people would type it."""
        import shlex  # only what is shown needs it

        return shlex.join(self.args)


class Provision(Model):
    """What ``[workspace]`` of the team's file orders.

    ``copy`` are patterns of files, ``link`` and ``clone`` are paths, all of the repository's own
    directory. ``ports`` are the variables that a leased port goes into, ``env`` further ones.
    ``timeout`` is for each command, in seconds.
    """

    copy: tuple[str, ...] = ()
    link: tuple[str, ...] = ()
    clone: tuple[str, ...] = ()
    setup: tuple[Command, ...] = ()
    ports: tuple[str, ...] = ()
    env: dict[str, str] = NOTHING
    timeout: float = DEFAULT_TIMEOUT

    def variables(self, leased: Mapping[str, int]) -> dict[str, str]:
        """Return the variables that it orders, given the ports that were leased."""
        return {**self.env, **{name: str(leased[name]) for name in self.ports if name in leased}}

    @property
    def shown(self) -> tuple[tuple[str, str], ...]:
        """Return (key, what it says) of all that needs a person's trust."""
        rows = [("copy", x) for x in self.copy]
        rows += [("link", x) for x in self.link]
        rows += [("clone", x) for x in self.clone]
        rows += [("setup", x.shown) for x in self.setup]
        rows += [("ports", x) for x in self.ports]
        return (*rows, *(("env", f"{key}={value}") for key, value in self.env.items()))


class Provisioned(Result):
    """A workspace just provisioned: how many files were copied, and what else was done.

    ``ran`` are the commands that ran, ``kept`` those that did not have to.
    """

    lane: str
    path: str
    copied: int
    linked: tuple[str, ...]
    cloned: tuple[str, ...]
    ran: tuple[str, ...]
    kept: tuple[str, ...]
    ports: dict[str, int]

    schema: ClassVar[str] = "provisioned"


class Surroundings(Result):
    """The variables that a workspace's agents get."""

    lane: str
    path: str
    variables: dict[str, str]

    schema: ClassVar[str] = "surroundings"
