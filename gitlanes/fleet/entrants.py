"""The lanes of a batch: what each of them would land, or why it would not."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitlanes import clock
from gitlanes.errors import Collision, NotFound, Refused
from gitlanes.fleet import observing, places
from gitlanes.fleet.weighing import shown, sized, verdicts_of
from gitlanes.gates import definitions, verdicts
from gitlanes.git.trailers import body_of
from gitlanes.history import log
from gitlanes.landing import plans
from gitlanes.lanes.targets import target_of
from gitlanes.models import batches as words
from gitlanes.models.batches import Entrant
from gitlanes.models.fleet import CRASHED, KILLED, OVER_BUDGET
from gitlanes.models.gates import Candidate, Gate
from gitlanes.models.history import Told
from gitlanes.models.notes import Evaluation
from gitlanes.models.plain import Model, replace
from gitlanes.models.records import ACCEPTED, ACTIVE, NOT_LANDED, Attempt, Lane, LaneState
from gitlanes.models.records import REJECTED as TURNED_DOWN
from gitlanes.review import decide, standing
from gitlanes.store import spending, view
from gitlanes.workspaces import intake

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Contender(Model):
    """An entrant, and what its gates are asked about; without a candidate it cannot win."""

    entrant: Entrant
    state: LaneState
    candidate: Candidate | None = None
    gates: tuple[Gate, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()


class Field(NamedTuple):
    """All lanes of a batch, and the lane that one of them is to land on."""

    batch: str
    target: LaneState
    contenders: tuple[Contender, ...]


def members(repo: LaneRepo, batch: str) -> list[LaneState]:
    """Return the lanes of a batch, archived ones included, by name; raises NotFound."""
    repo.view.require_adopted()
    every = repo.view.lanes()
    found = [x for x in every if batch in _batches(x.record)]
    if not found:
        known = sorted({name for x in every for name in _batches(x.record)})
        hint = f"there are: {', '.join(known[-5:])}" if known else "no lane is of any batch"
        near = view.nearest(batch, known)
        raise NotFound("batch", view.shown(batch), nearest=near, hint=hint)
    return sorted(found, key=lambda x: x.record.name)


def _batches(lane: Lane) -> set[str]:
    """Return what a lane was made for, and what its last agent ran for."""
    return {x for x in (lane.batch, lane.run.get("batch")) if x}


def field(repo: LaneRepo, batch: str, into: str | None = None) -> Field:
    """Return the lanes of a batch as they stand towards their target; no lane moves.

    Agents whose supervisor was killed are seen to first. Raises NotFound, Refused where the lanes
    are to land on several.
    """
    observing.reconcile(repo)
    states = [intake.foreseen(repo, x) for x in members(repo, batch)]
    targets = {x.record.uuid: x for x in (target_of(repo, state, into) for state in states)}
    if len(targets) > 1:
        several = ", ".join(sorted(x.record.name for x in targets.values()))
        raise Refused(
            f"the lanes of batch '{batch}' are to land on several: {several}",
            hint="name the target with --into LANE",
        )
    target = intake.foreseen(repo, next(iter(targets.values())))
    busy = {place.order().get("lane_uuid") for place, _ in places.live(repo)}
    found = []
    for state in repo.counted("comparing lanes", states):
        one = _contender(repo, state, target)
        lane = state.record
        cost = spending.of(repo, lane).get("total", {})
        entrant = replace(one.entrant, cost=cost, seconds=_seconds(lane, cost))
        found.append(replace(one, entrant=_at_work(entrant, lane, lane.uuid in busy)))
    return Field(batch, target, tuple(found))


def _seconds(lane: Lane, cost: dict[str, object]) -> float | None:
    """Return how long its agents took: as its costs say, else its last one."""
    wall = cost.get("wall_ms")
    if isinstance(wall, int):
        return wall / 1000
    began, ended = lane.run.get("started"), lane.run.get("ended")
    if not began or not ended:
        return None
    return max(0.0, clock.from_utc_text(ended) - clock.from_utc_text(began))


def _at_work(entrant: Entrant, lane: Lane, busy: bool) -> Entrant:
    """Return it with what is known of its agent: at work here, or elsewhere without an offer."""
    nothing = entrant.standing == words.UNCHANGED
    if not busy and not (nothing and lane.run and "ended" not in lane.run):
        return entrant
    standing = words.RUNNING if nothing else entrant.standing
    return replace(entrant, running=True, standing=standing, why=None if nothing else entrant.why)


def _contender(repo: LaneRepo, state: LaneState, target: LaneState) -> Contender:
    told = _last(repo, state.record)
    entrant = _described(repo, state.record, told)
    lane = state.record
    if lane.status != ACTIVE:
        return Contender(replace(entrant, standing=lane.status, why=lane.why), state)
    try:
        work = with_open(repo, state)
    except Collision as error:
        return Contender(_colliding(entrant, error), state)
    try:
        landing = plans.plan(repo, work, target)
    except Refused as error:  # they have no common history, say
        return Contender(replace(entrant, standing=words.REFUSED, why=error.message), state)
    if work.record.head in landing.bases:
        return Contender(_without_news(entrant, lane, target.record, told), state)
    return _planned(repo, entrant, state, landing)


def _last(repo: LaneRepo, lane: Lane) -> Told | None:
    """Return the attempt that a lane is known by: the newest open one, else accepted, else any."""
    found = next((x for x in reversed(lane.open) if x.promotion is None), None)
    if found is None:
        known = log.attempts(repo, lane.name)
        mine = [x for x in known if x.kind == "work" and x.time >= lane.created]
        found = next((x for x in mine if x.status == ACCEPTED), next(iter(mine), None))
    return log.tell(repo, found) if found else None


def _described(repo: LaneRepo, lane: Lane, told: Told | None) -> Entrant:
    if told is None:
        return Entrant(lane.name, words.UNCHANGED, agent=lane.owner)
    attempt = told.attempt
    message = repo.objects.commit(attempt.commit).message
    return Entrant(
        lane.name,
        words.UNCHANGED,
        attempt=attempt.id,
        open=attempt.open,
        commit=attempt.commit,
        title=attempt.title,
        summary=body_of(message) or None,
        agent=told.agent or lane.owner,
        model=told.intent.get("model"),
    )


def to_accept(lane: Lane) -> list[Attempt]:
    """Return the newest open attempt of a lane and those that it stands on, the lowest first."""
    newest = next((x for x in reversed(lane.open) if x.promotion is None), None)
    return standing.chain(lane, newest)[::-1]


def with_open(repo: LaneRepo, state: LaneState) -> LaneState:
    """Return the lane as it would be once its newest open attempt is accepted; nothing moves.

    Raises Collision where the lane itself went on at the same paths.
    """
    lane = state.record
    for attempt in to_accept(lane):
        tree, _ = decide.laid(repo, lane, attempt)
        commit = attempt.commit
        if attempt.base != lane.head:
            who = repo.identity()
            said = f"candidate of {lane.name}\n"
            commit = repo.objects.write_own_commit(
                tree, [str(lane.head)], said, author=who.author, committer=who.committer
            )
        landed = decide.with_merged(repo, lane, attempt)
        lane = replace(lane, head=commit, landed=landed)
    return replace(state, record=lane)


def _without_news(entrant: Entrant, lane: Lane, target: Lane, told: Told | None) -> Entrant:
    landed = lane.landed.get(target.uuid, NOT_LANDED)
    if landed.at is not None and landed.source == lane.head:
        return replace(entrant, standing=words.LANDED, why=f"it landed on {target.name}")
    ended = lane.run.get("status")
    if ended in (CRASHED, KILLED, OVER_BUDGET):
        why = lane.run.get("reason") or f"exit code {lane.run.get('code')}"
        return replace(entrant, standing=ended, why=why)
    if told is not None and told.attempt.status == TURNED_DOWN:
        return replace(entrant, standing=words.REJECTED, why=told.attempt.reason)
    code = lane.run.get("code")
    why = f"its agent ended with exit code {code}" if code else "it changed nothing"
    return replace(entrant, standing=words.UNCHANGED, why=why)


def _colliding(entrant: Entrant, error: Collision) -> Entrant:
    paths = tuple(dict.fromkeys(x["path"].encode(*_BYTES) for x in error.data["collisions"]))
    return replace(entrant, standing=words.COLLIDES, why=error.message, collisions=paths)


_BYTES = ("utf-8", "surrogateescape")


def _planned(
    repo: LaneRepo, entrant: Entrant, state: LaneState, landing: plans.Landing
) -> Contender:
    """Return the contender whose work there is a plan for: what it changes, and what gates say."""
    made, target = landing.plan, landing.target.record
    before = repo.objects.commit(str(target.head)).tree
    overlap = tuple(x for x in made.source if x in made.target)
    entrant = replace(entrant, overlap=overlap)
    if made.tree is None:
        paths = tuple(dict.fromkeys(x.path for x in made.collisions))
        why = f"{target.name} changed the same paths: {shown(paths)}"
        base = repo.objects.commit(landing.bases[0]).tree
        tree = repo.objects.commit(landing.ends[0]).tree
        entrant = replace(entrant, standing=words.COLLIDES, why=why, collisions=paths)
        return Contender(sized(repo, entrant, base, tree), state)
    if made.tree == before:
        why = f"{target.name} has all of it by now"
        return Contender(replace(entrant, why=why), state)
    entrant = sized(repo, replace(entrant, tree=made.tree), before, made.tree)
    rules = definitions.rules_at(repo, target)
    candidate = Candidate(made.tree, str(target.head), target.name, entrant.paths, rules)
    gates = definitions.gates_for(candidate)
    known = {x.name: verdicts.known(repo, made.tree, x) for x in gates}
    entrant = replace(entrant, standing=words.READY, gates=verdicts_of(gates, known))
    guarded = definitions.protected(repo, rules, made.tree, entrant.paths)
    if guarded:
        why = f"protected paths would change: {shown(tuple(guarded))}"
        return Contender(replace(entrant, standing=words.PROTECTED, why=why), state)
    return Contender(entrant, state, candidate, gates, tuple(filter(None, known.values())))
