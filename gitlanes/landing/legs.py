"""Landing picked changes: each run of one lane's changes is a leg, all in one operation."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from gitlanes.errors import Negative, NotFound
from gitlanes.landing import landed_commits, ledger, plans
from gitlanes.landing.bases import bases_for
from gitlanes.landing.promote import Order, mode_of, replaced
from gitlanes.models.plain import Model, plain, replace
from gitlanes.models.records import Attempt, LaneState
from gitlanes.models.results import Promotion
from gitlanes.review import costs
from gitlanes.review.reordering import reordered
from gitlanes.stacks import approval
from gitlanes.store import records
from gitlanes.store.expectation import require_active, require_commit

if TYPE_CHECKING:
    from gitlanes.gates.clearance import Clearance
    from gitlanes.landing.picking import Picked
    from gitlanes.models.gates import Cleared
    from gitlanes.store.transaction import Transaction


class Source:
    """A lane some of whose changes land: as it was, and its record so far."""

    def __init__(self, tx: Transaction, state: LaneState, picked: Picked):
        self.state = state
        uuid = state.record.uuid
        own = [x.commit for x in picked.items if x.lane == uuid]
        history = picked.histories[uuid]
        rest = [x for x in history if x not in own]
        self.laid = reordered(tx, state, history, [*own, *rest])
        self.record = self.laid.record
        self.landed: dict[str, Any] = {}

    def at(self, commit: str) -> LaneState:
        """Return the lane as if it ended with one of its commits."""
        head = self.laid.commits.get(commit, commit)
        return replace(self.state, record=replace(self.record, head=head))


class Leg(Model):
    """One landing: what it comes to, and the target's attempts that it made."""

    outcome: Promotion
    told: dict[str, Any]
    attempts: tuple[Attempt, ...]
    gone: tuple[Attempt, ...]


