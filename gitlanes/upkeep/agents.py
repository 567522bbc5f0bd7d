"""A check of agents at work: those whose supervisor was killed, and nobody looked since."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from gitlanes.fleet import observing, places
from gitlanes.models.fleet import QUEUED
from gitlanes.upkeep.survey import Problem, Survey, problem

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def deserted(survey: Survey) -> Iterator[Problem]:
    """Find agents that are noted as at work, and nobody sees to them."""
    for place, run in places.live(survey.repo):
        if run.status != QUEUED and place.deserted:
            yield problem(
                f"agent '{run.agent}' in lane '{run.lane}' is noted as {run.status}, "
                "but its supervisor has ended",
                str(place.directory),
                "end what is left of it, keep its work, and record that it crashed",
                partial(_mended, survey.repo, place),
            )


def _mended(repo: LaneRepo, place: places.Place) -> str:
    why = observing.mend(repo, place)
    return f"recorded that it crashed: {why}" if why else "somebody else saw to it"
