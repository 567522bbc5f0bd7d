"""The part of `gitlanes.AgentSession` that is verbs in the agent's name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Unpack

from gitlanes.models.costs import CostAdded, CostReport
from gitlanes.models.gates import NO_WAIVER, Waiver
from gitlanes.models.history import Diff, Told
from gitlanes.models.notes import NO_COST, Cost, Intent, Judgement
from gitlanes.models.plain import NOTHING, replace
from gitlanes.models.results import Decided, Promotion, Proposed
from gitlanes.models.watching import Changed
from gitlanes.sdk.offering import Path_, cost_of, names
from gitlanes.sdk.waits import Waiting

if TYPE_CHECKING:
    from gitlanes.sdk.repo import Repo


class Acting:
    """Methods of `gitlanes.AgentSession`; more of each, and every other verb, has its ``repo``."""

    repo: Repo
    agent_id: str
    agent_type: str | None
    agent_version: str | None
    model: str | None
    session: str

    def intent(
        self, prompt: str | None = None, tags: Iterable[str] = (), meta: Mapping[str, str] = NOTHING
    ) -> Intent:
        """Return an intent of this agent, for verbs of `repo` that take one."""
        return Intent(
            prompt=prompt,
            agent=self.agent_id,
            agent_type=self.agent_type,
            agent_version=self.agent_version,
            model=self.model,
            session=self.session,
            tags=names(tags),
            meta=dict(meta),
        )

    def accept(
        self,
        attempt: str,
        reason: str | None = None,
        *,
        checks: Mapping[str, bool] = NOTHING,
        waiver: Waiver = NO_WAIVER,
        expect: str | None = None,
    ) -> Decided:
        """Accept an attempt, whoever made it; raises Collision, GateFailed."""
        judgement = self._judgement(reason, checks)
        return self.repo.accept(attempt, judgement, waiver=waiver, expect=expect)

    def reject(
        self,
        attempt: str,
        reason: str,
        *,
        checks: Mapping[str, bool] = NOTHING,
        reset: bool = False,
        expect: str | None = None,
    ) -> Decided:
        """Turn an attempt down with a reason for whoever retries it."""
        judgement = self._judgement(reason, checks)
        return self.repo.reject(attempt, judgement, reset=reset, expect=expect)

    def promote(
        self,
        lane: str,
        *,
        into: str | None = None,
        prompt: str | None = None,
        tags: Iterable[str] = (),
        force: Iterable[Path_] = (),
        mode: str | None = None,
        cost: Cost = NO_COST,
        propose: bool = False,
        expect: str | None = None,
    ) -> Promotion:
        """Land a lane's accepted head; raises Collision, with nothing moved."""
        return self.repo.promote(
            lane,
            into=into,
            mode=mode,
            force=force,
            intent=self.intent(prompt, tags),
            cost=replace(cost, agent=cost.agent or self.agent_id) if cost.known else cost,
            propose=propose,
            expect=expect,
        )

    def put_file(
        self,
        lane: str,
        path: Path_,
        content: bytes | None,
        *,
        prompt: str | None = None,
        tags: Iterable[str] = (),
        cost: Cost = NO_COST,
        accept: bool = True,
        expect: str | None = None,
    ) -> Proposed:
        """Put a file into a lane without a workspace; None deletes it. See `Repo.put_file`."""
        return self.repo.put_file(
            lane,
            path,
            content,
            intent=self.intent(prompt, tags),
            cost=cost,
            accept=accept,
            expect=expect,
        )

    def add_usage(
        self,
        attempt: str,
        usage: Cost | str | Mapping[str, Any],
        *,
        agent: str | None = None,
        stage: str | None = None,
        expect: str | None = None,
    ) -> CostAdded:
        """Record what a further stage of an attempt took: a `Cost`, or a usage as agents print it.

        It is this agent's unless another one is named, and its model's unless it says so.
        """
        cost = cost_of(usage)
        own = agent in (None, self.agent_id)
        cost = replace(
            cost,
            agent=agent or cost.agent or self.agent_id,
            stage=stage or cost.stage,
            model=cost.model or (self.model if own else None),
        )
        return self.repo.add_cost(attempt, cost, expect=expect)

    def cost(
        self, *, by: str = "lane", lanes: Iterable[str] = (), tags: Iterable[str] = ()
    ) -> CostReport:
        """Return sums by 'lane', 'agent', 'model', 'tag', 'day' or 'change'."""
        return self.repo.cost(by=by, lanes=lanes, tags=tags)

    def diff(
        self, old: str | None = None, new: str | None = None, *, content: bool = False
    ) -> Diff:
        """Return what lies between two states, or what lane ``old``'s workspace holds now."""
        return self.repo.diff(old, new, content=content)

    def would_land(self, name: str, *, into: str | None = None) -> Diff:
        """Return what accepting an attempt, or promoting a lane, would change in its target."""
        return self.repo.would_land(name, into=into)

    def history(
        self, lane: str | None = None, *, status: str | None = None, tag: str | None = None
    ) -> Iterator[Told]:
        """Yield attempts, newest first, without a limit."""
        return self.repo.attempts(lane, status=status, tag=tag)

    def wait(
        self,
        any_of: str | Iterable[str] = (),
        timeout: float | None = None,
        **how: Unpack[Waiting],
    ) -> tuple[Changed, ...]:
        """Return which of some lanes and attempts changed; see `Repo.wait`."""
        return self.repo.wait(any_of, timeout, **how)

    async def wait_async(
        self,
        any_of: str | Iterable[str] = (),
        timeout: float | None = None,
        **how: Unpack[Waiting],
    ) -> tuple[Changed, ...]:
        """Return what `wait` does; other tasks of the same thread run meanwhile."""
        return await self.repo.wait_async(any_of, timeout, **how)

    def _judgement(self, reason: str | None, checks: Mapping[str, bool]) -> Judgement:
        return Judgement(self.agent_id, reason, tuple(checks.items()))
