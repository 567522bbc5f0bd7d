"""Candidates that are judged side by side, each by a thread with a repository of its own."""

from __future__ import annotations

from contextlib import nullcontext
from threading import Event, Semaphore, Thread
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.gates import judging
from gitlanes.models.gates import passed
from gitlanes.models.plain import replace
from gitlanes.store.lane_repo import LaneRepo
from gitlanes.team import running

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitlanes.models.gates import Candidate, Gate
    from gitlanes.models.notes import Evaluation

# How often a waiting main thread looks up, in seconds: so Ctrl-C is heard.
_BEAT = 0.2
_Key = tuple[str, tuple[str, ...], str | None]


class Question(NamedTuple):
    """A candidate, and the gates that are to judge it."""

    candidate: Candidate
    gates: tuple[Gate, ...]


class _Flight:
    """One candidate that is judged as soon as it is its turn: without one now, and once more."""

    def __init__(self, repo: LaneRepo, asked: Question, jobs: int, turn: Semaphore | None):
        self._repo, self._asked, self._jobs, self._turn = repo, asked, jobs, turn
        self.found: tuple[Evaluation, ...] = ()
        self.error: BaseException | None = None
        self.stop = Event()
        self.thread = Thread(target=self._judge, daemon=True)
        self.thread.start()

    def _judge(self) -> None:
        with self._turn or nullcontext():
            if not self.stop.is_set():
                self._judge_now()

    def _judge_now(self) -> None:
        candidate = self._asked.candidate
        candidate = replace(candidate, rules=replace(candidate.rules, jobs=self._jobs))
        try:
            with LaneRepo(self._repo.place, self._repo.environ) as repo:
                self.found = judging.judge(
                    repo, candidate, self._asked.gates, again=self._turn is None, stop=self.stop
                )
        except running.Stopped:
            return
        except BaseException as error:  # noqa: BLE001 - whoever waits for the answer raises it
            self.error = error

    @property
    def passed(self) -> bool:
        """Say whether no required gate failed."""
        return passed(self._asked.gates, self.found)


class Flights:
    """The candidates of one look ahead, of which so many at a time are judged, in their order.

    ``jobs`` are the gates that may run at a time, all in all.
    """

    def __init__(self, repo: LaneRepo, jobs: int, number: int):
        self._repo, self._jobs = repo, max(1, jobs // number)
        self._turns = Semaphore(number)
        self._flights: dict[_Key, _Flight] = {}

    def show(self, questions: Sequence[Question]) -> None:
        """Judge these from now on, and stop all others."""
        wanted = {_key(x): x for x in questions if x.gates}
        gone = [self._flights.pop(key) for key in [*self._flights] if key not in wanted]
        for flight in gone:
            flight.stop.set()
        for flight in gone:
            flight.thread.join()
        for key, asked in wanted.items():
            if key not in self._flights:
                self._flights[key] = _Flight(self._repo, asked, self._jobs, self._turns)

    def settled(self, asked: Question) -> None:
        """Wait until a candidate is judged: a second time, if it fails, before that counts.

        Raises what kept its gates from running.
        """
        if not asked.gates:
            return
        flight = self._waited(_key(asked))
        if not flight.passed:
            again = tuple(x for x, y in zip(asked.gates, flight.found, strict=True) if not y.passed)
            asked = asked._replace(gates=again)
            self._flights[_key(asked)] = _Flight(self._repo, asked, self._jobs, None)
            self._waited(_key(asked))

    def close(self) -> None:
        """Stop all of them, and wait until they have."""
        self.show([])

    def _waited(self, key: _Key) -> _Flight:
        flight = self._flights[key]
        while flight.thread.is_alive():
            flight.thread.join(_BEAT)
        if flight.error is not None:
            raise flight.error
        return flight


def _key(asked: Question) -> _Key:
    gates = tuple(x.definition for x in asked.gates)
    return asked.candidate.tree, gates, asked.candidate.rules.text
