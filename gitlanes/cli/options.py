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
from gitlanes.models.gates import Waiver
from gitlanes.models.notes import Cost, Intent, Judgement
from gitlanes.models.plain import replace

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
    click.option("--reasoning", type=click.IntRange(0), help="Output tokens of reasoning."),
    click.option("--api-calls", type=click.IntRange(0), help="Calls of the model's API."),
    click.option("--tool-calls", type=click.IntRange(0), help="Calls of tools."),
    click.option("--retries", type=click.IntRange(0), help="Calls that had to be made again."),
    click.option("--wall", metavar="DURATION", help="Time taken: 90s, 5m, 1h30m."),
    click.option("--cost", metavar="MONEY", help="Money spent: 0.42 (US dollars), '0.42 EUR'."),
    click.option("--provider", help="Who runs the model."),
    click.option(
        "--usage",
        type=click.Path(path_type=Path),
        help="Read what the agent printed of its usage there; '-' is stdin.",
    ),
)
_COUNTED = {
    "tokens_in": "input_tokens",
    "tokens_out": "output_tokens",
    "cache_read": "cache_read_input_tokens",
    "cache_write": "cache_creation_input_tokens",
    "reasoning": "reasoning_output_tokens",
    "api_calls": "api_calls",
    "tool_calls": "tool_calls",
    "retries": "retries",
    "provider": "provider",
}
_JUDGEMENT = (
    click.option("--by", metavar="ID", help="Who decides."),
    click.option("--reason", help="Why."),
    click.option(
        "--check", "checks", multiple=True, metavar="NAME=pass|fail", help="A check; repeatable."
    ),
)


def intent_options(function: F) -> F:
    """Add the options that `take_intent` and `take_cost` understand."""
    function = cost_options(function)
    for option in reversed(_INTENT):
        function = option(function)
    return function


def cost_options(function: F) -> F:
    """Add the options that `take_cost` understands."""
    for option in reversed(_COST):
        function = option(function)
    return function


def judgement_options(function: F) -> F:
    """Add the options that `take_judgement` understands."""
    for option in reversed(_JUDGEMENT):
        function = option(function)
    return function


_WAIVER = (
    click.option("--no-gates", is_flag=True, help="Run no gates; that is recorded."),
    click.option("--allow-protected", is_flag=True, help="Let protected paths change."),
)


def waiver_options(function: F) -> F:
    """Add the options that `take_waiver` understands."""
    for option in reversed(_WAIVER):
        function = option(function)
    return function


def take_waiver(given: dict[str, Any]) -> Waiver:
    """Remove the waiver's options from `given` and return it."""
    return Waiver(given.pop("no_gates"), given.pop("allow_protected"))


def take_intent(given: dict[str, Any]) -> Intent:
    """Remove the intent's options from `given` and return the intent; raises BadValue."""
    return Intent(
        prompt=take_prompt(given.pop("prompt"), given.pop("prompt_file")),
        agent=given.pop("agent"),
        agent_type=given.pop("agent_type"),
        agent_version=given.pop("agent_version"),
        session=given.pop("session"),
        model=given.pop("model"),
        tags=given.pop("tags"),
        context=given.pop("context"),
        meta=take_meta(given.pop("meta")),
    )


def take_meta(given: Iterable[str], option: str = "--meta") -> dict[str, str]:
    """Return metadata given as NAME=VALUE; raises BadValue."""
    return dict(_pair(x, option) for x in given)


def take_cost(given: dict[str, Any]) -> Cost:
    """Remove the cost's options from `given` and return the cost; raises BadValue.

    What an agent printed of its usage is read first; what an option says wins.
    """
    wall, money, usage = (given.pop(x) for x in ("wall", "cost", "usage"))
    amount, currency = (None, None) if money is None else take_money(money)
    said = {field: given.pop(option) for option, field in _COUNTED.items()}
    said |= {
        "wall_ms": None if wall is None else milliseconds(wall),
        "amount": amount,
        "currency": currency,
    }
    known = {key: value for key, value in said.items() if value is not None}
    if usage is None:
        return Cost(**known)
    if amount is not None:
        known["amount_source"] = None  # the agent's word is not taken for it
    return replace(_usage(usage), **known)


def _usage(file: Path) -> Cost:
    from gitlanes.usage.importing import MOST_BYTES, read_usage

    try:
        if str(file) == "-":
            data = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with file.open("rb") as opened:
                data = opened.read(MOST_BYTES + 1)
        if len(data) > MOST_BYTES:
            raise BadValue(f"usage in '{file}' is larger than {MOST_BYTES >> 20} MiB")
        return read_usage(data.decode())
    except (OSError, UnicodeDecodeError) as error:
        said = (getattr(error, "strerror", None) or str(error)).lower()
        raise BadValue(
            f"cannot read the usage in '{file}': {said}", hint="name a file, or - for stdin"
        ) from error


def take_money(text: str) -> tuple[str, str]:
    """Return amount and currency of ``0.42`` (US dollars) or ``0.42 EUR``; raises BadValue."""
    from gitlanes.config.prices import CURRENCY

    amount, _, currency = text.strip().partition(" ")
    currency = currency.strip() or "USD"
    if not CURRENCY.fullmatch(currency):
        raise BadValue(f"bad amount of money '{text}'", hint="write it as 0.42 or '0.42 EUR'")
    return _money(amount), currency


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


def take_prompt(text: str | None, file: Path | None) -> str | None:
    """Return a prompt that is given as such, in a file, or ('-') on stdin; raises BadValue."""
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
    from gitlanes.usage.sums import in_digits

    try:
        amount = in_digits(Decimal(text))
    except InvalidOperation:
        amount = ""
    if unsound_field({"amount": amount}):  # what could be recorded, but not read again
        raise BadValue(f"bad amount of money '{text}'", hint="write it as 0.42")
    return amount
