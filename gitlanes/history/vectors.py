"""Texts as vectors of words and parts of words, and how alike two vectors are.

Feature hashing with signs (Weinberger et al. 2009): each word, and each three characters of it,
adds to one of a few hundred numbers.
"""

from __future__ import annotations

import math
import re
from array import array
from collections import Counter
from collections.abc import Sequence
from operator import itemgetter, mul
from zlib import crc32

# The name under which vectors of `of_words` are kept: another way of making them needs another.
WORDS = "words/1"
_SIZE = 512
_WORD = re.compile(r"\w+")
_WHOLE, _PART = 2.0, 1.0
_STEPS = 127


def of_words(text: str) -> list[float]:
    """Return the vector of a text's words and their parts; all zeros where it has none."""
    counts = Counter(_WORD.findall(text.casefold()))
    found = [0.0] * _SIZE
    for word, count in counts.items():
        often = 1.0 + math.log(count)
        _add(found, word, _WHOLE * often)
        framed = f"<{word}>"
        for at in range(len(framed) - 2):
            _add(found, framed[at : at + 3], _PART * often)
    return found


def _add(vector: list[float], feature: str, weight: float) -> None:
    number = crc32(feature.encode("utf-8", "surrogatepass"))
    vector[number % _SIZE] += weight if number & 1 << 31 else -weight


def packed(vector: Sequence[float]) -> tuple[float, bytes]:
    """Return (length, content) of a vector in a byte for each number."""
    largest = max(map(abs, vector), default=0.0) or 1.0
    numbers = array("b", (round(x / largest * _STEPS) for x in vector))
    return math.sqrt(sum(x * x for x in numbers)), numbers.tobytes()


class Compass:
    """Says how alike packed vectors are to one."""

    def __init__(self, vector: Sequence[float]):
        self._size = len(vector)
        self._length, content = packed(vector)
        numbers = array("b", content)
        # Of a short text most numbers are zero: the others are enough.
        used = [at for at, x in enumerate(numbers) if x]
        used += [at for at in range(self._size) if at not in used][: max(0, 2 - len(used))]
        self._pick = itemgetter(*used)
        self._numbers = self._pick(numbers)

    def cosine(self, length: float, content: bytes) -> float:
        """Return 1 for the same direction, 0 for nothing in common."""
        if not length or not self._length or len(content) != self._size:
            return 0.0
        product: int = sum(map(mul, self._numbers, self._pick(array("b", content))))
        return product / length / self._length