class Legs:
    """Lands picked changes one leg after the other; nothing is set before the last has."""

    def __init__(self, tx: Transaction, picked: Picked, order: Order):
        self._tx, self._picked, self._order = tx, picked, order
        target = picked.target.record
        require_active(target)
        require_commit(f"lane '{target.name}'", target.head, order.expect)
        for state in picked.sources:
            require_active(state.record)
            own = [x.commit for x in picked.items if x.lane == state.record.uuid]
            approval.require(tx.repo, state, picked.target, own)
        agent = order.intent.agent
        self._books = costs.opened(tx, target, agent) if order.cost.known else None
        self.sources = [Source(tx, state, picked) for state in picked.sources]
        self._now = picked.target
        self._legs = list(self._landed())
        self._require_forced()
        if not self._legs:
            raise Negative(f"nothing to promote: '{target.name}' has all of it")

    def _landed(self) -> Iterator[Leg]:
        sources = {x.record.uuid: x for x in self.sources}
        for uuid, run in groupby(self._picked.items, key=lambda x: x.lane):
            leg = self._leg(sources[uuid], [*run][-1].commit)
            if leg is not None:
                yield leg

    def _leg(self, source: Source, last: str) -> Leg | None:
        """Land a lane up to one of its commits; None where the target has that already."""
        tx, repo, state = self._tx, self._tx.repo, source.at(last)
        landing = plans.plan_from(
            repo, state, self._now, bases_for(repo, state, self._now), self._order.force
        )
        if landing.ends[0] in landing.bases:
            return None
        mode = mode_of(self._order, source.state)
        outcome = plans.outcome(repo, landing, mode)
        if outcome.collisions:
            raise plans.refusal(outcome)
        made = landed_commits.write(tx, landing, mode, self._order.message)
        before = self._now.record
        at = made[-1].commit if made else str(before.head)
        told = ledger.told(landing, mode, outcome.forced, at)
        for landed in made:
            for commit in landed.carries:
                tx.carry_notes(commit, landed.commit)
        attempts = tuple(x.attempt for x in made)
        gone = replaced(state.record, before, attempts, tx.time)
        after = replace(
            ledger.received(state.record, before, landing.ends[0]),
            head=at,
            next=before.next + len(made),
            open=ledger.without(before.open, gone),
        )
        self._now = replace(self._now, record=after)
        source.record = ledger.landed_on(source.record, before, landing.ends[0], at)
        source.landed = {"promotion": told}
        return Leg(outcome, told, attempts, gone)

    def _require_forced(self) -> None:
        """Raise NotFound for a path that was to be forced and does not collide."""
        forced = {x for leg in self._legs for y in leg.outcome.forced for x in (y.path, y.other)}
        idle = next((x for x in self._order.force.paths if x not in forced), None)
        if idle is not None:
            raise NotFound("collision on", plain(idle), hint="only colliding paths can be forced")

    def land(self, clearance: Clearance) -> Promotion:
        """Set the records of all lanes, once what it comes to is judged; raises Unjudged."""
        tx, target = self._tx, self._picked.target.record
        tree = tx.repo.objects.commit(str(self._now.record.head)).tree
        cleared = clearance.promoted(target, tree)
        self._legs = [self._noted(leg, cleared) for leg in self._legs]
        made = [x for leg in self._legs for x in leg.attempts]
        gone = [x for leg in self._legs for x in leg.gone]
        after = self._now.record
        if made:
            records.add_evaluations(tx, made[-1].commit, cleared.evaluations, made[-1])
        if made and self._books:
            order = self._order
            after = costs.charge(tx, self._books, after, made[-1], order.cost, order.intent)
        what = self._picked.stack or f"changes of {self.sources[0].record.name}"
        tx.description = f"promote {what} into {target.name}"
        part = self._part()
        if made or gone:
            one = {"promotion": self._legs[0].told} if len(self._legs) == 1 else {}
            parents = [made[-1].commit] if made else []
            details = {**one, **part}
            changed = [*made, *gone]
            tx.lane(self._picked.target, after, parents=parents, attempts=changed, details=details)
        for source in self.sources:
            self._set(source, part)
        return self.made()

    def _noted(self, leg: Leg, cleared: Cleared) -> Leg:
        """Record why on a leg's last commit; of several, each attempt says what it landed."""
        several = {"promotion": leg.told} if len(self._legs) > 1 else {}
        waived = cleared.waived or None
        attempts = tuple(replace(x, waived=waived, **several) for x in leg.attempts)
        if attempts:
            told = {"promotion": leg.told, **self._part()}
            records.add_intent(self._tx, attempts[-1], self._order.intent, told)
        return replace(leg, attempts=attempts)

    def _part(self) -> dict[str, Any]:
        """Return what records say of a landing of some changes only."""
        changes = [x.change_id or x.commit for x in self._picked.items]
        part = {"stack": self._picked.stack, "changes": changes}
        return {"part": {key: x for key, x in part.items() if x is not None}}

    def _set(self, source: Source, part: dict[str, Any]) -> None:
        laid = source.laid
        self._tx.lane(
            source.state,
            source.record,
            parents=[str(laid.record.head)] if laid.commits else [],
            attempts=laid.changed(self._tx.time),
            details={**source.landed, **part},
        )

    def made(self) -> Promotion:
        """Return what landed, as one promotion."""
        legs, outcomes = self._legs, [x.outcome for x in self._legs]
        landed = tuple(x for leg in legs for x in leg.attempts)
        names = ", ".join(dict.fromkeys(x.lane for x in outcomes))
        pairs = [x for s in self.sources for x in zip(s.laid.old, s.laid.new, strict=True)]

        def all_of(field: str) -> tuple[bytes, ...]:
            return tuple(dict.fromkeys(x for one in outcomes for x in getattr(one, field)))

        return replace(
            outcomes[0],
            lane=names,
            base=tuple(dict.fromkeys(x for one in outcomes for x in one.base)),
            source=outcomes[-1].source,
            head=self._now.record.head,
            commits=tuple(x.commit for x in landed),
            landed=landed,
            source_only=all_of("source_only"),
            target_only=all_of("target_only"),
            convergent=all_of("convergent"),
            forced=tuple(x for one in outcomes for x in one.forced),
            open_attempts=tuple(x.id for s in self.sources for x in s.record.open),
            superseded=tuple(x.id for leg in legs for x in leg.gone),
            stack=self._picked.stack,
            changes=tuple(x.change_id or x.commit for x in self._picked.items),
            laid_again={old.id: new.id for old, new in pairs},
            dry_run=False,
        )
