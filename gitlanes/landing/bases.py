"""From where a lane's changes count towards a target: recorded, not recomputed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.errors import Refused
from gitlanes.lanes.forks import fork_point
from gitlanes.models.records import Lane, LaneState
from gitlanes.store.ancestry import is_ancestor, merge_base

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def bases_for(repo: LaneRepo, source: LaneState, target: LaneState) -> tuple[str, ...]:
    """Return the commits whose content both lanes have, for the landing of one on the other.

    The source head that landed last; before any landing, the point where the source's start
    left the target's history, or a later commit of its ancestry that landed there since.
    """
    known = source.record.landed.get(target.record.uuid)
    if known is not None and known.at is not None:
        return known.bases
    fork = known.bases[-1] if known else fork_point(repo, str(source.record.fork), target.record)
    if fork is None:
        raise Refused(
            f"lanes '{source.record.name}' and '{target.record.name}' have no common history",
            hint="start the lane from a commit that both have",
        )
    return (_landed_since(repo, source.record, target.record, fork),)


def _landed_since(repo: LaneRepo, source: Lane, target: Lane, fork: str) -> str:
    """Return the newest commit of the source's ancestry that landed on the target, or `fork`.

    A lane that the source started from may have landed since: what both share up to its landed
    head is on the target already, in whatever form.
    """
    base, origin, seen = fork, source.origin, {source.uuid, target.uuid}
    while origin is not None and origin not in seen:
        seen.add(origin)
        lane = repo.view.by_uuid(origin)
        if lane is None:
            break
        landed = lane.record.landed.get(target.uuid)
        if landed is not None and landed.source is not None:
            shared = merge_base(repo, landed.source, str(source.head))
            if shared is not None and is_ancestor(repo, base, shared):
                base = shared
        origin = lane.record.origin
    return base
