"""Usage as OpenAI's APIs report it, and Codex; cached tokens are part of the input.

Chat Completions (https://platform.openai.com/docs/api-reference/chat/object):
``prompt_tokens`` and ``completion_tokens`` with details. Responses
(https://platform.openai.com/docs/api-reference/responses/object): ``input_tokens`` and
``output_tokens`` with details. ``codex exec --json``: ``cached_input_tokens`` beside them.
"""

from __future__ import annotations

from typing import Any

from gitlanes.usage.reading import count, inner

PROVIDER = "openai"
_CHAT = ("prompt_tokens", "completion_tokens")
_RESPONSES = ("input_tokens_details", "output_tokens_details", "cached_input_tokens")


def is_usage(usage: dict[str, Any]) -> bool:
    """Say whether an object is a usage of this kind."""
    return any(x in usage for x in _CHAT) or any(x in usage for x in _RESPONSES)


def counters(usage: dict[str, Any]) -> dict[str, Any]:
    """Return its numbers by the names of cost records; raises BadValue."""
    names = _CHAT if any(x in usage for x in _CHAT) else ("input_tokens", "output_tokens")
    prompt, completion = (name.replace("tokens", "tokens_details") for name in names)
    cached = count(inner(usage, prompt), "cached_tokens")
    reasoning = count(inner(usage, completion), "reasoning_tokens")
    found = {
        "input_tokens": count(usage, names[0]),
        "output_tokens": count(usage, names[1]),
        "cache_read_input_tokens": count(usage, "cached_input_tokens")
        if cached is None
        else cached,
        "reasoning_output_tokens": count(usage, "reasoning_output_tokens")
        if reasoning is None
        else reasoning,
    }
    return {key: value for key, value in found.items() if value is not None}
