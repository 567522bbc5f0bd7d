"""From where a lane's changes count towards a target: recorded, not recomputed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import Refused
from gitlanes.landing.holdings import merged_into, shared
from gitlanes.lanes.forks import fork_point
from gitlanes.models.records import NOT_LANDED, Lane, LaneState
from gitlanes.store.ancestry import deepened, independent, is_ancestor
from gitlanes.store.histories import merge_base

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Returns all lanes, deleted ones too.
Every = Callable[[], Sequence[LaneState]]


def bases_for(
    repo: LaneRepo, source: LaneState, target: LaneState, every: Every | None = None
) -> tuple[str, ...]:
    """Return the commits whose content both lanes have, for the landing of one on the other.

    The source head that landed last; before any landing, the point where the source's start
    left the target's history. What the target itself landed on the source before counts in the
    same way, and so does what third lanes, agents or people brought from one to the other.
    ``every`` is for who asks for many lanes, and has read them all.
    """
    known = source.record.landed.get(target.record.uuid)
    bases = known.bases if known is not None else (_fork(repo, source.record, target.record),)
    return brought_up(repo, source.record, target.record, bases, every)


def brought_up(
    repo: LaneRepo, source: Lane, target: Lane, bases: Sequence[str], every: Every | None = None
) -> tuple[str, ...]:
    """Return recorded bases with whatever else both lanes have by now.

    What they have for certain takes the place of older bases. All else is beside them: a base
    more can only stop a landing, never let it take back what somebody changed since.
    """
    back = target.landed.get(source.uuid, NOT_LANDED).source
    certain: list[str] = [back] if back else []
    beside: list[str] = []
    if _met_elsewhere(source, target):
        lanes = every() if every else repo.view.lanes(deleted=True)
        for commit, sure in shared(repo, source, target, lanes):
            (certain if sure else beside).append(commit)
        had = _landed_with(repo, source, target, lanes)
        certain, beside = _beyond(repo, certain, had), _beyond(repo, beside, had)
    certain = list(independent(repo, certain))
    newer = _beyond(repo, certain, bases)
    older = (*_beyond(repo, bases, newer), *_beyond(repo, beside, certain))
    return tuple(dict.fromkeys((*older, *newer)))


def _beyond(repo: LaneRepo, commits: Iterable[str], known: Sequence[str]) -> list[str]:
    """Return the commits that none of the known ones contains."""
    wanted = dict.fromkeys(commits)
    return [x for x in wanted if not any(is_ancestor(repo, x, one) for one in known)]


def _landed_with(
    repo: LaneRepo, source: Lane, target: Lane, lanes: Sequence[LaneState]
) -> list[str]:
    """Return what the source had of other lanes when it landed: its head then has all of it."""
    head = source.landed.get(target.uuid, NOT_LANDED).source
    state = next((x for x in lanes if x.record.uuid == source.uuid), None)
    return merged_into(repo, state, head) if head and state else []


def _met_elsewhere(source: Lane, target: Lane) -> bool:
    """Say whether the lanes may have more in common than what landed from one on the other."""
    others = (x.at for uuid, x in source.landed.items() if uuid != target.uuid)
    return source.mingled or source.origin != target.uuid or any(others)


def _fork(repo: LaneRepo, source: Lane, target: Lane) -> str:
    """Return the base of a first landing that nothing was recorded for."""
    if source.uuid in target.landed:  # the target started from the source: its fork is theirs
        fork = merge_base(repo, str(source.head), str(target.head), (source, target))
    else:
        fork = fork_point(repo, str(source.fork), target)
    if fork is None:
        raise Refused(
            f"lanes '{source.name}' and '{target.name}' have no common history",
            hint=deepened(repo, "start the lane from a commit that both have"),
        )
    return fork
