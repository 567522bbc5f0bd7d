"""What must hold of a lane before it is changed: it is as the caller last saw it, and active."""

from __future__ import annotations

import re

from gitlanes.errors import BadValue, Raced, Refused
from gitlanes.models.records import ABANDONED, ACTIVE, ARCHIVED, CONFLICTED, PAUSED, PRUNED, Lane
from gitlanes.store import codec

_BACK = {ARCHIVED: "unarchive", PRUNED: "unarchive", PAUSED: "resume", ABANDONED: "resume"}
_ONLY_ACTIVE = "only active lanes take work"
_COMMIT = re.compile(r"[0-9a-f]{4,40}")


def check_expected(expect: str | None) -> None:
    """Raise BadValue for what can be no commit: an empty variable must not pass for a match."""
    if expect is not None and not _COMMIT.fullmatch(expect):
        raise BadValue(
            f"'{expect[:60]}' is no commit to expect", hint="give 4 to 40 hex digits of its id"
        )


def require_commit(what: str, actual: str | None, expect: str | None) -> None:
    """Raise Raced unless `actual` is the commit that `expect`, or a beginning of it, names.

    Raises BadValue as `check_expected` does.
    """
    check_expected(expect)
    if expect is not None and not (actual or "").startswith(expect):
        raise Raced(
            f"{what} is at {str(actual)[:12]}, not at {expect[:12]}",
            hint="look at what came in, then repeat with that",
            data={"head": actual, "expect": expect},
        )


def require_active(lane: Lane) -> None:
    """Raise Refused unless the lane takes work and promotions."""
    if lane.status == ACTIVE:
        return
    back = _BACK.get(lane.status)
    hint = f"bring it back with 'git lanes {back} {lane.name}'" if back else _ONLY_ACTIVE
    if lane.status == CONFLICTED:
        hint = f"resolve it: 'git lanes conflict start {lane.name}'; or 'conflict abandon' it"
    why = f": {codec.one_line(lane.why, 100)}" if lane.why else ""
    raise Refused(f"lane '{lane.name}' is {lane.status}{why}", hint=hint)
