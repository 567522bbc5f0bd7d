"""`git lanes completion`: a script for a shell, with the commands and options written into it.

The script asks git for names, so that pressing TAB starts no Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

import click

from gitlanes.cli.main import GROUPS
from gitlanes.cli.output import Output, command
from gitlanes.cli.terminal import put
from gitlanes.cli.tree import FILES, Argument, Option, Value, Verb, own_options, verbs
from gitlanes.store import layout


@command("completion", words=True)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion_command(out: Output, shell: str) -> None:
    """Print a script that completes commands, options and names of lanes.

    In bash: eval "$(git lanes completion bash)". The script says where it can be put so that
    every shell has it.
    """
    del out
    put(script(shell), end=False)


def script(shell: str) -> str:
    """Return the completion script for a shell."""
    text = Path(__file__).with_name("shells").joinpath(f"git-lanes.{shell}").read_text()
    places = {
        "HEADS": layout.HEADS,
        "JOURNALS": layout.JOURNALS,
        "SNAPSHOTS": layout.SNAPSHOTS,
        "BRANCHES": layout.BRANCHES,
        "TAGS": layout.TAGS,
    }
    for key, value in {**places, **_TABLES[shell](verbs())}.items():
        text = text.replace(f"@{key}@", value)
    return text


def _bash(every: list[Verb]) -> dict[str, str]:
    options, values, arguments = [], [], []
    names = [x.name for x in every if " " not in x.name]
    for verb in (Verb("", "", "", own_options(), (), True), *every):
        shown = [
            name + ("=" if x.value and name[1] == "-" else "")
            for x in verb.options
            for name in x.names
        ]
        options.append(_case(verb.name, f"echo '{' '.join(shown)}'"))
        for option in verb.options:
            if option.value:
                wanted = "|".join(f'"{verb.name} {name}"' for name in option.names)
                values.append(f"\t{wanted}) echo '{_kind(option.value) or FILES}' ;;")
        inner = [x.name.split()[1] for x in every if x.name.startswith(f"{verb.name} ")]
        if not verb.name or inner:
            words = " ".join(inner if verb.name else names)
            arguments.append(_case(f"{verb.name} 0", f"echo 'words:{words}'"))
            continue
        for number, argument in enumerate(verb.arguments):
            last = "*" if argument.many else f"{number}"
            arguments.append(f"\t\"{verb.name} \"{last}) echo '{_kind(argument.value)}' ;;")
    return {
        "OPTIONS": "\n".join(options),
        "VALUES": "\n".join(values),
        "ARGUMENTS": "\n".join(arguments),
        "GROUPS": "|".join(_groups(every)),
        "PLURALS": "|".join(f"{x}s" for x in _groups(every)),
    }


def _case(pattern: str, then: str) -> str:
    return f'\t"{pattern}") {then} ;;'


def _kind(value: Value) -> str:
    """Return what is offered for a value, as the scripts for bash and fish know it."""
    if value.words:
        return f"words:{' '.join(value.words)}"
    return value.offered or ""


def _groups(every: Iterable[Verb]) -> list[str]:
    return [x.name for x in every if x.group]


def _zsh(every: list[Verb]) -> dict[str, str]:
    tops = [x for x in every if " " not in x.name]
    rows = []
    for verb in tops:
        names = f"{verb.name}|{verb.name}s" if verb.name in GROUPS else verb.name
        rows.append(f"        {names})")
        inner = [x for x in every if x.name.startswith(f"{verb.name} ")]
        rows += _zsh_group(inner) if inner else _zsh_arguments(verb, 10)
    return {
        "COMMANDS": "\n".join(f"    {_zsh_word(x.name, x.about)}" for x in tops),
        "OWN": "\n".join(f"    {_zsh_option(x)} \\" for x in own_options()),
        "ARGUMENTS": "\n".join(rows),
    }


def _zsh_group(inner: list[Verb]) -> list[str]:
    rows = ["          local -a within", "          within=("]
    rows += [f"            {_zsh_word(x.name.split()[1], x.about)}" for x in inner]
    rows += ["          )", "          if (( CURRENT == 2 )); then"]
    rows += ["            _describe -t commands 'command' within && ret=0"]
    rows += ["          else", "            shift words; (( CURRENT-- ))"]
    rows += ["            case $words[1] in"]
    for one in inner:
        rows += [f"              {one.name.split()[1]})", *_zsh_arguments(one, 16)]
    return [*rows, "            esac", "          fi ;;"]


def _zsh_arguments(verb: Verb, indent: int) -> list[str]:
    specs = [_zsh_option(x) for x in verb.options]
    for argument in verb.arguments:
        specs.append(_zsh_argument(argument))
    body = " \\\n".join(f"{' ' * (indent + 2)}{x}" for x in specs)
    return [f"{' ' * indent}_arguments -S -s \\\n{body} && ret=0 ;;"]


def _zsh_option(option: Option) -> str:
    about = _quoted(option.about, "[]:")
    value = (
        f":{_quoted(option.value.name, ':')}:{_zsh_action(option.value)}" if option.value else ""
    )
    specs = []
    for name in option.names:
        equals = "=" if option.value and name.startswith("--") else ""
        specs.append(f"'*{name}{equals}[{about}]{value}'")
    return " ".join(specs)


def _zsh_argument(argument: Argument) -> str:
    many = "*" if argument.many else ""
    return f"'{many}:{_quoted(argument.value.name, ':')}:{_zsh_action(argument.value)}'"


def _zsh_action(value: Value) -> str:
    if value.words:
        return f"({' '.join(value.words)})"
    if value.offered == FILES:
        return "_files"
    return f"__git_lanes_{value.offered}" if value.offered else " "


def _zsh_word(name: str, about: str) -> str:
    return f"'{name}:{_quoted(about, ':')}'"


def _quoted(text: str, special: str) -> str:
    """Return text for single quotes, with a shell's special characters escaped."""
    escaped = "".join(f"\\{x}" if x in special else x for x in text)
    return escaped.replace("'", "'\\''").replace("\n", " ")


