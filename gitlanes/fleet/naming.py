"""Names of the lanes of a batch: a beginning made of the prompt, and letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection

from gitlanes.errors import BadValue
from gitlanes.store import layout

MOST = 100
_LONGEST = 32
_USUAL = "try"


def members(prefix: str, number: int) -> list[str]:
    """Return the lanes of a batch: ``auth-a``, ``auth-b``, …; raises BadName."""
    if not 1 <= number <= MOST:
        raise BadValue(f"{number} is no number of agents", hint=f"say 1 to {MOST}")
    return [layout.check_lane_name(f"{prefix}-{_letters(x)}") for x in range(number)]


def _letters(number: int) -> str:
    """Return ``a`` to ``z``, then ``aa``, ``ab`` and so on."""
    above, last = divmod(number, 26)
    return (_letters(above - 1) if above else "") + chr(ord("a") + last)


def prefix_of(prompt: str, number: int, taken: Collection[str]) -> str:
    """Return a beginning made of a prompt's first words, with which no lane of a batch is taken.

    ``taken`` are the names that lanes have or had, in small letters.
    """
    first = next((x for x in prompt.splitlines() if x.strip()), "")
    plain = unicodedata.normalize("NFKD", first).encode("ascii", "ignore").decode().lower()
    found = ""
    for word in re.findall("[a-z0-9]+", plain):
        if len(found) + len(word) >= _LONGEST:
            break
        found += f"-{word}" if found else word
    found = found or _USUAL
    for again in range(1, len(taken) + 2):
        prefix = found if again == 1 else f"{found}-{again}"
        names = [f"{prefix}-{_letters(x)}" for x in range(number)]
        if all(layout.is_lane_name(x) and x not in taken for x in names):
            return prefix
    return _USUAL
