"""The clock: the only place that asks what time it is."""

from __future__ import annotations

import time


def now() -> float:
    """Return seconds since the epoch."""
    return time.time()


def monotonic() -> float:
    """Return seconds that only go on, whatever happens to the wall clock."""
    return time.monotonic()


def sleep(seconds: float) -> None:
    """Wait."""
    time.sleep(seconds)


def utc_text(seconds: float) -> str:
    """Return ``2026-01-31T12:00:00.123456Z`` for seconds since the epoch."""
    whole, fraction = divmod(round(seconds * 1_000_000), 1_000_000)
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(whole)) + f".{fraction:06d}Z"


def from_utc_text(text: str) -> float:
    """Return seconds since the epoch for what `utc_text` wrote; raises ValueError."""
    from datetime import datetime  # 3 ms, and only filters by date need it

    return datetime.fromisoformat(text).timestamp()


def zone_offset(seconds: float) -> str:
    """Return the local offset from UTC at that moment, as git writes it: ``+0100``."""
    return time.strftime("%z", time.localtime(seconds))