def _fish(every: list[Verb]) -> dict[str, str]:
    rows = []
    for option in own_options():
        rows.append(_fish_option("", option))
    for verb in every:
        above, _, name = verb.name.rpartition(" ")
        about = _fish_text(verb.about)
        rows.append(f"complete -c git-lanes -n '__git_lanes_at \"{above}\"' -a {name} -d '{about}'")
        rows += [_fish_option(verb.name, x) for x in verb.options]
        for value in {x.value for x in verb.arguments}:
            if offered := _fish_offer(value):
                rows.append(f"complete -c git-lanes -n '__git_lanes_at \"{verb.name}\"' {offered}")
    pairs = " ".join(f"'{x.name}'" for x in every if " " in x.name)
    return {"COMMANDS": "\n".join(rows), "GROUPS": "|".join(_groups(every)), "PAIRS": pairs}


def _fish_option(verb: str, option: Option) -> str:
    names = "".join(f" -l {x[2:]}" if x.startswith("--") else f" -s {x[1:]}" for x in option.names)
    value = f" -r {_fish_offer(option.value) or '-f'}" if option.value else ""
    about = _fish_text(option.about)
    return f"complete -c git-lanes -n '__git_lanes_at \"{verb}\"'{names}{value} -d '{about}'"


def _fish_offer(value: Value) -> str:
    if value.words:
        return f"-f -a '{' '.join(value.words)}'"
    if value.offered == FILES:
        return "-F"
    return f"-f -a '(__git_lanes_offer {value.offered})'" if value.offered else ""


def _fish_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", " ")


_TABLES: dict[str, Callable[[list[Verb]], dict[str, str]]] = {
    "bash": _bash,
    "zsh": _zsh,
    "fish": _fish,
}
