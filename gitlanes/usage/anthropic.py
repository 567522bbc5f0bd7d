"""Usage as Anthropic's Messages API reports it; its input tokens exclude cached ones.

https://platform.claude.com/docs/en/api/messages: ``input_tokens``, ``output_tokens``,
``cache_read_input_tokens``, ``cache_creation_input_tokens``.
"""

from __future__ import annotations

from typing import Any

from gitlanes.usage.reading import count, plus

PROVIDER = "anthropic"
_CACHE = ("cache_read_input_tokens", "cache_creation_input_tokens", "cache_creation")


def is_usage(usage: dict[str, Any]) -> bool:
    """Say whether an object is a usage of this kind."""
    return "input_tokens" in usage and any(x in usage for x in _CACHE)


def counters(usage: dict[str, Any]) -> dict[str, Any]:
    """Return its numbers by the names of cost records; raises BadValue."""
    read, created = (count(usage, x) for x in _CACHE[:2])
    found = {
        "input_tokens": plus(count(usage, "input_tokens"), read, created),
        "output_tokens": count(usage, "output_tokens"),
        "cache_read_input_tokens": read,
        "cache_creation_input_tokens": created,
    }
    return {key: value for key, value in found.items() if value is not None}
