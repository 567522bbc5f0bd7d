"""Accepting any attempt: work joins its lane's head, a promotion that was left open lands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gitlanes.combine.changes import Clash
from gitlanes.errors import Collision, GateFailed, Negative, Unsupported
from gitlanes.gates.clearance import Clearance
from gitlanes.gates.recording import record
from gitlanes.landing import agreement, bases, landed_commits, ledger, plans
from gitlanes.landing.plans import Force, Landing
from gitlanes.models.events import Event
from gitlanes.models.gates import NO_WAIVER, Waiver
from gitlanes.models.notes import NO_JUDGEMENT, Judgement
from gitlanes.models.plain import Model, plain, replace
from gitlanes.models.records import ACCEPTED, MERGE, SQUASH, Attempt, Lane, LaneState
from gitlanes.models.results import Decided, Promotion
from gitlanes.plugins import around
from gitlanes.review import gated, standing
from gitlanes.store import records
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.attribution import collision
from gitlanes.store.expectation import require_active, require_commit
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.workspaces import binding, intake

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Ready(Model):
    """A promotion that can land now: its commit, and the source as it was when proposed.

    ``then`` is that source, ``now`` the same lane as it is; None once it is deleted.
    """

    commit: str
    then: Lane
    now: LaneState | None
    bases: tuple[str, ...]
    carries: tuple[str, ...]
    convergent: tuple[bytes, ...]
    forced: tuple[dict[str, Any], ...]


def accept(
    repo: LaneRepo,
    attempt_id: str,
    judgement: Judgement = NO_JUDGEMENT,
    *,
    expect: str | None = None,
    waiver: Waiver = NO_WAIVER,
    clearance: Clearance | None = None,
) -> Decided:
    """Make an open attempt part of its lane's head.

    Where the lane moved on since it was proposed, its changes are laid on the present head by
    paths; a path that both touched raises Collision, and the attempt stays proposed. An open
    promotion lands the source's head that it was made of, as `promote` would have done. What the
    lane comes to has to pass its gates: GateFailed is raised, and recorded; work is rejected
    then, a promotion stays open. ``clearance`` knows what was judged before.
    """
    attempt, lane = repo.view.attempt_in(attempt_id)
    name, clearance = lane.record.name, clearance or Clearance(repo, waiver)
    event = Event("accept", repo.place.common_dir, name, attempt_id, agent=judgement.by)
    with around(event, repo.state_directory, repo.warn) as told:
        if attempt.promotion is None:
            made = gated.accept(repo, attempt_id, clearance, judgement, expect=expect)
        else:
            made = _land_open(repo, attempt, lane.record, judgement, expect, clearance)
        told.result = made
    repo.landed(name)
    return made


def _land_open(
    repo: LaneRepo,
    attempt: Attempt,
    lane: Lane,
    judgement: Judgement,
    expect: str | None,
    clearance: Clearance,
) -> Decided:
    """Land a promotion that was left open."""
    name = lane.name
    if lane.bound:
        intake.catch_up(repo, name)

    def land() -> Decided:
        with transaction(repo, "accept", actor=judgement.by) as tx:
            return _accept(tx, repo.view.lane(name), attempt.id, judgement, expect, clearance)

    try:
        decided = clearance.settle(land)
    except GateFailed as error:
        record(repo, [attempt.commit], clearance.failed, judgement.by)
        error.hint = f"{attempt.id} stays open; mend it in its lane and promote that again"
        raise
    target = repo.view.lane(name).record
    following = binding.follow(repo, name) if target.bound else None
    return replace(decided, following=following)


def _accept(
    tx: Transaction,
    state: LaneState,
    attempt_id: str,
    judgement: Judgement,
    expect: str | None,
    clearance: Clearance,
) -> Decided:
    repo, target = tx.repo, state.record
    require_active(target)
    require_commit(f"lane '{target.name}'", target.head, expect)
    attempt = standing.require_open(repo, state, attempt_id)
    ready = _ready(tx, state, attempt)
    source = ready.now or repo.view.by_uuid(ready.then.uuid, ready.then.name)
    if source is not None:  # a deleted lane's stacks are read, too
        agreement.require(repo, source, state, ready.then, ready.bases)
    cleared = clearance.promoted(target, repo.objects.commit(ready.commit).tree)
    records.add_evaluations(tx, attempt.commit, cleared.evaluations, attempt)
    for commit in ready.carries:
        tx.carry_notes(commit, ready.commit)
    if ready.commit != attempt.commit:
        tx.carry_notes(attempt.commit, ready.commit)
    records.add_judgement(tx, attempt, True, judgement)
    accepted = replace(
        attempt,
        status=ACCEPTED,
        landed=ready.commit,
        by=judgement.by,
        reason=judgement.reason,
        decided=tx.time,
        waived=cleared.waived or None,
    )
    gone = _rivals(target, accepted, tx.time)
    tx.description = f"accept {attempt.id}: {attempt.title}"
    _record(tx, state, ready, accepted, gone)
    return Decided(accepted, tuple(x.id for x in gone), ready.convergent)


def _record(
    tx: Transaction,
    state: LaneState,
    ready: Ready,
    accepted: Attempt,
    gone: tuple[Attempt, ...],
) -> None:
    """Set both lanes' records, as a promotion would have."""
    target, head = state.record, str(ready.then.head)
    told = {**(accepted.promotion or {}), "base": list(ready.bases), "target": target.head}
    details = {"promotion": {**told, "forced": list(ready.forced), "head": ready.commit}}
    record = replace(
        ledger.received(ready.then, target, head),
        head=ready.commit,
        open=ledger.without(target.open, [accepted, *gone]),
    )
    tx.lane(state, record, parents=[ready.commit], attempts=[accepted, *gone], details=details)
    if ready.now is not None:
        now = ready.now.record
        keep = ledger.learnt_since(tx.repo, now, target, head, ready.bases)
        tx.lane(
            ready.now,
            ledger.landed_on(now, target, head, ready.commit, keep),
            details=details,
        )


