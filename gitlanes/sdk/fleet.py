"""The part of `gitlanes.Repo` that is about agents at work."""

from __future__ import annotations

from collections.abc import Iterable

from gitlanes.fleet import killing, observing, running, telling
from gitlanes.models.fleet import Attachment, Killed, Logged, Prompted, Run, RunOrder
from gitlanes.models.plain import replace
from gitlanes.store.expectation import expecting
from gitlanes.store.lane_repo import LaneRepo


class Fleet:
    """Running agents in lanes. ``settle`` is how many seconds one is watched after its start."""

    _repo: LaneRepo

    def run(
        self,
        lane: str,
        prompt: str = "",
        order: RunOrder | None = None,
        *,
        settle: float = running.SETTLED,
        expect: str | None = None,
    ) -> Run:
        """Start an agent in a lane, which is made if it is not there; see `RunOrder`.

        Raises NotFound, Refused, BudgetExceeded, BadValue, and Negative where it died at once.
        It is the lane, or the start of a new one, that is to be at ``expect``.
        """
        order = order or RunOrder()
        order = replace(order, prompt=prompt or order.prompt)
        with expecting(self._repo, expect, lambda: running.beginning(self._repo, lane, order)):
            return running.run(self._repo, lane, order, settle=settle)

    def runs(self, *, ended: bool = False, batch: str | None = None) -> tuple[Run, ...]:
        """Return the agents at work, with ``ended`` those that have ended, too."""
        return observing.runs(self._repo, all=ended, batch=batch)

    def wait_for_runs(self, lanes: Iterable[str], timeout: float | None = None) -> tuple[Run, ...]:
        """Wait until the agents of lanes have ended, their work proposed and judged."""
        return observing.wait(self._repo, tuple(lanes), timeout)

    def prompt(
        self,
        lane: str,
        text: str,
        *,
        settle: float = running.SETTLED,
        expect: str | None = None,
    ) -> Prompted:
        """Type a prompt into an agent's terminal; one that has ended goes on with it."""
        with expecting(self._repo, expect, lambda: lane):
            return telling.prompt(self._repo, lane, text, settle=settle)

    def attach(self, lane: str) -> Attachment:
        """Return the command that attaches a terminal to an agent's."""
        return telling.attach(self._repo, lane)

    def logs(self, lane: str, *, lines: int = 50) -> Logged:
        """Return the last lines that the newest agent of a lane printed."""
        return telling.logged(self._repo, lane, count=lines)

    def kill(
        self,
        pattern: str | None = None,
        *,
        batch: str | None = None,
        force: bool = False,
        remove: bool = False,
    ) -> Killed:
        """Stop agents by a pattern of their lanes' names, or by batch; what they did is kept.

        With ``remove`` their lanes are archived, unsaved work in snapshots.
        """
        return killing.kill(self._repo, pattern, batch=batch, force=force, remove=remove)
