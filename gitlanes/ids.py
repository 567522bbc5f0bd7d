"""Identities: operations and lanes, Gerrit Change-Ids, and the spelling of attempt ids."""

from __future__ import annotations

import os
import re

CHANGE_ID = re.compile(r"I[0-9a-f]{40}")
CHANGE_BEGINNING = re.compile(r"I[0-9a-f]{4,40}")
ATTEMPT_ID = re.compile(r"(?P<lane>[A-Za-z0-9][A-Za-z0-9._-]{0,99})/(?P<number>[1-9][0-9]{0,8})")
BATCH_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
TASK_ID = re.compile(r"t[0-9a-z]{7}")
SNAPSHOT_ID = re.compile(r"(?P<lane>[A-Za-z0-9][A-Za-z0-9._-]{0,99})/s(?P<number>[1-9][0-9]{0,8})")
_DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"


def new_id(now: float) -> str:
    """Return a time-ordered UUID (version 7, RFC 9562) for that moment in epoch seconds.

    The bits after the milliseconds are their fraction: ids made in turn sort in that order.
    """
    ticks = int(now * 1000 * 4096)
    value = (ticks >> 12 & (1 << 48) - 1) << 80 | 7 << 76 | (ticks & 0xFFF) << 64
    value |= 2 << 62 | int.from_bytes(os.urandom(8), "big") >> 2
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def new_change_id() -> str:
    """Return a fresh Gerrit Change-Id: ``I`` and 40 hex digits."""
    return "I" + os.urandom(20).hex()


def new_task_id() -> str:
    """Return a fresh id of a task: ``t`` and 7 digits and letters that are not taken for others."""
    return "t" + _drawn()


def new_batch_id() -> str:
    """Return a fresh id of a batch: ``b`` and 7 such digits and letters."""
    return "b" + _drawn()


def _drawn() -> str:
    return "".join(_DIGITS[x % 32] for x in os.urandom(7))


def attempt_id(lane: str, number: int) -> str:
    """Return ``auth/3`` for attempt 3 of lane ``auth``."""
    return f"{lane}/{number}"


def snapshot_id(lane: str, number: int) -> str:
    """Return ``auth/s3`` for safety snapshot 3 of lane ``auth``."""
    return f"{lane}/s{number}"
