"""One piece of work of an agent, from the claim on a workspace to what becomes of its files."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from gitlanes import clock
from gitlanes.errors import (
    BadValue,
    LanesError,
    NotFound,
    NothingToPropose,
    Refused,
    as_lanes_error,
    line,
)
from gitlanes.models.notes import NO_COST, NO_INTENT, Cost, Evaluation, Judgement
from gitlanes.models.plain import replace
from gitlanes.models.records import Attempt
from gitlanes.models.results import Proposed
from gitlanes.models.workspaces import Snapshot
from gitlanes.sdk.beginning import Order, bring, claim
from gitlanes.sdk.offering import cost_of
from gitlanes.store import records
from gitlanes.usage.adding import plus

if TYPE_CHECKING:
    from gitlanes.sdk.session import AgentSession

_LONGEST_REASON = 1000


class Work:
    """An agent at work in a lane's workspace, which it has claimed until the end.

    As a context manager it begins the work and ends it: what is there then is proposed, and
    accepted if it was ordered so; after an exception it is recorded as a rejected attempt.
    ``attempt`` is what was made last, in its newest state, None before; ``evaluations`` what
    gates and reviewers had said of it when the work ended. ``rejection`` is what a retry is to
    do better. ``snapshot`` holds the files where they could not be recorded.
    """

    def __init__(self, session: AgentSession, order: Order):
        self._session = session
        self._repo = session.repo
        self._order = order
        self._cost = NO_COST
        self._meta: dict[str, str] = {}
        self._since = clock.monotonic()
        self._claimed = False
        self._process = 0  # which one began it: a forked copy of it ends nothing
        self._path: Path | None = None
        self.lane = order.lane
        self.attempt: Attempt | None = None
        self.evaluations: tuple[Evaluation, ...] = ()
        self.rejection = order.rejection
        self.snapshot: Snapshot | None = None

    @property
    def _begun(self) -> bool:
        return self._process == os.getpid()

    @property
    def path(self) -> Path:
        """The workspace's directory; raises Refused before the work has begun."""
        if self._path is None:
            raise Refused("the work has not begun", hint="use it in a with statement, or begin()")
        return self._path

    @property
    def retry(self) -> int:
        """Which retry of its Change-Id this is: 0 for what was never turned down."""
        return self.rejection.retries if self.rejection else 0

    def record_usage(self, usage: Cost | str | Mapping[str, Any] = NO_COST, **fields: Any) -> None:
        """Add to what the work took: fields of `Cost` by name, or a usage as agents print it.

        Numbers add up. Time is measured unless ``wall_ms`` is told. Raises BadValue.
        """
        for one in (cost_of(usage), Cost(**fields)):
            records.check(NO_INTENT, one)
            self._cost = plus(self._cost, one)

    def add_metadata(self, key: str, value: str) -> None:
        """Say something of the work, to be recorded with its intent; raises BadValue."""
        if not isinstance(key, str) or not isinstance(value, str):
            raise BadValue(f"bad metadata {line(repr(key), 60)}", hint="keys and values are text")
        self._meta = {**self._meta, key: value}

    def begin(self) -> Self:
        """Make the lane and workspace if need be, claim it, and bring it to where work begins.

        Raises BudgetExceeded, Refused where somebody else has claimed it or edits are in the way.
        """
        self._session.at_work(self)
        self._process, self._since = os.getpid(), clock.monotonic()
        try:
            self._open()
        except BaseException:
            self.end()
            raise
        return self

    def checkpoint(self, reason: str | None = None) -> Snapshot:
        """Save what is in the workspace under a ref; the work goes on."""
        return self._repo.snapshot(self._place(), reason=reason)

    def propose(self, message: str | None = None) -> Proposed:
        """Offer what is in the workspace as an attempt, with what was recorded of it so far."""
        return self._offer(self._repo.propose, message)

    def accept(self) -> Attempt:
        """Accept the attempt, if its gates let it; raises GateFailed, Collision."""
        if self.attempt is None:
            raise NothingToPropose("there is no attempt yet", hint="propose it first")
        name = self.attempt.id
        try:
            self._repo.accept(name)
        finally:
            self.refresh()
        return self.attempt

    def refresh(self) -> None:
        """Read anew what became of the attempt."""
        if self.attempt is not None:
            told = self._repo.show(self.attempt.id).attempts[0]
            own = [x for x in told.notes.evaluations if x.get("attempt_uuid") == told.attempt.uuid]
            self.attempt = told.attempt
            self.evaluations = tuple(_evaluation(x) for x in own)

    def end(self) -> None:
        """Let the workspace go; what is in it and was not proposed stays there."""
        if self._claimed and self._begun:
            with suppress(NotFound, Refused):  # it is removed, or somebody else's by force
                self._repo.release(self._place(), agent=self._session.agent_id)
        self._claimed, self._process = False, 0
        self._session.at_work(None)

    def __enter__(self) -> Self:
        return self if self._begun else self.begin()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._begun:
            return
        try:
            try:
                self._finish() if error is None else self._give_up(error)
            finally:
                self.end()
        except Exception as failed:
            if error is None:
                raise
            if isinstance(error, Exception):
                raise failed from error
            said = as_lanes_error(failed).message
            error.add_note(f"the work could not be recorded, or let go: {said}")

    def _open(self) -> None:
        repo, order, who = self._repo, self._order, self._session.agent_id
        made = repo.new(self.lane, start=order.from_state, agent=who, exist_ok=True)
        repo.require_budget(self.lane, who)
        self._path = Path(made.path or repo.create_workspace(self.lane).path)
        self._claimed = claim(repo, self.lane, who)
        if not made.created:
            bring(repo, order)

    def _place(self) -> str:
        """Return the lane's name: it may be called otherwise by now, its directory is the same."""
        path = str(self._path)
        with suppress(NotFound, Refused):
            if self._repo.who(self.lane).workspaces[0].path == path:
                return self.lane
        names = (x.lane for x in self._repo.who().workspaces if x.path == path)
        self.lane = next(names, self.lane)
        return self.lane

    def _offer(
        self,
        verb: Callable[..., Proposed],
        message: str | None = None,
        **more: Any,
    ) -> Proposed:
        made = verb(
            self._place(),
            message=message or self._order.message,
            intent=self._session.intent(self._order.prompt, self._order.tags, self._meta),
            cost=self._taken(),
            **more,
        )
        self._made(made.attempt)
        return made

    def _made(self, attempt: Attempt) -> None:
        """Note an attempt: what was used until now is recorded on it."""
        self._cost, self._since = NO_COST, clock.monotonic()
        self.attempt = attempt

    def _taken(self) -> Cost:
        """Return what was recorded since the last proposal, with the time that it took."""
        if self._cost.wall_ms is not None:
            return self._cost
        return replace(self._cost, wall_ms=round(1000 * (clock.monotonic() - self._since)))

    def _finish(self) -> None:
        """Propose what is there, and accept it if it was ordered so."""
        try:
            self._offer(self._repo.propose)
        except NothingToPropose:
            if self.attempt is None or not self.attempt.open:
                raise
            self._add_rest()
        except LanesError:
            self._keep()
            raise
        if self._order.auto_accept:
            self.accept()
        else:
            self.refresh()

    def _give_up(self, error: BaseException) -> None:
        """Record what is there as rejected for an exception."""
        name = type(error).__name__
        self._meta = {**self._meta, "error": name}
        why = Judgement(self._session.agent_id, line(_told(error), _LONGEST_REASON))
        try:
            self._offer(self._repo.propose, rejected=why)
        except NothingToPropose:
            self._add_rest()
        except LanesError:
            self._keep()
            raise
        self.refresh()

    def _add_rest(self) -> None:
        """Record what was used and made nothing new: on the attempt that it was to go on from."""
        of = self.attempt or (self.rejection.attempt if self.rejection else None)
        if of is not None and self._cost.known:
            self._repo.add_cost(of.id, self._cost)
            self._cost = NO_COST

    def _keep(self) -> None:
        """Save the files where they could not be recorded."""
        with suppress(LanesError):
            self.snapshot = self._repo.snapshot(self._place())


def _told(error: BaseException) -> str:
    """Return what kind of exception it is, and what it says, be it unable to."""
    try:
        said = str(error)
    except Exception:  # noqa: BLE001 - it is told without
        said = ""
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def _evaluation(record: Mapping[str, Any]) -> Evaluation:
    """Return a record of what was said of an attempt as the model that it was made of."""
    return Evaluation(**{key: record[key] for key in Evaluation.fields if key in record})
