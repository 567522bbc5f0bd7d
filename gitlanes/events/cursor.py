"""Where in all journals a reader is: the entries up to which he has read them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, line

if TYPE_CHECKING:
    from gitlanes.models.records import Entry

START = "start"
_FORM = "1"
_LENGTH = 20


def encode(entries: Iterable[str]) -> str:
    """Return the cursor of a reader who has these entries, and all that they follow."""
    data = b"".join(bytes.fromhex(x) for x in sorted(entries))
    return _FORM + base64.urlsafe_b64encode(data).decode().rstrip("=") if data else START


def decode(cursor: str) -> frozenset[str]:
    """Return the entries that a cursor names; raises BadValue for what is none."""
    if cursor == START:
        return frozenset()
    text = cursor[1:]
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        data = b""
    if not cursor.startswith(_FORM) or not data or len(data) % _LENGTH:
        raise BadValue(
            f"bad cursor '{line(cursor, 30)}'",
            hint=f"give one that 'git lanes events --json' printed, or '{START}'",
        )
    return frozenset(data[at : at + _LENGTH].hex() for at in range(0, len(data), _LENGTH))


def after(entries: Collection[str], entry: Entry) -> set[str]:
    """Return where a reader is who has read one more entry.

    The one before a renaming stays: two entries follow it, and the other one may be unseen.
    """
    before = () if "renamed" in entry.details else entry.follows
    return {*entries, entry.oid}.difference(before)
