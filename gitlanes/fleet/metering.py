"""What an agent takes, read from its output while it works, and when that is too much."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from gitlanes.errors import BadValue
from gitlanes.fleet import screen
from gitlanes.models.notes import NO_COST, Cost
from gitlanes.models.plain import replace
from gitlanes.usage.importing import read_usage

if TYPE_CHECKING:
    from gitlanes.models.costs import Standing

# Bytes of a line, and of all lines, that are kept: of what tells a usage, and of the end of all.
_LONGEST, _MOST, _END = 4 << 20, 16 << 20, 1 << 20
_TELLING = (b"usage", b"okens")
# JSON, and aider's words.
_BEGIN = (b"{", b"T")


class Meter:
    """Reads the usage that an agent prints, in whichever of the known formats it is."""

    def __init__(self, on: bool = True):
        self._on = on
        self._begun = b""
        self._lines: list[bytes] = []
        self._size = 0
        self._end = bytearray()
        self._known = NO_COST
        self._news = False

    def feed(self, data: bytes) -> None:
        """Take in output."""
        if not self._on:
            return
        self._end += data
        if len(self._end) > 2 * _END:
            del self._end[:-_END]
        if not self._begun and b"{" not in data and b"Tokens" not in data:
            self._begun = b"" if data.endswith(b"\n") else b"."  # a line that tells nothing
            return
        *whole, self._begun = (self._begun + data).split(b"\n")
        self._begun = self._begun[-_LONGEST:]
        for row in whole:
            if row.lstrip()[:1] in _BEGIN and any(x in row for x in _TELLING):
                self._news = True
                self._lines.append(row)
                self._size += len(row)
        while self._size > _MOST:
            self._size -= len(self._lines.pop(0))

    def cost(self) -> Cost:
        """Return what is known so far."""
        if self._news:
            self._news = False
            self._known = _read(b"\n".join(self._lines)) or self._known
        return self._known

    def whole(self) -> Cost:
        """Return what is known at the end, also from what was printed over several lines."""
        self.feed(b"\n")
        found = self.cost()
        if found.known or not self._on:
            return found
        text = screen.plain(bytes(self._end))
        begin = text.rfind("\n{\n")
        return _read(text[begin + 1 :].encode()) or NO_COST


def _read(data: bytes) -> Cost | None:
    text = screen.plain(data)
    try:
        return read_usage(text)
    except BadValue:
        pass
    try:  # Codex tells of all turns in the last one
        return read_usage(text.strip().rpartition("\n")[2])
    except BadValue:
        return None


def exceeded(standings: Iterable[Standing], cost: Cost, wall_ms: int) -> str | None:
    """Say which budget an agent comes to with what it took so far, None if it comes to none."""
    taken = replace(cost, wall_ms=wall_ms)
    for found in standings:
        for limit, most in found.limits.items():
            used = found.used.get(limit, 0)
            if limit == "amount":
                own = taken.amount if taken.currency == found.currency else None
                over = Decimal(str(used)) + Decimal(own or 0) >= Decimal(str(most))
            else:
                over = int(used) + (getattr(taken, limit) or 0) >= int(most)
            if over:
                from gitlanes.usage import budgets

                return f"{budgets.subject(found)} is over budget: {_told(found, limit)}"
    return None


def _told(found: Standing, limit: str) -> str:
    from gitlanes.usage.budgets import LIMITS

    return f"its limit of {found.limits[limit]} ({LIMITS[limit][0]}) is reached"
