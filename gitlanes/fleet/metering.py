"""What an agent takes, read from its output while it works, and when that is too much."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import TYPE_CHECKING

from gitlanes.config import prices
from gitlanes.config.prices import Price
from gitlanes.errors import BadValue, LanesError
from gitlanes.fleet import screen
from gitlanes.models.notes import NO_COST, Cost
from gitlanes.models.plain import plain
from gitlanes.usage import budgets, sums
from gitlanes.usage import prices as pricing
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


def priced(cost: Cost, model: str | None, team_file: str | None) -> Cost:
    """Return a cost with an amount by the team's prices, where it has none of its own."""
    model = cost.model or model
    if cost.amount is not None or model is None or cost.input_tokens is cost.output_tokens is None:
        return cost
    price = _price(team_file, model)
    return pricing.priced(cost, price) if price else cost


@cache
def _price(team_file: str | None, model: str) -> Price | None:
    try:
        return prices.price_of(team_file, model)
    except LanesError:
        return None


def exceeded(standings: Iterable[Standing], cost: Cost, wall_ms: int) -> str | None:
    """Say which budget an agent comes to with what it took so far, None if it comes to none."""
    taken = sums.as_sums({**plain(cost, absent=False), "wall_ms": wall_ms})
    for found in standings:
        used = dict(found.used)
        if "amount" in used:
            used["amounts"] = {found.currency: used.pop("amount")}
        limits = {**found.limits, "currency": found.currency}
        after = sums.summed([used, taken])
        now = budgets.standing(found.scope, found.name, limits, after)
        if now.exceeded:
            return f"{budgets.subject(now)} is over budget: {budgets.told(now, now.exceeded[0])}"
    return None