def _rivals(target: Lane, accepted: Attempt, time: str) -> tuple[Attempt, ...]:
    """Return the open attempts whose place it takes: of the same change, or the same source."""
    lane = (accepted.promotion or {})["lane_uuid"]
    rivals = [
        x
        for x in target.open
        if x.uuid != accepted.uuid
        and (x.change_id == accepted.change_id or (x.promotion or {}).get("lane_uuid") == lane)
    ]
    return standing.replaced(rivals, accepted, time)


def _ready(tx: Transaction, state: LaneState, attempt: Attempt) -> Ready:
    """Return the promotion as it lands on the target's present head; raises Collision."""
    repo, promotion = tx.repo, attempt.promotion or {}
    found, then, known = _source(repo, state, attempt)
    now = found if found.record.live else None
    forced = tuple(promotion["forced"])
    if attempt.base != state.record.head:
        return _planned_again(tx, replace(found, record=then), state, attempt, known, now)
    carries: tuple[str, ...] = ()
    if promotion["mode"] == SQUASH:
        bring = landed_commits.brought(repo, then, state.record, known)
        carries = tuple(oid for oid, _ in bring)
    return Ready(attempt.commit, then, now, known, carries, (), forced)


def _source(
    repo: LaneRepo, state: LaneState, attempt: Attempt
) -> tuple[LaneState, Lane, tuple[str, ...]]:
    """Return the lane that a promotion comes from, as it is and as it was, and the bases."""
    promotion = attempt.promotion or {}
    found = repo.view.by_uuid(promotion["lane_uuid"], promotion["lane"])
    if found is None:
        raise Negative(
            f"lane '{promotion['lane']}', which {attempt.id} would land, is unknown here",
            hint="fetch its journal, then repeat",
        )
    if promotion["mode"] not in (MERGE, SQUASH):
        raise Unsupported(
            f"{attempt.id} is a promotion of an unknown mode",
            hint="it was proposed by a newer gitlanes: upgrade yours",
        )
    then = replace(found.record, head=promotion["source"])
    _require_news(repo, found.record, state.record, attempt)
    known = tuple(promotion["base"])
    if attempt.base != state.record.head:
        known = bases.brought_up(repo, then, state.record, known)
    return found, then, known


