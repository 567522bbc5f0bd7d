"""What becomes of the lanes that were not picked, and what is recorded of the one that was."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.errors import LanesError, Refused
from gitlanes.graph.pausing import abandon
from gitlanes.landing.bases import bases_for
from gitlanes.models.batches import Entrant, Turned
from gitlanes.models.notes import Judgement
from gitlanes.models.records import ACTIVE, NOT_LANDED, Lane, LaneState
from gitlanes.review import decide
from gitlanes.store import records
from gitlanes.workspaces import capture, finding
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.fleet.entrants import Contender, Field
    from gitlanes.store.lane_repo import LaneRepo

# What the intent of a landing says of the batch that it was picked of, and why.
PICKED, WHY = "picked", "picked.why"


class Won(NamedTuple):
    """A lane that was picked, and what spoke for it."""

    lane: str
    why: str


def merits(entrant: Entrant) -> str:
    """Return what speaks for one that is picked: ``gates pass, 0.42 USD, 31 lines``."""
    passed = sum(1 for x in entrant.gates if x.passed)
    number = len(entrant.gates)
    of = "gates pass" if passed == number else f"{passed} of {number} gates pass"
    money = (f"{x} {name}".strip() for name, x in entrant.cost.get("amounts", {}).items())
    lines = f"{entrant.lines} line{'' if entrant.lines == 1 else 's'}"
    return ", ".join([*([of] if number else []), *money, lines])


def picked_before(repo: LaneRepo, found: Field, lane: Lane) -> str | None:
    """Return why a lane that landed was picked of its batch, None if it landed otherwise."""
    at = lane.landed.get(found.target.record.uuid, NOT_LANDED).at
    said = records.read(repo, [at])[at].intents if at else ()
    metas = (x.get("meta", {}) for x in said)
    mine = (x.get(WHY, "") for x in metas if x.get(PICKED) == found.batch)
    return next((str(x) for x in mine), None)


@contextmanager
def told_if_interrupted(repo: LaneRepo, found: Field, won: Won, into: str | None) -> Iterator[None]:
    """Warn on Ctrl-C that a lane has landed, if it has, and what goes on from there."""
    try:
        yield
    except KeyboardInterrupt:
        target, lane = found.target.record, repo.view.lane(won.lane).record
        landed = lane.landed.get(target.uuid, NOT_LANDED)
        if landed.at is not None and landed.source == lane.head:
            more = f" --into {into}" if into else ""
            repo.warn(
                f"lane '{won.lane}' has landed on '{target.name}'; "
                f"to turn the others down: git lanes pick {found.batch}{more}"
            )
        raise


def finish_steps(repo: LaneRepo, found: Field) -> None:
    """Have done with what a kill left half done in workspaces: to hold one does that."""
    for one in found.contenders:
        here = finding.workspace_of(repo, one.state.record)
        known = states.read(here.git_dir) if here else None
        if not (here and known and known.step) or here.root or not os.path.isdir(here.path):
            continue
        try:
            with capture.held(repo, here):
                pass
        except LanesError as error:
            repo.warn(f"workspace of lane '{one.entrant.lane}' is half done: {error.message}")


def turn_down(
    repo: LaneRepo, found: Field, won: Won, others: Sequence[Contender], agent: str | None
) -> tuple[Turned, ...]:
    """Reject the open attempts of lanes that were not picked, and abandon accepted work.

    All of it stays. What stands in the way of one is warned of: to pick again goes on.
    """
    made = []
    for one in repo.counted("turning down the others", others):
        own = f"; {one.entrant.why}" if one.entrant.why else ""
        judgement = Judgement(agent, f"not picked: {won.lane} was ({won.why}){own}")
        try:
            turned = _turned(repo, found, one, judgement)
        except LanesError as error:
            repo.warn(f"lane '{one.entrant.lane}' is not turned down: {error.message}")
            continue
        made += [turned] if turned.attempts or turned.abandoned else []
    return tuple(made)


def _turned(repo: LaneRepo, found: Field, one: Contender, judgement: Judgement) -> Turned:
    name, reason = one.entrant.lane, str(judgement.reason)
    state = repo.view.lane(name)
    if state.record.status != ACTIVE:
        return Turned(name, reason)
    newest = tuple(x.id for x in reversed(state.record.open) if x.promotion is None)
    for attempt in newest:
        said = one.evaluations if attempt == one.entrant.attempt else ()
        decide.reject(repo, attempt, judgement, evaluations=said)
    return Turned(name, reason, newest, _given_up(repo, found, state, reason))


def _given_up(repo: LaneRepo, found: Field, state: LaneState, reason: str) -> bool:
    """Abandon a lane whose accepted work has not landed; say whether it was that."""
    lane = state.record
    try:
        if lane.head in bases_for(repo, state, found.target):
            return False
        abandon(repo, lane.name, why=reason)
    except Refused as error:  # others follow it, say
        repo.warn(f"lane '{lane.name}' stays active: {error.message}")
        return False
    return True
