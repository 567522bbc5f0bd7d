"""What is typed into an agent's terminal: by a person who is attached, and as prompts."""

from __future__ import annotations

import re
from typing import NamedTuple

from gitlanes.fleet.screen import Screen

# Seconds: of silence after which a program is ready to be typed at, that it is waited for in any
# case, and between a pasted text and the key that sends it.
_READY, _PATIENCE, _PAUSE = 0.3, 5.0, 0.2
_PIECE = 1024
# What a text may not bring: keys that do something.
_KEYS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


class _Waiting(NamedTuple):
    """Bytes for the terminal, or a text that is typed once it is ready for that."""

    what: bytes | str
    since: float


class Keyboard:
    """The order in which all of that comes to the terminal."""

    def __init__(self, screen: Screen, now: float):
        self._screen = screen
        self._now = now
        self._queue: list[_Waiting] = []
        self._under_way = b""
        self._not_before = 0.0

    def press(self, keys: bytes) -> None:
        """Pass on what a person types, before any prompt that is not begun."""
        self._under_way += keys

    def type(self, text: str) -> None:
        """Type a prompt, as soon as the agent seems ready for it."""
        self._queue.append(_Waiting(text.replace("\r\n", "\n"), self._now))

    def due(self, now: float) -> bytes:
        """Return what may be written now."""
        self._now = now
        if not self._under_way and self._queue and now >= self._not_before:
            first = self._queue[0]
            if isinstance(first.what, bytes):
                self._under_way = self._queue.pop(0).what  # type: ignore[assignment]
            elif self._ready(first, now):
                self._begin(first.what, now)
        return self._under_way[:_PIECE]

    def typed(self, count: int) -> None:
        """Note how much of it was written."""
        self._under_way = self._under_way[count:]

    def _ready(self, waiting: _Waiting, now: float) -> bool:
        quiet = self._screen.any and self._screen.quiet(now) >= _READY
        return quiet or now - waiting.since > _PATIENCE

    def _begin(self, text: str, now: float) -> None:
        """Begin to type a text: pasted where the program knows of that, else line by line."""
        self._queue.pop(0)
        plain = _KEYS.sub(" ", text).encode("utf-8", "surrogateescape")
        if not self._screen.pastes:
            self._under_way = plain.replace(b"\n", b"\r") + b"\r"
            return
        self._under_way = b"\x1b[200~" + plain + b"\x1b[201~"
        self._queue.insert(0, _Waiting(b"\r", now))
        self._not_before = now + _PAUSE
