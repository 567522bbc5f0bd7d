"""Which budgets concern a piece of work, and how they stand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from gitlanes.models.costs import Standing
from gitlanes.models.records import RENAMED, Lane
from gitlanes.store import spending
from gitlanes.store.adopt import adopted_record
from gitlanes.usage import budgets
from gitlanes.usage.sums import summed

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Books:
    """Budgets and running totals, each read once, and only where there is a budget to ask.

    ``date`` is the day (UTC) that a budget of a day is asked for. Lanes without totals, of
    earlier versions, are summed on the way.
    """

    def __init__(self, repo: LaneRepo, date: str):
        self._repo = repo
        self._date = date
        self._read: dict[str | None, list[Lane]] = {}

    def require(self, lane: Lane, agent: str | None) -> None:
        """Raise BudgetExceeded if what is recorded reaches a limit that concerns the work."""
        for found in self.standings(lane, agent):
            budgets.require(found)

    def charged(self, before: Lane, after: Lane, agent: str | None) -> list[Standing]:
        """Warn of budgets that stand at their alert; return those that came to a limit now.

        ``before`` has the lane's totals without what was charged, ``after`` with it.
        """
        found = list(self.standings(after, agent))
        for text in (x for one in found for x in one.warnings):
            self._repo.warn(text)
        over = [x for x in found if x.exceeded]
        was = self.standings(before, agent) if over else ()
        known = {(x.scope, x.name) for x in was if x.exceeded}
        return [x for x in over if (x.scope, x.name) not in known]

    def standings(self, lane: Lane, agent: str | None) -> Iterator[Standing]:
        """Yield the budgets that work of an agent in a lane counts towards.

        Those of the lane and of the lanes that it follows, the agent's, the repository's for
        the day.
        """
        lane = spending.with_totals(self._repo, lane)
        if lane.parent or lane.budget.get("lane"):
            yield from _of_lanes(lane, self._others(lane, agent))
        limits = self.policy.get("agents", {}).get(agent)
        if agent is not None and limits:
            every = (lane, *self._others(lane, agent))
            used = summed(x.spent.get("agents", {}).get(agent, {}) for x in every)
            yield budgets.standing(budgets.AGENT, agent, limits, used)
        if limits := self.policy.get("day"):
            used = summed(self._on_the_day(x) for x in (lane, *self._others(lane, agent)))
            yield budgets.standing(budgets.DAY, self._date, limits, used)

    @cached_property
    def policy(self) -> dict[str, Any]:
        """The budgets of agents and days, which the adopted lane's record holds."""
        record = adopted_record(self._repo)
        return record.budget if record else {}

    def _others(self, lane: Lane, agent: str | None) -> list[Lane]:
        """Return the other lanes that may count: the rest is not even decoded.

        They follow another lane or have a budget, the agent or the day, or no totals yet.
        """
        if agent not in self._read:
            marks = [b'"parent":', b'"budget":', f'"date":"{self._date}"'.encode()]
            if agent is not None:
                marks.append(json.dumps(agent).encode())

            def counts(text: bytes) -> bool:
                return b'"spent":' not in text or any(x in text for x in marks)

            states = self._repo.view.lanes(deleted=True, where=counts)
            found = (x.record for x in states if x.record.status != RENAMED)
            self._read[agent] = [spending.with_totals(self._repo, x) for x in found]
        return [x for x in self._read[agent] if x.uuid != lane.uuid]

    def _on_the_day(self, lane: Lane) -> dict[str, Any]:
        day = lane.spent.get("day", {})
        found: dict[str, Any] = day.get("total", {}) if day.get("date") == self._date else {}
        return found


class _Node(NamedTuple):
    """A lane as far as its parent's budget needs it."""

    uuid: str
    name: str
    parent: str | None
    limits: dict[str, Any]
    total: dict[str, Any]


def _nodes(lane: Lane) -> Iterator[_Node]:
    """Yield a lane, and those that its name was before, which count towards others still."""
    limits = lane.budget.get("lane", {}) if lane.live else {}
    yield _Node(lane.uuid, lane.name, lane.parent, limits, lane.spent.get("total", {}))
    for uuid, was in lane.spent.get("former", {}).items():
        yield _Node(uuid, lane.name, was.get("parent"), {}, was.get("total", {}))


def _of_lanes(lane: Lane, others: Iterable[Lane]) -> Iterator[Standing]:
    """Yield the budgets of a lane and of those that it follows."""
    family = {node.uuid: node for x in (*others, lane) for node in _nodes(x)}
    children: dict[str, list[_Node]] = {}
    for node in family.values():
        children.setdefault(node.parent or "", []).append(node)
    above: _Node | None = family[lane.uuid]
    asked: set[str] = set()
    while above is not None and above.uuid not in asked:
        asked.add(above.uuid)
        if above.limits:
            used = summed(_below(above, children))
            yield budgets.standing(budgets.LANE, above.name, above.limits, used)
        above = family.get(above.parent or "")


def _below(top: _Node, children: dict[str, list[_Node]]) -> Iterator[dict[str, Any]]:
    """Yield the totals of a lane and of all that count towards it, each once."""
    waiting, told = [top], set()
    while waiting:
        node = waiting.pop()
        if node.uuid not in told:
            told.add(node.uuid)
            yield node.total
            waiting += children.get(node.uuid, [])
