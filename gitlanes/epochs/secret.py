"""A text that is to go: where it stands in bytes, texts and JSON, and what takes its place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gitlanes.errors import BadValue

MARK = "[purged]"
# What is shorter stands everywhere.
_SHORTEST = 8
# A line of a longer secret that is one by itself: titles have the first line alone.
_LINE = 16


class Secret:
    """A secret, and each line of one that has several; raises BadValue for what is too short."""

    def __init__(self, text: str):
        text = text.strip("\r\n")
        if len(text) < _SHORTEST:
            raise BadValue(
                f"a secret of {len(text)} characters cannot be purged",
                hint=f"give it whole: at least {_SHORTEST} characters, on standard input",
            )
        lines = [x.strip() for x in text.splitlines()]
        parts = [text, *(x for x in lines if len(x) >= _LINE)]
        self.texts = sorted(dict.fromkeys(parts), key=len, reverse=True)
        quoted = [json.dumps(x, ensure_ascii=y)[1:-1] for x in self.texts for y in (True, False)]
        raw = [x.encode("utf-8", "surrogateescape") for x in (*self.texts, *quoted)]
        self.needles = sorted(dict.fromkeys(raw), key=len, reverse=True)

    def within(self, data: bytes) -> bool:
        """Say whether it stands in there."""
        return any(x in data for x in self.needles)

    def without(self, data: bytes) -> bytes:
        """Return bytes with a mark in its place."""
        for needle in self.needles:
            data = data.replace(needle, MARK.encode())
        return data

    def text(self, text: str) -> str:
        """Return a text with a mark in its place."""
        for one in self.texts:
            text = text.replace(one, MARK)
        return text

    def value(self, value: Any, ids: Mapping[str, str]) -> Any:
        """Return JSON without it, and with other ids in place of some."""
        if isinstance(value, str):
            return ids.get(value) or self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self.value(x, ids) for key, x in value.items()}
        return [self.value(x, ids) for x in value] if isinstance(value, list) else value
