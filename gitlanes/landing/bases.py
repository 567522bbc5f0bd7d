"""From where a lane's changes count towards a target: recorded, not recomputed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from gitlanes.errors import Refused
from gitlanes.lanes.forks import fork_point
from gitlanes.models.records import Lane, LaneState
from gitlanes.store.ancestry import is_ancestor, merge_base

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Finds a lane by its uuid.
Find = Callable[[str], LaneState | None]


def bases_for(
    repo: LaneRepo, source: LaneState, target: LaneState, find: Find | None = None
) -> tuple[str, ...]:
    """Return the commits whose content both lanes have, for the landing of one on the other.

    The source head that landed last; before any landing, the point where the source's start
    left the target's history, or a later commit of its ancestry that landed there since. What
    the target itself landed on the source before counts in the same way. ``find`` is for who
    asks for many lanes, and has read them all.
    """
    find = find or repo.view.by_uuid
    known = source.record.landed.get(target.record.uuid)
    if known is not None and known.at is not None:
        bases = known.bases
    elif known is not None:
        bases = brought_up(repo, source.record, target.record, known.bases, find)
    else:
        fork = _fork(repo, source.record, target.record)
        bases = brought_up(repo, source.record, target.record, (fork,), find)
    back = target.record.landed.get(source.record.uuid)
    if back is None or back.source is None:
        return bases
    return _newest(repo, (*bases, back.source))


def brought_up(
    repo: LaneRepo, source: Lane, target: Lane, bases: Iterable[str], find: Find | None = None
) -> tuple[str, ...]:
    """Return bases that were recorded earlier, moved along what the source came from.

    A lane that the source started from may have landed since: what both share up to its landed
    head is on the target already, in whatever form.
    """
    find = find or repo.view.by_uuid
    return tuple(_landed_since(repo, source, target, base, find) for base in bases)


def _fork(repo: LaneRepo, source: Lane, target: Lane) -> str:
    """Return the base of a first landing that nothing was recorded for."""
    if source.uuid in target.landed:  # the target started from the source: its fork is theirs
        fork = merge_base(repo, str(source.head), str(target.head))
    else:
        fork = fork_point(repo, str(source.fork), target)
    if fork is None:
        raise Refused(
            f"lanes '{source.name}' and '{target.name}' have no common history",
            hint="start the lane from a commit that both have",
        )
    return fork


def _newest(repo: LaneRepo, commits: tuple[str, ...]) -> tuple[str, ...]:
    """Return the commits without those that another one of them contains."""
    found = tuple(dict.fromkeys(commits))
    return tuple(
        one for one in found if not any(x != one and is_ancestor(repo, one, x) for x in found)
    )


def _landed_since(repo: LaneRepo, source: Lane, target: Lane, fork: str, find: Find) -> str:
    """Return the newest commit of the source's ancestry that landed on the target, or `fork`."""
    base, origin, seen = fork, source.origin, {source.uuid, target.uuid}
    while origin is not None and origin not in seen:
        seen.add(origin)
        lane = find(origin)
        if lane is None:
            break
        landed = lane.record.landed.get(target.uuid)
        if landed is not None and landed.source is not None:
            shared = merge_base(repo, landed.source, str(source.head))
            if shared is not None and is_ancestor(repo, base, shared):
                base = shared
        origin = lane.record.origin
    return base
