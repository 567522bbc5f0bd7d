"""What must hold of a lane before it is changed: it is as the caller last saw it, and active."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.errors import BadValue, Raced, Refused
from gitlanes.models.records import ABANDONED, ACTIVE, ARCHIVED, CONFLICTED, PAUSED, PRUNED, Lane
from gitlanes.store import codec, layout

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_BACK = {ARCHIVED: "unarchive", PRUNED: "unarchive", PAUSED: "resume", ABANDONED: "resume"}
_ONLY_ACTIVE = "only active lanes take work"
_COMMIT = re.compile(r"[0-9a-f]{4,40}")


class Expected(NamedTuple):
    """A lane, and the head (or a beginning of it) that operations are to find it at."""

    lane: str
    head: str


@contextmanager
def expecting(repo: LaneRepo, expect: str | None, lane: Callable[[], str]) -> Iterator[None]:
    """Let each operation in the block ask, under the lock, that a lane is at `expect`.

    Until one of them has moved it. For doors of verbs that need not know of it; ``lane`` names
    the lane, and is asked only where something is expected. Raises Raced before anything is done
    where it is elsewhere already, BadValue as `check_expected` does.
    """
    check_expected(expect)
    if expect is None:
        yield
        return
    repo.expected = Expected(lane(), expect)
    try:
        require_expected(repo)
        yield
    finally:
        repo.expected = None


def require_expected(repo: LaneRepo) -> None:
    """Raise Raced unless the lane that something is expected of is there; see `expecting`."""
    if repo.expected is not None:
        name, expect = repo.expected
        require_commit(f"lane '{name}'", repo.view.lane(name).record.head, expect)


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


def require_unbound(lane: Lane, done: str) -> None:
    """Raise Refused for the adopted lane, and for one that is bound to a branch."""
    name = lane.name
    if lane.extra.get("adopted"):
        raise Refused(f"lane '{name}' is the repository's own", hint=f"other lanes can be {done}")
    if lane.branch is not None:
        raise Refused(
            f"lane '{name}' is bound to branch '{layout.short_branch(lane.branch)}'",
            hint=f"set it free first: git lanes bind {name} --unset",
        )
