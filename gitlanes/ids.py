"""Identities: operations and lanes, Gerrit Change-Ids, and the spelling of attempt ids."""

from __future__ import annotations

import os
import re

CHANGE_ID = re.compile(r"I[0-9a-f]{40}")
ATTEMPT_ID = re.compile(r"(?P<lane>[A-Za-z0-9][A-Za-z0-9._-]{0,99})/(?P<number>[1-9][0-9]{0,8})")
SNAPSHOT_ID = re.compile(r"(?P<lane>[A-Za-z0-9][A-Za-z0-9._-]{0,99})/s(?P<number>[1-9][0-9]{0,8})")


def new_id(now: float) -> str:
    """Return a time-ordered UUID (version 7, RFC 9562) for that moment in epoch seconds."""
    random = int.from_bytes(os.urandom(10), "big")
    value = (int(now * 1000) & (2**48 - 1)) << 80 | random
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def new_change_id() -> str:
    """Return a fresh Gerrit Change-Id: ``I`` and 40 hex digits."""
    return "I" + os.urandom(20).hex()


def attempt_id(lane: str, number: int) -> str:
    """Return ``auth/3`` for attempt 3 of lane ``auth``."""
    return f"{lane}/{number}"


def snapshot_id(lane: str, number: int) -> str:
    """Return ``auth/s3`` for safety snapshot 3 of lane ``auth``."""
    return f"{lane}/s{number}"
