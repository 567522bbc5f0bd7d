"""Checks of what lanes have to do with each other, and of agents that work on tasks."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from gitlanes.errors import LanesError
from gitlanes.graph import conflicts, dependencies, marking
from gitlanes.lanes.wanted import tasks_of
from gitlanes.models.health import WARNING
from gitlanes.models.records import CONFLICTED, Lane
from gitlanes.tasks import claiming
from gitlanes.upkeep.survey import Problem, Survey, problem, saying

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def circles(survey: Survey) -> Iterator[Problem]:
    """Find lanes that follow each other in a circle, as two clones may make one together."""
    known = {lane.uuid: lane for lane in survey.live}
    told: set[str] = set()
    for lane in sorted(known.values(), key=lambda x: x.name):
        way = dependencies.circle(known, lane.uuid)
        if not way or told.intersection(way):
            continue
        told.update(way)
        names = [known[x].name for x in way]
        yield problem(
            f"lanes follow each other in a circle: {' -> '.join(names)}",
            names[0],
            f"say which one follows no more: git lanes dep remove {names[0]} --on {names[1]}",
        )


def stranded(survey: Survey) -> Iterator[Problem]:
    """Find lanes that stopped at a conflict which cannot be resolved: with lanes that are gone."""
    for entry in survey.journals[0]:
        lane = entry.record
        if lane.status != CONFLICTED:
            continue
        try:
            state = survey.repo.view.lane(lane.name)
            onto = marking.read(survey.repo, state).onto
        except LanesError as error:
            yield _stranded(survey.repo, lane, error.message)
            continue
        gone = [x.lane for x in onto if (other := survey.lane(x.uuid)) is None or not other.live]
        if gone:
            said = f"lane '{lane.name}' has a conflict with '{gone[0]}', which is gone"
            yield _stranded(survey.repo, lane, said)


def _stranded(repo: LaneRepo, lane: Lane, said: str) -> Problem:
    def abandon() -> str:
        saved = conflicts.abandon(repo, lane.name).snapshot
        kept = f"; what was edited there is in snapshot {saved.id}" if saved else ""
        return f"gave the conflict up: the lane is active, with all of its work{kept}"

    return problem(said, lane.name, "give the conflict up; the lane keeps its work", abandon)


def sessions(survey: Survey) -> Iterator[Problem]:
    """Find tasks whose agent is gone: its process has ended, or its lease."""
    for lane in survey.live:
        for task in tasks_of(survey.repo, [lane]) if lane.tasks else ():
            if task.stale:
                yield problem(
                    f"task {task.id} is {task.status} by '{task.agent}', but {task.stale}",
                    lane.name,
                    "give it back; the lane that it is done in stays",
                    partial(_given_back, survey.repo, task.id, task.stale),
                    severity=WARNING,
                )


def _given_back(repo: LaneRepo, task: str, why: str) -> str:
    with saying(repo):
        claiming.release(repo, task, force=True, reason=why)
    return "gave it back"
