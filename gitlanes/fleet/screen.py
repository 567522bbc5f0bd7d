"""What an agent's output tells of how it is: its last line, whether it waits for somebody."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress

from gitlanes.errors import line
from gitlanes.models.fleet import IDLE, RUNNING, WAITING

# Seconds without output after which it may be waiting, and after which it is idle.
QUIET, IDLE_AFTER = 0.7, 30.0
_TAIL, _LONGEST = 1 << 16, 300
# Members of agents' messages that hold words for people.
_SPOKEN = ("text", "result", "content", "command", "aggregated_output")
_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]P^_X][^\x07\x1b]*(?:\x07|\x1b\\|$)|\x1b[ -/]*[0-~]"
    r"|[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f]"
)
_PASTE = re.compile(rb"\x1b\[\?2004([hl])")
# Of a last line that no line break ends; of the last line; of one of the last few.
_PROMPTS = (r"[:>❯›$#] ?$",)
_ASKS = (
    r"\?\s*$",
    r"(?i)[\[(]y(es)?\s*/\s*n(o)?[\])]:?\s*$",
    r"(?i)press (enter|return|any key|\w+ to )",
    r"(?i)(password|passphrase|input|answer|choice)\b.{0,20}$",
)
_ASKS_ABOVE = (
    r"(?i)do you want (me )?to ",
    r"(?i)^\W*1\. yes\b",
    r"(?i)\b(allow|approve|proceed|continue)\b.{0,40}\?",
    r"(?i)waiting for (your|user) (input|answer|reply)",
)
_ABOVE = 6


def plain(data: bytes) -> str:
    """Return output without what moves a cursor, lines separated by line breaks alone."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    return _CONTROL.sub("", text)


def last_lines(data: bytes, count: int) -> list[str]:
    """Return the last lines of output that are not empty, safe for a terminal."""
    rows = [x.rpartition("\r")[2] or x for x in plain(data).rstrip().split("\n")]
    return [line(x.rstrip().expandtabs(), 2000) for x in rows if x.strip()][-count:]


def said(row: str) -> str:
    """Return the last text in a message of JSON that people would read, else the row itself."""
    if row.startswith("{"):
        with suppress(ValueError, RecursionError):
            found = [x.strip() for x in _texts(json.loads(row)) if x.strip()]
            return found[-1].splitlines()[-1] if found else row
    return row


def _texts(found: object) -> Iterator[str]:
    if isinstance(found, list):
        for one in found:
            yield from _texts(one)
    elif isinstance(found, dict):
        for key, one in found.items():
            if isinstance(one, str) and key in _SPOKEN:
                yield one
            elif not isinstance(one, str):
                yield from _texts(one)


class Screen:
    """Keeps the end of an agent's output, and says from it how the agent is.

    One that takes no ``input`` waits for none, whatever it prints.
    """

    def __init__(self, now: float, waiting: Sequence[str] = (), *, input: bool = True):  # noqa: A002
        self._input = input
        self._tail = b""
        self._said = now
        self._own = tuple(re.compile(x) for x in waiting)
        self._told: tuple[str, ...] | None = None
        self.pastes = False
        self.any = False

    def feed(self, data: bytes, now: float) -> None:
        """Take in output."""
        self._tail = (self._tail + data)[-_TAIL:]
        self._told = None
        self._said, self.any = now, True
        for found in _PASTE.finditer(data):
            self.pastes = found[1] == b"h"

    def quiet(self, now: float) -> float:
        """Return for how many seconds nothing was printed."""
        return now - self._said

    def status(self, now: float) -> str:
        """Return 'running', 'waiting' or 'idle'."""
        quiet = self.quiet(now)
        if self._input and quiet >= QUIET and self.asks():
            return WAITING
        return IDLE if quiet >= IDLE_AFTER else RUNNING

    @property
    def last(self) -> str:
        """The last line that is not empty, safe for a terminal; of JSON what it says."""
        rows = self._rows()
        return line(said(rows[-1].strip()), _LONGEST) if rows else ""

    def asks(self) -> bool:
        """Say whether what it printed last looks like a question."""
        rows = self._rows()
        if not rows:
            return False
        last = rows[-1][-_LONGEST:]
        patterns = _ASKS if self._tail.endswith((b"\n", b"\r")) else (*_ASKS, *_PROMPTS)
        if any(x.search(last) for x in self._own) or any(re.search(x, last) for x in patterns):
            return True
        return any(re.search(x, row[:_LONGEST]) for row in rows[-_ABOVE:] for x in _ASKS_ABOVE)

    def _rows(self) -> tuple[str, ...]:
        if self._told is None:
            rows = re.split(r"[\r\n]+", plain(self._tail))
            self._told = tuple(x for x in rows if x.strip())
        return self._told
