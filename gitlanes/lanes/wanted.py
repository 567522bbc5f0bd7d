"""The tasks that lanes have, and whether those who took them still do."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gitlanes.errors import CorruptRecord, Unsupported
from gitlanes.models.plain import replace
from gitlanes.models.records import Lane
from gitlanes.models.tasks import Task
from gitlanes.store import tasks
from gitlanes.workspaces.claims import stale_reason

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def tasks_of(repo: LaneRepo, lanes: Iterable[Lane]) -> list[Task]:
    """Return the tasks of lanes that have not ended, those to be done first before others.

    With the reason why a claim does not hold any more. Raises CorruptRecord.
    """
    found = (
        replace(x, stale=stale_reason(x.claim)) if x.claim else x for x in tasks.read(repo, lanes)
    )
    return sorted(found, key=lambda x: x.order)


def by_lane(repo: LaneRepo, lanes: Iterable[Lane]) -> dict[str, tuple[Task, ...]]:
    """Return the same by the names of lanes, for listings: what is damaged is only warned of."""
    found: dict[str, tuple[Task, ...]] = {}
    for lane in lanes:
        try:
            found[lane.name] = tuple(tasks_of(repo, [lane]))
        except (CorruptRecord, Unsupported) as error:
            repo.warn(error.message)
    return found
