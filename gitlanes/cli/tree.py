"""All commands as data: what completion offers, and what the reference tells."""

from __future__ import annotations

from typing import Any, NamedTuple

import click

from gitlanes.cli.main import COMMANDS, main
from gitlanes.config.table import KNOWN

# What a shell can offer for a value, by the value's name in the usage line.
LANES = "lanes"
ATTEMPTS = "attempts"
STATES = "states"
BRANCHES = "branches"
FILES = "files"
_OFFERED = {
    "LANE": LANES,
    "LANES": LANES,
    "PATTERN": LANES,
    "OLD": STATES,
    "NEW": STATES,
    "ATTEMPT": ATTEMPTS,
    "STATE": STATES,
    "START": STATES,
    "SNAPSHOT": STATES,
    "OBJECT": STATES,
    "BRANCH": BRANCHES,
    "PATH": FILES,
    "FILE": FILES,
    "DIR": FILES,
}

# The same for what is one of a few words.
_WORDS = {"COMMAND": tuple(COMMANDS), "KEY": tuple(x.key for x in KNOWN)}


class Value(NamedTuple):
    """What an option takes, or an argument is: its name, and what can be offered for it."""

    name: str
    offered: str | None
    words: tuple[str, ...]


class Option(NamedTuple):
    """An option by all its names, the long ones last; ``value`` is None for a switch."""

    names: tuple[str, ...]
    value: Value | None
    about: str
    common: bool


class Argument(NamedTuple):
    """A positional argument."""

    value: Value
    required: bool
    many: bool


class Verb(NamedTuple):
    """A command by its full name: 'new', 'workspace create'.

    A group has the arguments of the command that it runs where none is named.
    """

    name: str
    usage: str
    text: str
    options: tuple[Option, ...]
    arguments: tuple[Argument, ...]
    group: bool

    @property
    def about(self) -> str:
        """Return the first sentence of its description."""
        return self.text.partition("\n\n")[0].replace("\n", " ").rstrip(".")


def context(command: click.Command, name: str, above: click.Context | None = None) -> click.Context:
    """Return the context in which a command would run, without running it."""
    settings: Any = command.context_settings
    return click.Context(command, info_name=name, parent=above, **settings)


def verbs() -> list[Verb]:
    """Return every command and group in the order of help, a group before its commands."""
    with context(main, "git lanes") as top:
        return [
            verb
            for name in main.list_commands(top)
            if (command := main.get_command(top, name)) is not None
            for verb in _verbs(command, name, top)
        ]


def own_options() -> tuple[Option, ...]:
    """Return the options that stand before a command."""
    with context(main, "git lanes") as top:
        return _options(main, top)


def _verbs(command: click.Command, name: str, above: click.Context) -> list[Verb]:
    with context(command, name.split()[-1], above) as here:
        group = isinstance(command, click.Group)
        usual: Any = getattr(command, "usual", command)
        pieces = [x for x in command.collect_usage_pieces(here) if "COMMAND" not in x]
        found = [
            Verb(
                name,
                " ".join(["git lanes", name, *pieces]),
                _unwrapped(command.help or ""),
                _options(command, here),
                tuple(_argument(x, here) for x in usual.params if isinstance(x, click.Argument)),
                group,
            )
        ]
        if isinstance(command, click.Group):
            for inner in command.list_commands(here):
                below = command.get_command(here, inner)
                if below is not None and not below.hidden:
                    found += _verbs(below, f"{name} {inner}", here)
        return found


def _options(command: click.Command, here: click.Context) -> tuple[Option, ...]:
    shown = [x for x in command.get_params(here) if isinstance(x, click.Option) and not x.hidden]
    return tuple(_option(x, here) for x in shown)


_COMMON = ("--json", "--quiet", "--verbose", "--debug", "--help")


def _option(option: click.Option, here: click.Context) -> Option:
    names = tuple(sorted((*option.opts, *option.secondary_opts), key=lambda x: x.startswith("--")))
    value = None if option.is_flag or option.count else _value(option, option.name or "", here)
    return Option(names, value, option.help or "", any(x in _COMMON for x in names))


def _argument(argument: click.Argument, here: click.Context) -> Argument:
    return Argument(
        _value(argument, argument.name or "", here), argument.required, argument.nargs != 1
    )


def _value(param: click.Parameter, plain: str, here: click.Context) -> Value:
    """Return a value by the name that people see, without the marks of a usage line."""
    kind: Any = param.type
    choices = tuple(kind.choices) if isinstance(kind, click.Choice) else ()
    name = (param.metavar or plain.upper().replace("_", "-")).strip("[].")
    if isinstance(param, click.Option) and not param.metavar and name not in _OFFERED:
        name = param.make_metavar(here).strip("[].")
    offered = [_OFFERED[x] for x in name.split("|") if x in _OFFERED]
    offered += [FILES] if isinstance(kind, click.Path) else []
    return Value(
        "|".join(choices) or name, offered[0] if offered else None, choices or _WORDS.get(name, ())
    )


def _unwrapped(text: str) -> str:
    import inspect

    return inspect.cleandoc(text).replace("\b\n", "")
