"""`gitlanes.AgentSession`: one agent at work, with its identity on all that it does."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Self

from gitlanes import clock, ids
from gitlanes.config.table import AGENT_VARIABLE
from gitlanes.errors import BadValue, Refused
from gitlanes.models.costs import NO_LIMITS, Limits
from gitlanes.models.lanes import LaneSummary, NewLane
from gitlanes.models.results import Proposed
from gitlanes.models.watching import Rejection
from gitlanes.models.workspaces import Snapshot
from gitlanes.sdk.acting import Acting
from gitlanes.sdk.beginning import Order, retried
from gitlanes.sdk.offering import Path_, names
from gitlanes.sdk.repo import Repo
from gitlanes.sdk.work import Work
from gitlanes.store.codec import check_agent


class AgentSession(Acting):
    """An agent and its repository; a context manager, one for each thread and process.

    ``repo`` is the repository as `Repo`, with every verb; the methods here say in whose name
    things are done. ``agent_id`` is to be one agent's alone: workspaces are claimed in its name.
    ``lane`` is where it works unless told, ``session`` what its attempts have in common.
    """

    def __init__(
        self,
        repo: Path_ = ".",
        *,
        agent_id: str,
        agent_type: str | None = None,
        agent_version: str | None = None,
        model: str | None = None,
        lane: str | None = None,
        session: str | None = None,
        environ: Mapping[str, str] | None = None,
    ):
        around = os.environ if environ is None else environ
        self.agent_id = check_agent(agent_id)
        self.repo = Repo.open(repo, environ={**around, AGENT_VARIABLE: agent_id})
        self.agent_type, self.agent_version, self.model = agent_type, agent_version, model
        self.lane = lane
        self.session = session or ids.new_id(clock.now())
        self._work: Work | None = None

    def close(self) -> None:
        """End the work that is under way, if any is, and the helper processes."""
        try:
            if self._work is not None:
                self._work.end()
        finally:
            self.repo.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: Any) -> None:
        self.close()

    def create_lane(
        self,
        name: str,
        *,
        start: str | None = None,
        budget: Limits = NO_LIMITS,
        workspace: bool = True,
        exist_ok: bool = False,
        expect: str | None = None,
    ) -> NewLane:
        """Make a lane that this agent owns; for more, `Repo.new`."""
        return self.repo.new(
            name,
            start=start,
            workspace=workspace,
            agent=self.agent_id,
            budget=budget,
            exist_ok=exist_ok,
            expect=expect,
        )

    def switch_lane(self, name: str) -> LaneSummary:
        """Work in another lane from now on; raises Refused while work is under way."""
        if self._work is not None:
            raise self._busy(self._work)
        found = self.repo.lane(name)
        self.lane = found.name
        return found

    def work(
        self,
        prompt: str | None = None,
        *,
        lane: str | None = None,
        tags: Iterable[str] = (),
        auto_accept: bool = False,
        message: str | None = None,
        from_state: str | None = None,
        fresh: bool = False,
    ) -> Work:
        """Return work for a ``with`` statement, in a lane that is made if there is none.

        It begins at ``from_state`` if given: a new lane starts there, of an existing one the
        files become that. Otherwise files that are in the workspace stay, and the lane's head is
        brought in; with ``fresh`` they go, into a snapshot. At the end the content is proposed,
        with ``auto_accept`` accepted, too: GateFailed, Collision, NothingToPropose are raised.
        """
        where = self._lane(lane)
        order = Order(where, prompt, message, names(tags), auto_accept, from_state, fresh)
        return Work(self, order)

    def retry(
        self,
        prompt: str | None = None,
        *,
        lane: str | None = None,
        tags: Iterable[str] = (),
        auto_accept: bool = False,
        message: str | None = None,
        fresh: bool = True,
    ) -> Work:
        """Return work that takes up a lane's last rejected attempt, and its Change-Id.

        It begins at the lane's head, and without ``fresh`` at the rejected files. The prompt is
        that of the rejected attempt unless told. Raises NotFound where none was rejected, or it
        was taken up since.
        """
        where = self._lane(lane)
        found = retried(self.repo, where)
        asked = prompt or found.prompt
        order = Order(where, asked, message, names(tags), auto_accept, None, fresh, found)
        return Work(self, order)

    def begin(
        self,
        prompt: str | None = None,
        *,
        lane: str | None = None,
        tags: Iterable[str] = (),
        from_state: str | None = None,
        fresh: bool = False,
    ) -> Work:
        """Begin work, to be gone on with by `checkpoint` and `propose`, until `end`."""
        return self.work(prompt, lane=lane, tags=tags, from_state=from_state, fresh=fresh).begin()

    def checkpoint(self, reason: str | None = None) -> Snapshot:
        """Save what is in the workspace of the work that was begun."""
        return self._under_way().checkpoint(reason)

    def propose(self, message: str | None = None) -> Proposed:
        """Offer what is in the workspace of the work that was begun as an attempt."""
        return self._under_way().propose(message)

    def end(self) -> None:
        """Let the workspace go; without work nothing happens."""
        if self._work is not None:
            self._work.end()

    @contextmanager
    def safely(self, reason: str, *, lane: str | None = None) -> Iterator[Snapshot | None]:
        """Save unsaved work before a step, so that its error names how to get that back.

        It is the workspace of the work that is under way, else of the lane; see `Repo.safely`.
        """
        place = self._work.lane if self._work and lane is None else self._lane(lane)
        with self.repo.safely(reason, place) as saved:
            yield saved

    def last_rejection(self, lane: str | None = None) -> Rejection | None:
        """Return a lane's last rejected attempt, None where there is none."""
        return self.repo.last_rejection(self._lane(lane))

    def at_work(self, work: Work | None) -> None:
        """Note which work is under way; raises Refused where another one is."""
        if work is not None and self._work is not None:
            raise self._busy(self._work)
        self._work = work

    def _lane(self, name: str | None) -> str:
        found = name or self.lane
        if found is None:
            raise BadValue("no lane is named", hint="give lane=, or the session a lane of its own")
        return found

    def _under_way(self) -> Work:
        if self._work is None:
            raise Refused(f"agent '{self.agent_id}' is not at work", hint="begin() first")
        return self._work

    def _busy(self, work: Work) -> Refused:
        return Refused(
            f"agent '{self.agent_id}' is at work in lane '{work.lane}' already",
            hint="end that first, or use a session for each",
        )
