"""What looks dense and is no secret: ids of commits, UUIDs, paths, names made of words."""

from __future__ import annotations

import re

# Texts, and compiled by re, which remembers them, when they are needed first: most commands
# record nothing that needs any.
# Hex digits of an id stand alone, but for the I before those of a Change-Id.
_HEX = "[0-9A-Fa-f]"
_IDS = (
    rf"(?<![A-Za-z0-9])(?:[Ii]?{_HEX}{{40}}|{_HEX}{{64}}|{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}})"
    r"(?![A-Za-z0-9])"
)
_APART = r"[^A-Za-z0-9]+"
# A word, a word with a number such as sha256, a number such as a date.
_WORD = r"[A-Z]{0,6}[a-z]+(?:[A-Z]{1,6}[a-z]+){0,5}\d{0,4}|[A-Z]{1,12}\d{0,4}|\d{1,8}"
_DENSE = r"[A-Za-z0-9_+/=.-]{13,}"
_LONGEST_WORD = 24


def is_id(text: str) -> bool:
    """Say whether a text is the id of a commit, a digest, a Change-Id or a UUID."""
    return re.fullmatch(_IDS, text) is not None


def is_wordy(text: str) -> bool:
    """Say whether a text is made of words and numbers, as paths and names in programs are."""
    parts = [x for x in re.split(_APART, text) if x]
    return all(len(x) <= _LONGEST_WORD and re.fullmatch(_WORD, x) for x in parts)


def spans(text: str) -> list[tuple[int, int]]:
    """Return where ids stand."""
    return [found.span() for found in re.finditer(_IDS, text)]


def has_dense(text: str) -> bool:
    """Say whether anything in a text is too dense to be words or an id: it may be a token."""
    return any(
        not is_id(x) and not is_wordy(x)
        for x in (found[0].strip("=./-+_") for found in re.finditer(_DENSE, text))
    )
