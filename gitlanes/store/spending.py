"""What a lane has spent: running totals in its record, so that a budget is asked in no time.

``total`` is the lane's own, ``agents`` by agent's id, ``day`` that of the last day (UTC) that
something was recorded on. ``former`` are earlier lanes of the same name that followed another,
by uuid, with that ``parent`` and their ``total``; ``agents`` and ``day`` include all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gitlanes.config.prices import CURRENCY
from gitlanes.errors import BadValue
from gitlanes.models.costs import Limits
from gitlanes.models.plain import replace
from gitlanes.models.records import RENAMED, Lane
from gitlanes.store import journal, layout, records
from gitlanes.store.validity import is_amount, is_count
from gitlanes.usage import sums

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

Spent = dict[str, Any]
NOTHING_YET: Spent = {"total": {}}


def of(repo: LaneRepo, lane: Lane) -> Spent:
    """Return a lane's running totals.

    A record without them was written before there were any: they are summed from its journal.
    """
    if lane.spent:
        return lane.spent
    return summed(repo, lane) if lane.next > 1 else NOTHING_YET


def recorded(spent: Spent, record: Mapping[str, Any], agent: str | None) -> Spent:
    """Return totals with a cost record in them, which `agent` had."""
    change, date = _change(record), date_of(record)
    day = spent.get("day", {})
    before = day.get("total", {}) if day.get("date") == date else {}
    after = _each(spent, agent, lambda x: sums.summed([x, change]))
    return {**after, "day": {"date": date, "total": sums.summed([before, change])}}


def taken_back(spent: Spent, record: Mapping[str, Any], agent: str | None) -> Spent:
    """Return totals without a cost record that is replaced."""
    change, day = _change(record), spent.get("day", {})
    after = _each(spent, agent, lambda x: sums.without(x, change))
    if day.get("date") == date_of(record):
        after["day"] = {**day, "total": sums.without(day.get("total", {}), change)}
    return after


def date_of(record: Mapping[str, Any]) -> str:
    """Return the day (UTC) that a cost was recorded on."""
    return str(record.get("time", ""))[:10]


def begun_again(repo: LaneRepo, former: Lane | None) -> Spent:
    """Return the totals that a lane begins with, whose name may have been another one's.

    What that one spent goes on to count where it did: towards its parent, agents and days; of
    one that has another name now it counts there.
    """
    if former is None or former.status == RENAMED:
        return NOTHING_YET
    spent = of(repo, former)
    below = dict(spent.get("former", {}))
    if former.parent:
        below[former.uuid] = {"parent": former.parent, "total": spent.get("total", {})}
    kept: Spent = {key: spent[key] for key in ("agents", "day") if key in spent}
    if below:
        kept["former"] = below
    return {**NOTHING_YET, **kept}


def summed(repo: LaneRepo, lane: Lane) -> Spent:
    """Return a lane's totals as its journal and notes have them: reads all of both."""
    tip = repo.refs.target(layout.journal(lane.name))
    owners: dict[str, str | None] = {}
    commits: dict[str, None] = {}
    for entry in journal.walk(repo.refs, tip):
        if entry.record.uuid != lane.uuid:
            break
        for attempt in (*entry.attempts, *entry.record.open):
            owners.setdefault(attempt.uuid, attempt.agent)
            commits |= dict.fromkeys((attempt.commit, attempt.landed or attempt.commit))
    lines = (x for notes in records.read(repo, commits).values() for x in notes.costs)
    spent = NOTHING_YET
    own = [x for x in sums.live(lines) if x.get("attempt_uuid") in owners]
    for line in sorted(own, key=lambda x: str(x.get("time", ""))):
        spent = recorded(spent, line, agent_of(line, owners[line["attempt_uuid"]]))
    return spent


def agent_of(record: Mapping[str, Any], agent: str | None) -> str | None:
    """Return who had a cost: whom its record names, else `agent`, the attempt's own."""
    named: str | None = record.get("agent", {}).get("id")
    return named or agent


def with_totals(repo: LaneRepo, lane: Lane) -> Lane:
    """Return a lane's record with running totals, summed now if it has none."""
    return lane if lane.spent else replace(lane, spent=of(repo, lane))


def checked(limits: Limits) -> dict[str, Any]:
    """Return the limits that are given; raises BadValue for what can be none."""
    given = limits.given()
    for key in ("input_tokens", "output_tokens", "api_calls", "wall_ms"):
        if not is_count(given.get(key, 0)):
            raise BadValue(f"bad limit of {key} '{given[key]}'", hint="use a whole number")
    if not is_amount(given.get("amount", "0")):
        raise BadValue(f"bad limit of cost '{given['amount']}'", hint="write it as 0.42")
    if not CURRENCY.fullmatch(str(given.get("currency", "USD"))):
        raise BadValue(f"bad currency '{given['currency']}'", hint="write it as USD")
    alert = given.get("alert", 1)
    if type(alert) is not int or not 1 <= alert <= 100:
        raise BadValue(f"bad alert '{alert}'", hint="use a percentage from 1 to 100")
    return given


def _change(record: Mapping[str, Any]) -> dict[str, Any]:
    return sums.limited(sums.as_sums(record))


def _each(spent: Spent, agent: str | None, step: Callable[[Spent], Spent]) -> Spent:
    """Return totals with a step taken for the lane, and for an agent if one is known."""
    after = {**spent, "total": step(spent.get("total", {}))}
    if agent is not None:
        agents = spent.get("agents", {})
        after["agents"] = {**agents, agent: step(agents.get(agent, {}))}
    return after
