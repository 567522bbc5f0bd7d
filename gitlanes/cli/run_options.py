"""What agents are started with, the same for one and for several."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gitlanes.cli.options import take_meta, take_prompt
from gitlanes.errors import BadValue

if TYPE_CHECKING:
    from gitlanes.models.fleet import RunOrder

F = TypeVar("F", bound=Callable[..., Any])

_PROMPT = (
    click.option("--prompt-file", type=click.Path(path_type=Path), help="Read the prompt there."),
    click.option("--template", metavar="NAME", help="A prompt of the team's, or a built-in one."),
    click.option(
        "--set", "fill", multiple=True, metavar="K=V", help="Fill a place in it; repeatable."
    ),
)
_START = (
    click.option("--agent-id", metavar="ID", help="The id in records; else NAME@LANE."),
    click.option("--from", "start", metavar="STATE", help="Where a new lane starts."),
    click.option("--on", metavar="LANE", help="The lane that a new one starts from and follows."),
    click.option("--quick", is_flag=True, help="Set nothing up in a new workspace."),
    click.option("--batch", metavar="ID", help="An id that runs share; several get a new one."),
    click.option("--no-tmux", is_flag=True, help="Run detached, with a log file alone."),
)


def prompt_options(function: F) -> F:
    """Add the options that say what is to be done, beside the prompt itself."""
    return _added(function, _PROMPT)


def start_options(function: F) -> F:
    """Add the options that say how and where agents start."""
    return _added(function, _START)


def _added(function: F, options: tuple[Callable[[F], F], ...]) -> F:
    for option in reversed(options):
        function = option(function)
    return function


def take_order(given: dict[str, Any]) -> RunOrder:
    """Remove what `start_options` gave from `given`, and return it."""
    from gitlanes.models.fleet import RunOrder

    return RunOrder(
        agent=given.pop("agent_id"),
        tmux=not given.pop("no_tmux"),
        **{key: given.pop(key) for key in ("start", "on", "quick", "batch")},
    )


def take_prompted(given: dict[str, Any], prompt: str | None, *, needed: bool = True) -> RunOrder:
    """Do the same with what `prompt_options` gave; raises BadValue where nothing is to be done."""
    from gitlanes.models.plain import replace

    text = take_prompt(prompt, given.pop("prompt_file")) or ""
    template, fill = given.pop("template"), take_meta(given.pop("fill"), "--set")
    if needed and not (text or template):
        raise BadValue("nothing to do is said", hint="use --prompt, --prompt-file or --template")
    return replace(take_order(given), prompt=text, template=template, fill=fill)