def laid(repo: LaneRepo, state: LaneState, attempt: Attempt) -> str:
    """Return the tree that landing an open promotion now would give; raises as `accept`."""
    promotion = attempt.promotion or {}
    found, then, known = _source(repo, state, attempt)
    if attempt.base == state.record.head:
        return attempt.tree
    source = replace(found, record=then)
    landing, outcome = _planned(repo, source, state, promotion, known)
    if outcome.collisions:
        raise _refusal(attempt, outcome)
    return str(landing.plan.tree)


def _planned(
    repo: LaneRepo,
    source: LaneState,
    target: LaneState,
    promotion: dict[str, Any],
    known: tuple[str, ...],
) -> tuple[Landing, Promotion]:
    """Plan the promotion anew, with what may be forced still."""
    landing = plans.plan_from(repo, source, target, known)
    force = _still_forced(landing, promotion["forced"])
    if force.paths:
        landing = plans.plan_from(repo, source, target, known, force)
    return landing, plans.outcome(repo, landing, promotion["mode"])


def _planned_again(
    tx: Transaction,
    source: LaneState,
    target: LaneState,
    attempt: Attempt,
    known: tuple[str, ...],
    now: LaneState | None,
) -> Ready:
    """Lay the promotion on a target that moved on since it was proposed."""
    repo, promotion = tx.repo, attempt.promotion or {}
    landing, outcome = _planned(repo, source, target, promotion, known)
    if outcome.collisions:
        raise _refusal(attempt, outcome)
    before = repo.objects.commit(attempt.commit)
    message = before.message.decode("utf-8", "surrogateescape")
    made = landed_commits.write(tx, landing, promotion["mode"], message, author=before.author)
    commit = made[-1].commit if made else str(target.record.head)
    carries = made[-1].carries if made else ()
    forced = tuple(plain(outcome.forced))
    return Ready(commit, source.record, now, known, carries, outcome.convergent, forced)


def _still_forced(landing: Landing, forced: list[dict[str, Any]]) -> Force:
    """Return what may be forced again: where the target has still what was to be overwritten.

    What somebody put there since was not seen by whoever said that the source wins.
    """
    seen = {(x["path"], x.get("other")): _result(x.get("target")) for x in forced}
    paths = [
        clash.path
        for clash in landing.plan.collisions
        if seen.get((plain(clash.path), plain(clash.other)), ("?", "?")) == _after(clash)
    ]
    return Force(tuple(paths))


def _result(touch: dict[str, Any] | None) -> tuple[str, str] | None:
    """Return what a recorded touch left at its path."""
    mode, oid = (touch or {}).get("mode"), (touch or {}).get("oid")
    return (mode, oid) if mode and oid else None


def _after(clash: Clash) -> tuple[str, str] | None:
    return clash.target[1] if clash.target else None


def _require_news(repo: LaneRepo, source: Lane, target: Lane, attempt: Attempt) -> None:
    """Raise Negative where the source landed as far as that, or further, in the meantime."""
    landed = source.landed.get(target.uuid)
    head = (attempt.promotion or {})["source"]
    if landed is None or landed.source is None or not is_ancestor(repo, head, landed.source):
        return
    raise Negative(
        f"nothing to land: '{target.name}' has that work of '{source.name}' already",
        hint=f"turn it down with: git lanes reject {attempt.id}",
        data={"attempt": attempt.id, "lane": source.name, "into": target.name},
    )


def _refusal(attempt: Attempt, outcome: Promotion) -> Collision:
    """Return the error for a promotion that the target's later work stands in the way of."""
    count = len(outcome.collisions)
    lane, into = outcome.lane, outcome.into
    return collision(
        f"{attempt.id} collides with the head of lane '{into}' on {count} "
        f"path{'' if count == 1 else 's'}",
        outcome.collisions,
        (
            f"resolve it in lane '{lane}' and propose that again, force it with "
            f"'git lanes promote {lane} --force PATH', or git lanes reject {attempt.id}"
        ),
        attempt=attempt.id,
        lane=lane,
        into=into,
        base=outcome.base,
        source=outcome.source,
        target=outcome.target,
    )
