"""Records as they may be trusted: what they name goes into git's arguments and into paths.

A journal may come from anywhere, so an id that is no id, or a branch with a line break in it,
must stop at the door. Raises ValueError, which the reader turns into CorruptRecord.
"""

from __future__ import annotations

import re

from gitlanes.errors import BadName
from gitlanes.models.records import Attempt, Lane
from gitlanes.store import layout

_OID = re.compile(r"[0-9a-f]{40}")
_BRANCH = re.compile(layout.BRANCHES + r"[^\x00-\x20\x7f~^:?*\[\\]+")
_UUID = re.compile(r"[0-9a-zA-Z-]{1,64}")


def checked_lane(lane: Lane) -> Lane:
    """Return the lane if its name, ids and branch are what they claim to be."""
    try:
        layout.check_lane_name(lane.name)
    except BadName as error:
        raise ValueError(error.message) from None
    landed = [x for where in lane.landed.values() for x in (*where.bases, where.at, where.source)]
    _require_oids(lane.head, lane.fork, *landed)
    for uuid in filter(None, (lane.uuid, lane.origin, lane.parent)):
        _require(_UUID, uuid)
    if lane.branch is not None:
        _require(_BRANCH, lane.branch)
    return lane


def checked_attempt(attempt: Attempt) -> Attempt:
    """Return the attempt if its ids are what they claim to be."""
    merged = attempt.merged.values()
    _require_oids(attempt.commit, attempt.base, attempt.tree, attempt.landed, *merged)
    if attempt.id.rpartition("/")[2] != str(attempt.number):
        raise ValueError(f"attempt id '{attempt.id}'")
    return attempt


def _require_oids(*oids: str | None) -> None:
    for oid in oids:
        if oid is not None:
            _require(_OID, oid)


def _require(pattern: re.Pattern[str], text: str) -> None:
    if not pattern.fullmatch(text):
        raise ValueError(f"'{text[:60]}' is not what its field asks for")
