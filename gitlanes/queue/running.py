"""Running a queue: judged ahead of time and side by side, landed one after the other."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, LanesError, Negative, Raced, Refused
from gitlanes.gates import trust
from gitlanes.gates.definitions import rules_at
from gitlanes.git import locks
from gitlanes.landing.bases import bases_for
from gitlanes.landing.promote import Order, promote
from gitlanes.models.gates import Rules
from gitlanes.models.notes import Intent
from gitlanes.models.plain import replace
from gitlanes.models.queue import FAILED, LANDED, LANDING, READY, Queued, QueueRun
from gitlanes.models.records import LaneState
from gitlanes.queue.entries import has_landed, state_of, told
from gitlanes.queue.judging import Flights, Question
from gitlanes.queue.speculation import Guess, guesses
from gitlanes.store import queued
from gitlanes.store.expectation import require_active
from gitlanes.store.transaction import require_locks, transaction
from gitlanes.workspaces import intake

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_MOST_JOBS = 4
_MOST_PATHS = 20
# How often an entry is tried whose landing something else overtakes.
_TRIES = 5


def run(
    repo: LaneRepo,
    *,
    into: str | None = None,
    jobs: int | None = None,
    limit: int | None = None,
    dry_run: bool = False,
    by: str | None = None,
) -> QueueRun:
    """Land what is ready in a lane's queue, in order; what does not land is failed, with a reason.

    ``jobs`` is how many candidates are judged at a time, ``limit`` how many entries are decided.
    Raises Locked where another process runs that queue, and what keeps gates from running at
    all: then nothing more is decided.
    """
    for number in (jobs, limit):
        if number is not None and number < 1:
            raise BadValue(f"{number} is no number of entries or jobs", hint="say 1 or more")
    state = state_of(repo, into)
    if dry_run:
        return _foreseen(repo, state, limit)
    require_locks(repo)
    path = repo.state_directory / f"queue-{state.record.uuid}"
    with locks.hold(path, f"the queue of lane '{state.record.name}'", timeout=0):
        return _Run(repo, state.record.name, jobs, limit, by).run()


def _foreseen(repo: LaneRepo, state: LaneState, limit: int | None) -> QueueRun:
    """Return what paths alone let land; nothing moves."""
    state = intake.foreseen(repo, state)
    found = guesses(repo, state, _due(queued.read(repo, state).values())[:limit])
    good = [x.entry for x in found if x.candidate is not None]
    bad = [
        _failed(x.entry, x.fault or Refused("its lane is gone")) for x in found if not x.candidate
    ]
    landed, failed = (tuple(told(repo, state.record, x)) for x in (good, bad))
    return QueueRun(state.record.name, landed, failed, len(found), dry_run=True)


class _Run:
    """One run; only who holds the queue's lock has one, so what is 'landing' is its own to take."""

    def __init__(
        self, repo: LaneRepo, target: str, jobs: int | None, limit: int | None, by: str | None
    ):
        self._repo, self._target, self._limit, self._by = repo, target, limit, by
        self._jobs = jobs
        self._decided: list[str] = []
        self._total = 0

    def run(self) -> QueueRun:
        """Decide one entry after the other."""
        state, due = self._next()
        rules = self._require_target(state) if due else rules_at(self._repo, state.record)
        jobs = self._jobs or rules.jobs or min(os.cpu_count() or 1, _MOST_JOBS)
        self._total = len(due)
        ahead = _look_ahead(len(due))
        with closing(Flights(self._repo, jobs, min(jobs, ahead))) as flights:
            while due:
                self._repo.progress("landing the queue", len(self._decided), self._total)
                try:
                    self._one(flights, state, due[:ahead])
                except LanesError:
                    self._give_back()
                    raise
                state, due = self._next()
        self._repo.progress("landing the queue", self._total, self._total)
        return self._result(state)

    def _require_target(self, state: LaneState) -> Rules:
        """Raise what is wrong with the target, which is no entry's fault; return its rules."""
        require_active(state.record)
        rules = rules_at(self._repo, state.record)
        trust.require(self._repo, rules)
        return rules

    def _give_back(self) -> None:
        """Let what was about to land be ready again, as far as that can be recorded."""
        with suppress(LanesError):
            known = queued.read(self._repo, self._repo.view.lane(self._target))
            held = [x for x in known.values() if x.status == LANDING]
            self._record([(x, READY, None) for x in held])

    def _next(self) -> tuple[LaneState, list[Queued]]:
        """Return the target and what is to be decided now; what landed elsewhere is recorded."""
        state = intake.catch_up(self._repo, self._target)
        known = queued.read(self._repo, state)
        gone = [x for x in known.values() if x.waits and self._has_landed(x, state)]
        if gone:
            self._record([(x, LANDED, None) for x in gone])
            return self._next()
        left = None if self._limit is None else self._limit - len(self._decided)
        return state, _due(known.values())[:left]

    def _has_landed(self, entry: Queued, target: LaneState) -> bool:
        source = self._repo.view.by_uuid(entry.lane)
        return source is not None and has_landed(self._repo, entry, source.record, target.record)

    def _one(self, flights: Flights, state: LaneState, due: list[Queued]) -> None:
        """Decide the first entry; those behind it are judged meanwhile."""
        if any(x.status == READY for x in due):
            self._record([(x, LANDING, None) for x in due if x.status == READY])
            due = [replace(x, status=LANDING) for x in due]
        found = guesses(self._repo, state, due)
        flights.show([Question(x.candidate, x.gates) for x in found if x.candidate])
        first = found[0]
        if first.candidate is not None:
            flights.settled(Question(first.candidate, first.gates))
        try:
            self._land(first)
        except (Negative, Refused) as error:
            target = self._repo.view.lane(self._target)
            self._require_target(target)
            if self._came_along(first.entry, target):
                self._record([(first.entry, LANDED, None)])
            else:
                self._record([(first.entry, FAILED, error)])
        self._decided.append(first.entry.lane)

    def _land(self, first: Guess) -> None:
        """Promote the first entry as anybody would; its verdict is there."""
        for tries_left in reversed(range(_TRIES)):
            source = self._repo.view.by_uuid(first.entry.lane)
            if source is None or not source.record.live:
                raise Refused("the lane is gone")
            head = str(source.record.head) if first.entry.latest else first.entry.head
            order = Order(
                self._target, first.entry.mode, intent=Intent(agent=self._by), queued=head
            )
            try:
                promote(self._repo, source.record.name, order)
                return
            except Raced:
                if not self._still(first.entry):
                    return
                if not tries_left:
                    raise

    def _came_along(self, entry: Queued, target: LaneState) -> bool:
        """Say whether nothing of an entry is news any more: its work came with another lane's."""
        source = self._repo.view.by_uuid(entry.lane)
        if source is None or source.record.head != entry.head or not source.record.live:
            return False
        return entry.head in bases_for(self._repo, source, target)

    def _still(self, entry: Queued) -> bool:
        known = queued.read(self._repo, self._repo.view.lane(self._target))
        found = known.get(entry.lane)
        return found is not None and found.status == LANDING and found.head == entry.head

    def _record(self, changes: list[tuple[Queued, str, LanesError | None]]) -> None:
        """Record what became of entries, unless somebody else changed them meanwhile."""
        with transaction(self._repo, "queue", actor=self._by) as tx:
            state = self._repo.view.lane(self._target)
            known = queued.read(self._repo, state)
            made = []
            for entry, status, error in changes:
                now = known.get(entry.lane)
                if now is None or not now.waits or now.head != entry.head:
                    continue
                decided = tx.time if status in (LANDED, FAILED) else None
                now = replace(now, status=status, decided=decided)
                made.append(_failed(now, error) if error else now)
            if made:
                names = ", ".join(x.lane for x in told(self._repo, state.record, made))
                tx.description = f"{made[0].status} in the queue of {self._target}: {names}"
                record, details = queued.with_queued(state.record, known.values(), made)
                tx.lane(state, record, details=details)

    def _result(self, state: LaneState) -> QueueRun:
        known = queued.read(self._repo, state)
        mine = [known[x] for x in dict.fromkeys(self._decided) if x in known]
        by_status = ([x for x in mine if x.status == word] for word in (LANDED, FAILED))
        landed, failed = (tuple(told(self._repo, state.record, x)) for x in by_status)
        waiting = sum(1 for x in known.values() if x.waits)
        return QueueRun(state.record.name, landed, failed, waiting)


def _due(entries: Iterable[Queued]) -> list[Queued]:
    return [x for x in entries if x.status in (READY, LANDING)]


def _look_ahead(number: int) -> int:
    """Return how many candidates may be judged ahead: one bad entry is to waste few runs.

    All that stand on it run for nothing, so at most twice the logarithm of the queue's length.
    """
    return max(2, 2 * (number.bit_length() - 1))


def _failed(entry: Queued, error: LanesError) -> Queued:
    paths = [str(x["path"]) for x in error.data.get("collisions", ())]
    return replace(entry, status=FAILED, reason=error.message, paths=tuple(paths[:_MOST_PATHS]))
