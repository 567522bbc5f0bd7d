"""Candidates of a batch judged side by side, each as it would land."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from gitlanes.fleet.weighing import verdicts_of
from gitlanes.gates import judging, trust
from gitlanes.models.plain import replace
from gitlanes.queue.judging import Flights, Question

if TYPE_CHECKING:
    from gitlanes.fleet.entrants import Contender
    from gitlanes.store.lane_repo import LaneRepo

_MOST_JOBS = 4


def judged(repo: LaneRepo, contenders: Sequence[Contender]) -> dict[str, Contender]:
    """Return candidates by lane, with what gates say; what was judged before is not again.

    What fails is asked a second time before that counts. Raises Refused where the gates' text is
    not trusted, and what else keeps them from running.
    """
    asked = [Question(x.candidate, x.gates) for x in contenders if x.candidate and x.gates]
    if not asked:
        return {x.entrant.lane: x for x in contenders}
    rules = asked[0].candidate.rules
    trust.require(repo, rules)
    jobs = rules.jobs or min(os.cpu_count() or 1, _MOST_JOBS)
    with closing(Flights(repo, jobs, min(jobs, len(asked)))) as flights:
        flights.show(asked)
        for question in repo.counted("judging candidates", asked):
            flights.settled(question)
        return {x.entrant.lane: _told(repo, x) for x in contenders}


def _told(repo: LaneRepo, contender: Contender) -> Contender:
    """Return a candidate with the verdicts on its tree, which are there by now."""
    if contender.candidate is None or not contender.gates:
        return contender
    found = judging.judge(repo, contender.candidate, contender.gates)
    said = verdicts_of(contender.gates, {x.name: x for x in found})
    entrant = replace(contender.entrant, gates=said)
    return replace(contender, entrant=entrant, evaluations=found)
