"""Judging a candidate: which gates it concerns, what they said before, and running the others."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, Any

from gitlanes.errors import NotFound, Refused
from gitlanes.gates import python_gates, scratch, trust, verdicts
from gitlanes.gates.definitions import gates_for
from gitlanes.models.gates import Candidate, Gate
from gitlanes.models.notes import Evaluation
from gitlanes.models.plain import replace
from gitlanes.team import running

if TYPE_CHECKING:
    from gitlanes.gates.scratch import Scratch
    from gitlanes.store.lane_repo import LaneRepo

# What goes into records, in bytes: of a failure more than of a success.
_TOLD = {True: 512, False: 4096}
_MOST_REASON = 1000  # characters
_MOST_JOBS = 4
# How often it is told that gates run, in seconds: a display comes only after a while.
_BEAT = 0.2


def chosen(candidate: Candidate, names: Sequence[str]) -> tuple[Gate, ...]:
    """Return the gates of these names, else those that the candidate concerns.

    Raises NotFound for a name that no gate has.
    """
    if not names:
        return gates_for(candidate)
    known = {x.name: x for x in candidate.rules.gates}
    for name in names:
        if name not in known:
            hint = f"there are: {', '.join(known)}" if known else "no gates are configured"
            raise NotFound("gate", name[:64], hint=hint)
    return tuple(known[name] for name in dict.fromkeys(names))


def judge(
    repo: LaneRepo,
    candidate: Candidate,
    gates: Sequence[Gate],
    *,
    again: bool = False,
    stop: Event | None = None,
) -> tuple[Evaluation, ...]:
    """Return what each gate says of a candidate, from earlier verdicts unless `again` is said.

    One that failed before and passes then is flaky. Takes no lock of the repository's. Raises
    Refused where the gates' text is not trusted, and running.Stopped soon after `stop` was set.
    """
    trust.require(repo, candidate.rules)
    known = {x.name: verdicts.known(repo, candidate.tree, x) for x in gates}
    before = {name: x for name, x in known.items() if x is not None}
    found = {} if again else dict(before)
    left = [x for x in gates if x.name not in found]
    if left:
        found |= _run_all(repo, candidate, left, before, stop or Event())
    return tuple(found[x.name] for x in gates)


def _after(before: Evaluation | None, found: Evaluation) -> Evaluation:
    """Return a verdict with the failure before it, if there was one."""
    if before is None or before.passed or not found.passed:
        return found
    return replace(found, tries=(before.tries or 1) + (found.tries or 1), flaky=True)


def _run_all(
    repo: LaneRepo,
    candidate: Candidate,
    gates: Sequence[Gate],
    before: Mapping[str, Evaluation],
    stop: Event,
) -> dict[str, Evaluation]:
    """Run gates side by side, each worker in a scratch workspace of its own."""
    jobs = candidate.rules.jobs or min(os.cpu_count() or 1, _MOST_JOBS)
    waiting: SimpleQueue[Gate] = SimpleQueue()
    done: SimpleQueue[Evaluation | BaseException] = SimpleQueue()
    for gate in gates:
        waiting.put(gate)
    with scratch.taken(repo, min(jobs, len(gates)), candidate.head) as places:
        work = [_Worker(repo, candidate, place, stop) for place in places]
        threads = [Thread(target=x.work, args=(waiting, done), daemon=True) for x in work]
        for thread in threads:
            thread.start()
        try:
            return _gathered(repo, done, len(gates), before, stop)
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def _gathered(
    repo: LaneRepo,
    done: SimpleQueue[Evaluation | BaseException],
    number: int,
    before: Mapping[str, Evaluation],
    stop: Event,
) -> dict[str, Evaluation]:
    found: dict[str, Evaluation] = {}
    while len(found) < number:
        repo.progress("running gates", len(found), number)
        try:
            one = done.get(timeout=_BEAT)
        except Empty:
            if stop.is_set():
                raise running.Stopped from None
            continue
        if isinstance(one, BaseException):
            raise one
        found[one.name] = one = _after(before.get(one.name), one)
        if one.exit_code is not None or one.timed_out:  # it ran, so it will say the same again
            verdicts.keep(repo, one)
    repo.progress("running gates", number, number)
    return found


class _Worker:
    """Runs one gate after another in its scratch workspace."""

    def __init__(self, repo: LaneRepo, candidate: Candidate, place: Scratch, stop: Event):
        self._environ = repo.environ
        self._redactor = repo.redactor
        self._candidate = candidate
        self._place = place
        self._stop = stop

    def work(
        self, waiting: SimpleQueue[Gate], done: SimpleQueue[Evaluation | BaseException]
    ) -> None:
        """Take gates until none is left; an error ends it, and is told."""
        try:
            while not self._stop.is_set():
                done.put(self._judged(waiting.get_nowait()))
        except (Empty, running.Stopped):
            return
        except BaseException as error:  # noqa: BLE001 - whoever waits for the answer raises it
            done.put(error)

    def _judged(self, gate: Gate) -> Evaluation:
        """Run a gate, again after a failure as often as it says."""
        tries = 0
        while True:
            tries += 1
            found = self._once(gate)
            if found.passed or tries > gate.retries:
                flaky = True if found.passed and tries > 1 else None
                return replace(found, tries=tries, flaky=flaky)

    def _once(self, gate: Gate) -> Evaluation:
        rules = self._candidate.rules
        self._place.bring(self._candidate, keep_ignored=rules.keep_ignored)
        top = os.path.realpath(self._place.path)
        directory = os.path.realpath(os.path.join(top, gate.cwd))
        if os.path.commonpath([top, directory]) != top:
            return self._told(gate, False, f"'{gate.cwd}' leads out of the scratch workspace")
        if not os.path.isdir(directory):
            return self._told(gate, False, f"there is no directory '{gate.cwd}'")
        environ = running.environment(self._environ, gate.env)
        environ |= {"GITLANES_GATE": gate.name, "GITLANES_TREE": self._candidate.tree}
        if gate.python is not None:
            return self._python(gate, directory, environ)
        keep = (self._place.lock,)
        ran = running.run(
            running.Order(gate.args, directory, environ, gate.timeout, keep), self._stop
        )
        return self._verdict(gate, ran, {})

    def _python(self, gate: Gate, directory: str, environ: dict[str, str]) -> Evaluation:
        with python_gates.asking(gate, self._candidate, self._place.path) as answers:
            keep = (self._place.lock, answers.answer.fileno())
            order = running.Order(
                python_gates.command(gate),
                directory,
                python_gates.environment(environ),
                gate.timeout,
                keep,
                answers.question.fileno(),
            )
            ran = running.run(order, self._stop)
            if ran.code == python_gates.MISSING:
                ran = ran._replace(code=None, fault=f"no entry point '{gate.python}' is installed")
            return self._verdict(gate, ran, answers.read())

    def _verdict(self, gate: Gate, ran: running.Ran, said: dict[str, Any]) -> Evaluation:
        if ran.fault is not None and gate.required and not self._changes_program(gate):
            # That says nothing about the tree.
            raise Refused(
                f"gate '{gate.name}' cannot run: {ran.fault}",
                hint="install what it needs, then repeat",
                data={"gate": gate.name},
            )
        passed = ran.code == 0
        reason = ran.fault
        if ran.timed_out:
            reason = f"not done after {gate.timeout:g} s"
        elif ran.code is not None and not passed:
            reason = f"exit code {ran.code}" if ran.code > 0 else f"killed by signal {-ran.code}"
        said = self._redactor.value(said)
        own = said.get("reason")
        data = {key: x for key, x in said.items() if key not in ("passed", "reason")}
        whole = ran.head + ran.tail
        tail = whole if len(whole) == ran.size else ran.tail
        text = self._redactor.end(tail, _TOLD[passed])
        return replace(
            self._told(
                gate, passed, own[:_MOST_REASON] if isinstance(own, str) and own else reason
            ),
            exit_code=ran.code,
            timed_out=ran.timed_out or None,
            duration_ms=ran.milliseconds,
            output=text or None,
            output_bytes=ran.size,
            output_digest=ran.digest,
            data=data or None,
        )

    def _changes_program(self, gate: Gate) -> bool:
        """Say whether the candidate changes the very file that the gate runs."""
        name = os.path.normpath(os.path.join(gate.cwd, *gate.args[:1]))
        return os.fsencode(name) in self._candidate.paths

    def _told(self, gate: Gate, passed: bool, reason: str | None) -> Evaluation:
        return Evaluation(
            gate.name,
            passed,
            reason=reason,
            tree=self._candidate.tree,
            definition=gate.definition,
            required=gate.required,
        )
