"""Compare-and-swap for callers: a change only if things still are as they last saw them."""

from __future__ import annotations

from gitlanes.errors import Raced


def require_commit(what: str, actual: str | None, expect: str | None) -> None:
    """Raise Raced unless `actual` is the commit that `expect`, or a beginning of it, names."""
    if expect is not None and not (actual or "").startswith(expect):
        raise Raced(
            f"{what} is at {str(actual)[:12]}, not at {expect[:12]}",
            hint="look at what came in, then repeat with that",
            data={"head": actual, "expect": expect},
        )
