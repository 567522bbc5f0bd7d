"""Reading what an agent printed of its usage, in whichever of the known formats it is."""

from __future__ import annotations

from typing import Any

from gitlanes.models.notes import COMPLETE, PARTIAL, Cost
from gitlanes.usage import anthropic, claude_code, openai, other_agents
from gitlanes.usage.reading import added, bad, count, documents, each_once, inner, kept, text

# Bytes that are read: a long session's transcript, and no more.
MOST_BYTES = 256 << 20


def read_usage(said: str) -> Cost:
    """Return the cost that an agent's output tells of; what it does not tell is None.

    The format is seen from the text: Claude Code's result, stream or transcript, Codex's
    events, what Gemini CLI, OpenCode and aider print, or answers of the APIs of OpenAI and
    Anthropic (one, a list, or lines of them) or their usage alone. Input tokens include cached
    ones in the result, whatever the format has.
    Raises BadValue for what is none of these.
    """
    if "Tokens: " in said and (lines := other_agents.of_aider(said)) is not None:
        return lines
    found, cut = documents(said)
    if any(claude_code.is_result(x) for x in found):
        return claude_code.of_result(found)
    if any(claude_code.is_message(x) for x in found):
        return claude_code.of_messages(found, cut=cut)
    if any(other_agents.is_opencode_step(x) for x in found):
        return other_agents.of_opencode(found, cut=cut)
    results = [x for x in found if other_agents.is_gemini_result(x)]
    if results:
        return other_agents.of_gemini(results[-1])
    turns = [x for x in found if x.get("type") == "turn.completed"]
    if len(turns) > 1:
        raise bad(f"it has {len(turns)} turns, whose usage is of all before them, too")
    return _of_answers(turns or found, calls=not turns, cut=cut)


def _of_answers(found: list[dict[str, Any]], *, calls: bool, cut: bool) -> Cost:
    """Return the sum of answers of an API, each counted once by its id."""
    answers = each_once((text(x, "id"), x) for x in found if _usage(x))
    if not answers:
        raise bad("no usage in it has a known format")
    usages = [_usage(x) for x in answers]
    kinds = {_kind(answer, usage) for answer, usage in zip(answers, usages, strict=True)}
    if len(kinds) != 1:
        raise bad("its usages are of different formats")
    kind = kinds.pop()
    module = openai if kind == openai.PROVIDER else anthropic
    whole = any("usage" in x for x in answers)
    models = [name for x in answers if (name := text(x, "model"))]
    return Cost(
        **added([module.counters(x) for x in usages]),
        api_calls=len(answers) if calls and whole else None,
        model=models[-1] if models else None,
        provider=kind,
        coverage=PARTIAL if cut else COMPLETE,
        raw=kept(usages[0] if len(usages) == 1 else {"answers": len(usages), "last": usages[-1]}),
    )


def _usage(document: dict[str, Any]) -> dict[str, Any]:
    """Return an answer's usage, or the object itself if it is one; empty for anything else."""
    usage = inner(document, "usage") if "usage" in document else document
    known = ("input_tokens", "output_tokens", "prompt_tokens", "completion_tokens")
    numbers = [count(usage, x) for x in known]
    return usage if any(x is not None for x in numbers) else {}


def _kind(answer: dict[str, Any], usage: dict[str, Any]) -> str | None:
    """Return whose format it is; None where the numbers mean the same in all."""
    if openai.is_usage(usage) or str(answer.get("object", "")).startswith(("chat", "response")):
        return openai.PROVIDER
    if anthropic.is_usage(usage) or answer.get("type") == "message":
        return anthropic.PROVIDER
    return None
