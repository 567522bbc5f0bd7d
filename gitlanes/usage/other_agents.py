"""What further agents print of their usage: Gemini CLI, OpenCode, aider.

``gemini --output-format stream-json`` (https://geminicli.com/docs/cli/headless) ends in a message
of type ``result`` with ``stats`` of the whole run. ``opencode run --format json``
(https://opencode.ai/docs/cli) has a ``step_finish`` with the tokens and the cost of each step,
where those of caches and of reasoning are beside the others. aider
(https://aider.chat/docs/usage/tips.html) writes a line with rounded tokens after each answer, and
the cost of the session so far.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from gitlanes.models.notes import COMPLETE, PARTIAL, PROVIDER, Cost
from gitlanes.usage.reading import added, count, inner, kept, money, plus, spelled

_AIDER = re.compile(
    r"Tokens: ([0-9.,]+[kM]?) sent,(?:.*?,)?\s*([0-9.,]+[kM]?) received\."
    r"(?: Cost: \$[0-9.]{1,20} message, \$([0-9.]{1,20}) session\.)?"
)
_SCALES = {"k": 1000, "M": 1_000_000}


def is_gemini_result(document: dict[str, Any]) -> bool:
    """Say whether a message is the result that a run of Gemini CLI ends with."""
    return document.get("type") == "result" and isinstance(document.get("stats"), dict)


def of_gemini(document: dict[str, Any]) -> Cost:
    """Return the cost that such a result tells of; raises BadValue."""
    stats = inner(document, "stats")
    return Cost(
        input_tokens=count(stats, "input_tokens"),
        output_tokens=count(stats, "output_tokens"),
        cache_read_input_tokens=count(stats, "cached"),
        tool_calls=count(stats, "tool_calls"),
        wall_ms=count(stats, "duration_ms"),
        provider="google",
        coverage=COMPLETE,
        raw=kept(stats),
    )


def is_opencode_step(document: dict[str, Any]) -> bool:
    """Say whether a message is the end of a step of OpenCode."""
    part = document.get("part")
    return document.get("type") == "step_finish" and isinstance(part, dict) and "tokens" in part


def of_opencode(documents: list[dict[str, Any]], *, cut: bool) -> Cost:
    """Return the sum of all steps; raises BadValue."""
    steps = [inner(x, "part") for x in documents if is_opencode_step(x)]
    costs = [x for step in steps if (x := money(step, "cost"))]
    amount = sum(costs, Decimal(0))
    return Cost(
        **added([_of_step(inner(x, "tokens")) for x in steps]),
        api_calls=len(steps),
        amount=spelled(amount) if costs else None,
        currency="USD" if costs else None,
        amount_source=PROVIDER if costs else None,
        coverage=PARTIAL if cut else COMPLETE,
        raw=kept({"steps": len(steps), "last": steps[-1].get("tokens")}),
    )


def _of_step(tokens: dict[str, Any]) -> dict[str, Any]:
    cache = inner(tokens, "cache")
    read, written = count(cache, "read"), count(cache, "write")
    thought = count(tokens, "reasoning")
    return {
        "input_tokens": plus(count(tokens, "input"), read, written),
        "output_tokens": plus(count(tokens, "output"), thought),
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": written,
        "reasoning_output_tokens": thought,
    }


def of_aider(said: str) -> Cost | None:
    """Return the sum of the lines that aider writes, None where there is none."""
    found = _AIDER.findall(said)
    if not found:
        return None
    amount = next((x for *_, x in reversed(found) if x), None)
    return Cost(
        input_tokens=sum(_rounded(sent) for sent, _, _ in found),
        output_tokens=sum(_rounded(received) for _, received, _ in found),
        api_calls=len(found),
        amount=amount.rstrip(".") if amount else None,
        currency="USD" if amount else None,
        amount_source=PROVIDER if amount else None,
        coverage=COMPLETE,
        raw=kept({"answers": len(found)}),
    )


def _rounded(text: str) -> int:
    scale = _SCALES.get(text[-1], 1)
    digits = text.rstrip("kM").replace(",", "").strip(".")[:15]
    try:
        return round(Decimal(digits) * scale)
    except ArithmeticError:
        return 0
