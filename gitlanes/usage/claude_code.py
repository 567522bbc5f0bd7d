"""What Claude Code prints of its usage: one result, a stream that ends in one, a transcript.

``claude -p --output-format json`` and ``stream-json``
(https://code.claude.com/docs/en/agent-sdk/cost-tracking): a message of type ``result`` with
``total_cost_usd``, ``duration_ms``, ``duration_api_ms``, ``num_turns``, ``usage`` and
``modelUsage``. The last one has all models, those of subagents, too, as the amount does;
``usage`` is the main one's alone. A transcript (``~/.claude/projects/…/*.jsonl``) has the usage
of each message, again for each piece of it that was streamed.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from gitlanes.models.notes import COMPLETE, PARTIAL, PROVIDER, Cost
from gitlanes.usage import anthropic
from gitlanes.usage.reading import (
    added,
    bad,
    count,
    each_once,
    inner,
    kept,
    money,
    plus,
    spelled,
    text,
)

_RAW = ("usage", "modelUsage", "total_cost_usd", "num_turns", "duration_ms", "duration_api_ms")
# What stands where a model's name would, in messages that no model wrote.
_SYNTHETIC = "<synthetic>"


def is_result(document: dict[str, Any]) -> bool:
    """Say whether a message is the result that a run ends with."""
    return document.get("type") == "result" and bool({"usage", "modelUsage"} & document.keys())


def is_message(document: dict[str, Any]) -> bool:
    """Say whether a message is a model's answer, with its usage."""
    message = document.get("message")
    if document.get("type") != "assistant" or not isinstance(message, dict):
        return False
    return isinstance(message.get("usage"), dict)


def of_result(documents: list[dict[str, Any]]) -> Cost:
    """Return the cost that a run's result tells of; raises BadValue if there are several."""
    results = [x for x in documents if is_result(x)]
    if len(results) != 1:
        raise bad(f"it has {len(results)} results; give each run by itself")
    result = results[0]
    models = inner(result, "modelUsage")
    amount = money(result, "total_cost_usd")
    stream = _messages(documents)
    numbers = _of_models(models) or anthropic.counters(inner(result, "usage"))
    return Cost(
        **numbers,
        api_calls=len(stream) if stream else count(result, "num_turns"),
        tool_calls=_tool_calls(documents) if stream else None,
        wall_ms=count(result, "duration_ms"),
        api_ms=count(result, "duration_api_ms"),
        model=_largest(models) or _named(stream),
        provider=anthropic.PROVIDER,
        amount=None if amount is None else spelled(amount),
        currency=None if amount is None else "USD",
        amount_source=None if amount is None else PROVIDER,
        coverage=COMPLETE,
        raw=kept({key: result[key] for key in _RAW if key in result}),
    )


def of_messages(documents: list[dict[str, Any]], *, cut: bool) -> Cost:
    """Return the cost of a transcript's messages, each counted once by its id."""
    messages = _messages(documents)
    if not messages:
        raise bad("no message in it has a usage")
    done = all(x.get("stop_reason") for x in messages)
    usages = [inner(x, "usage") for x in messages]
    numbers = added([anthropic.counters(x) for x in usages])
    return Cost(
        **numbers,
        api_calls=len(messages),
        tool_calls=_tool_calls(documents),
        model=_named(messages),
        provider=anthropic.PROVIDER,
        coverage=COMPLETE if done and not cut else PARTIAL,
        raw=kept({"messages": len(messages), "usage": usages[-1]}),
    )


def _messages(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the last state of each message that a model wrote."""
    spoken = (x["message"] for x in documents if is_message(x))
    return each_once((text(x, "id"), x) for x in spoken if x.get("model") != _SYNTHETIC)


def _tool_calls(documents: list[dict[str, Any]]) -> int:
    """Return how many tools were called, each call once by its id."""
    spoken = (x["message"].get("content") for x in documents if is_message(x))
    pieces = (x for content in spoken if isinstance(content, list) for x in content)
    calls = (x for x in pieces if isinstance(x, dict) and x.get("type") == "tool_use")
    return len(each_once((text(x, "id"), x) for x in calls))


def _of_models(models: dict[str, Any]) -> dict[str, Any]:
    """Return the sums over all models that a run used."""
    usages = [inner(models, name) for name in models]
    found = [
        {
            "input_tokens": plus(
                *(count(x, f"{kind}InputTokens") for kind in ("cacheRead", "cacheCreation")),
                count(x, "inputTokens"),
            ),
            "output_tokens": count(x, "outputTokens"),
            "cache_read_input_tokens": count(x, "cacheReadInputTokens"),
            "cache_creation_input_tokens": count(x, "cacheCreationInputTokens"),
        }
        for x in usages
    ]
    return added(found)


def _largest(models: dict[str, Any]) -> str | None:
    """Return the model that most of the money went to, else the one that wrote most."""

    def weight(name: str) -> tuple[Decimal, int]:
        usage = inner(models, name)
        return money(usage, "costUSD") or Decimal(0), count(usage, "outputTokens") or 0

    return next((x for x in sorted(models, key=weight, reverse=True) if 0 < len(x) <= 200), None)


def _named(messages: list[dict[str, Any]]) -> str | None:
    """Return the model of the last message that names one."""
    names = [name for x in messages if (name := text(x, "model"))]
    return names[-1] if names else None
