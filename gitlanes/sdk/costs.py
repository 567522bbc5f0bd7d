"""The part of `gitlanes.Repo` that is about costs and budgets."""

from __future__ import annotations

from collections.abc import Iterable

from gitlanes.history import costs as reports
from gitlanes.models.costs import Budgets, CostAdded, CostReport, Limits, Standing
from gitlanes.models.notes import Cost
from gitlanes.review import budgets, costs
from gitlanes.sdk.offering import lane_of, names
from gitlanes.store.expectation import expecting
from gitlanes.store.lane_repo import LaneRepo
from gitlanes.usage.budgets import require
from gitlanes.usage.importing import read_usage


class Costs:
    """What attempts took, and what lanes, agents and days may use.

    A budget is a lane's, an ``agent``'s in all lanes, or with ``per_day`` the repository's for
    each day (UTC).
    """

    _repo: LaneRepo

    def cost(
        self,
        *,
        by: str = "lane",
        since: str | None = None,
        status: str | None = None,
        lane: str | None = None,
        lanes: Iterable[str] = (),
        tags: Iterable[str] = (),
    ) -> CostReport:
        """Return sums by 'lane', 'agent', 'model', 'tag', 'day' or 'change'.

        ``lanes`` and ``tags`` limit it to attempts of one of these lanes, with one of these tags;
        ``lane`` is one more of the lanes.
        """
        places = (*names(lanes), *([lane] if lane is not None else ()))
        wanted = reports.Wanted(by, since, status, places, names(tags))
        return reports.report(self._repo, wanted)

    def add_cost(
        self,
        attempt: str,
        cost: Cost,
        *,
        replaces: str | None = None,
        expect: str | None = None,
    ) -> CostAdded:
        """Record a further cost of an attempt, or one in place of the record ``replaces``."""
        with expecting(self._repo, expect, lambda: lane_of(self._repo, attempt)):
            return costs.add(self._repo, attempt, cost, replaces=replaces)

    @staticmethod
    def read_usage(text: str) -> Cost:
        """Return the cost that an agent's output tells of; raises BadValue."""
        return read_usage(text)

    def set_budget(
        self,
        lane: str | None = None,
        limits: Limits | None = None,
        *,
        agent: str | None = None,
        per_day: bool = False,
        expect: str | None = None,
    ) -> Budgets:
        """Set the limits that are given, the others stay; None takes the budget away.

        ``expect`` is of the lane, and for other budgets of the adopted one, which keeps them.
        """
        repo, scope = self._repo, budgets.Scope(lane, agent, per_day)
        with expecting(repo, expect, lambda: budgets.holder(repo, scope).record.name):
            if limits is None:
                return budgets.unset_budget(repo, scope)
            return budgets.set_budget(repo, scope, limits)

    def budget(
        self, lane: str | None = None, *, agent: str | None = None, per_day: bool = False
    ) -> Budgets:
        """Return how budgets stand: all, or those that concern a lane, an agent or the day."""
        return budgets.show(self._repo, budgets.Scope(lane, agent, per_day))

    def budget_left(self, lane: str, agent: str | None = None) -> tuple[Standing, ...]:
        """Return the budgets that work in a lane counts towards: cheap, to be asked often."""
        return budgets.budget_left(self._repo, lane, agent)

    def require_budget(self, lane: str, agent: str | None = None) -> None:
        """Raise BudgetExceeded if one of them is used up, as the next proposal would."""
        for found in self.budget_left(lane, agent):
            require(found)
