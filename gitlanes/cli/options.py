"""Options that several commands share: intent, cost, judgement."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, TypeVar

import click

from gitlanes.config.table import AGENT_VARIABLE
from gitlanes.errors import BadValue, line
from gitlanes.git.settings import as_seconds
from gitlanes.models.notes import Cost, Intent, Judgement

F = TypeVar("F", bound=Callable[..., Any])

_INTENT = (
    click.option("--prompt", help="What was asked for; '-' reads it from stdin."),
    click.option("--prompt-file", type=click.Path(path_type=Path), help="Read the prompt there."),
    click.option("--agent", envvar=AGENT_VARIABLE, help="Id of the agent that did it."),
    click.option("--agent-type", help="What kind of agent it is."),
    click.option("--agent-version", help="Its version."),
    click.option("--session", help="The agent's session id."),
    click.option("--model", help="The model behind it."),
    click.option("--tag", "tags", multiple=True, help="A tag; repeatable."),
    click.option("--context", multiple=True, help="A reference that it used; repeatable."),
    click.option("--meta", multiple=True, metavar="K=V", help="Further metadata; repeatable."),
)
_COST = (
    click.option("--tokens-in", type=click.IntRange(0), help="Input tokens, cached ones included."),
    click.option("--tokens-out", type=click.IntRange(0), help="Output tokens."),
    click.option("--cache-read", type=click.IntRange(0), help="Input tokens read from a cache."),
    click.option("--cache-write", type=click.IntRange(0), help="Input tokens put into a cache."),
    click.option("--api-calls", type=click.IntRange(0), help="Calls of the model's API."),
    click.option("--wall", metavar="DURATION", help="Time taken: 90s, 5m, 1h30m."),
    click.option("--cost", metavar="USD", help="Money spent, in US dollars."),
)
_JUDGEMENT = (
    click.option("--by", metavar="ID", help="Who decides."),
    click.option("--reason", help="Why."),
    click.option(
        "--check", "checks", multiple=True, metavar="NAME=pass|fail", help="A check; repeatable."
    ),
)


def intent_options(function: F) -> F:
    """Add the options that `take_intent` and `take_cost` understand."""
    for option in reversed((*_INTENT, *_COST)):
        function = option(function)
    return function


def judgement_options(function: F) -> F:
    """Add the options that `take_judgement` understands."""
    for option in reversed(_JUDGEMENT):
        function = option(function)
    return function


def take_intent(given: dict[str, Any]) -> Intent:
    """Remove the intent's options from `given` and return the intent; raises BadValue."""
    return Intent(
        prompt=_prompt(given.pop("prompt"), given.pop("prompt_file")),
        agent=given.pop("agent"),
        agent_type=given.pop("agent_type"),
        agent_version=given.pop("agent_version"),
        session=given.pop("session"),
        model=given.pop("model"),
        tags=given.pop("tags"),
        context=given.pop("context"),
        meta=take_meta(given.pop("meta")),
    )


def take_meta(given: Iterable[str]) -> dict[str, str]:
    """Return metadata given as NAME=VALUE; raises BadValue."""
    return dict(_pair(x, "--meta") for x in given)


def take_cost(given: dict[str, Any]) -> Cost:
    """Remove the cost's options from `given` and return the cost; raises BadValue."""
    amount = given.pop("cost")
    wall = given.pop("wall")
    return Cost(
        input_tokens=given.pop("tokens_in"),
        output_tokens=given.pop("tokens_out"),
        cache_read_input_tokens=given.pop("cache_read"),
        cache_creation_input_tokens=given.pop("cache_write"),
        api_calls=given.pop("api_calls"),
        wall_ms=None if wall is None else milliseconds(wall),
        amount=None if amount is None else _money(amount),
        currency=None if amount is None else "USD",
    )


def take_judgement(given: dict[str, Any]) -> Judgement:
    """Remove the judgement's options from `given` and return it; raises BadValue."""
    checks = []
    for text in given.pop("checks"):
        name, verdict = _pair(text, "--check")
        if verdict not in ("pass", "fail"):
            raise BadValue(f"check '{name}' is '{verdict}'", hint="say pass or fail")
        checks.append((name, verdict == "pass"))
    return Judgement(given.pop("by"), given.pop("reason"), tuple(checks))


def milliseconds(text: str) -> int:
    """Return a duration such as ``90s``, ``5m``, ``1h30m`` or ``30d`` in milliseconds."""
    seconds = as_seconds(text)
    if seconds is None:
        raise BadValue(f"bad duration '{line(text, 60)}'", hint="write it as 90s, 5m or 1h30m")
    return round(seconds * 1000)


def _prompt(text: str | None, file: Path | None) -> str | None:
    if text is not None and file is not None:
        raise BadValue("--prompt and --prompt-file exclude each other")
    if text == "-" or (file is not None and str(file) == "-"):
        try:
            return sys.stdin.buffer.read().decode()
        except UnicodeDecodeError as error:
            raise BadValue(f"the prompt on stdin is not UTF-8: {error}") from error
    if file is None:
        return text
    try:
        return file.read_bytes().decode()
    except OSError as error:
        said = (error.strerror or str(error)).lower()
        raise BadValue(f"cannot read the prompt file '{file}': {said}") from error
    except UnicodeDecodeError as error:
        raise BadValue(f"the prompt file '{file}' is not UTF-8: {error}") from error


def _pair(text: str, option: str) -> tuple[str, str]:
    key, found, value = text.partition("=")
    if not found or not key:
        raise BadValue(f"{option} takes NAME=VALUE, not '{text}'")
    return key, value


def _money(text: str) -> str:
    from gitlanes.store.validity import unsound_field

    try:
        amount = str(Decimal(text))
    except InvalidOperation:
        amount = ""
    if unsound_field({"amount": amount}):  # what could be recorded, but not read again
        raise BadValue(f"bad amount of money '{text}'", hint="write it as 0.42")
    return amount
