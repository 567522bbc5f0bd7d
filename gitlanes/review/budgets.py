"""Setting budgets, and saying how they stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gitlanes import clock
from gitlanes.errors import BadValue, Negative, NotAdopted
from gitlanes.models.costs import Budgets, Limits, Standing
from gitlanes.models.plain import NOTHING, Model, replace
from gitlanes.models.records import RENAMED, Lane, LaneState
from gitlanes.review.books import Books
from gitlanes.store import codec, spending
from gitlanes.store.adopt import adopted_record
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.usage.budgets import AGENT, DAY, LANE, standing

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Scope(Model):
    """Whose budget: a lane's, an agent's in all lanes, or the repository's ``per_day`` (UTC)."""

    lane: str | None = None
    agent: str | None = None
    per_day: bool = False


def set_budget(repo: LaneRepo, scope: Scope, limits: Limits) -> Budgets:
    """Set limits of a budget, the others stay; return how it stands.

    Raises BadValue where nothing is limited or several scopes are named, NotFound.
    """
    given = spending.checked(limits)
    if not given:
        raise BadValue("a budget without a limit", hint="use --max-cost, --max-tokens-in, …")
    kind, name = _named(scope)
    repo.redactor.require_none(name, "the name")
    with transaction(repo, "budget") as tx:
        if kind != LANE:
            _keep_totals(tx)
        state = _holder(repo, kind, name)
        before = _limits(state.record.budget, kind, name)
        after = {**before, **given}
        tx.description = f"set budget of {_shown(kind, name)}"
        if after != before:
            _write(tx, state, kind, name, after)
    return Budgets(*_stand(_one(repo, kind, name)))


def unset_budget(repo: LaneRepo, scope: Scope) -> Budgets:
    """Take a budget away; raises Negative where there is none."""
    kind, name = _named(scope)
    with transaction(repo, "budget") as tx:
        state = _holder(repo, kind, name)
        if not _limits(state.record.budget, kind, name):
            raise Negative(
                f"{_shown(kind, name)} has no budget", hint="see 'git lanes budget show'"
            )
        _write(tx, state, kind, name, {})
        tx.description = f"unset budget of {_shown(kind, name)}"
    return Budgets((), False)


def show(repo: LaneRepo, scope: Scope) -> Budgets:
    """Return how budgets stand: all of them, or those that concern a lane, an agent, the day."""
    if scope == Scope():
        return Budgets(*_stand(_every(repo)))
    if scope.lane is not None:
        return Budgets(*_stand(_concerning(repo, scope.lane, scope.agent)))
    return Budgets(*_stand(_one(repo, *_named(scope))))


def budget_left(repo: LaneRepo, lane: str, agent: str | None = None) -> tuple[Standing, ...]:
    """Return the budgets that work of an agent in a lane counts towards, with what is left.

    For agents to ask while they work: without a lock, from running totals.
    """
    record = (repo.view.peek(lane) or repo.view.lane(lane)).record
    return tuple(_books(repo).standings(record, agent))


def _books(repo: LaneRepo) -> Books:
    return Books(repo, clock.utc_text(clock.now())[:10])


def _stand(found: tuple[Standing, ...]) -> tuple[tuple[Standing, ...], bool]:
    return found, any(x.exceeded for x in found)


def _every(repo: LaneRepo) -> tuple[Standing, ...]:
    repo.view.require_adopted()
    lanes = repo.view.lanes(where=lambda text: b'"budget":' in text)
    held = [x.record for x in lanes if x.record.budget.get(LANE)]
    found = [y for x in held for y in _one(repo, LANE, x.name)]
    policy = _books(repo).policy
    for agent in sorted(policy.get("agents", {})):
        found += _one(repo, AGENT, agent)
    return (*found, *(_one(repo, DAY, "") if policy.get(DAY) else ()))


def _one(repo: LaneRepo, kind: str, name: str) -> tuple[Standing, ...]:
    """Return how one budget stands; what was used, where it has no limits."""
    holder = repo.view.lane(name).record if kind == LANE else adopted_record(repo)
    if holder is None:
        repo.view.require_adopted()
        return ()
    return tuple(_of(_books(repo), holder, kind, name))


def _of(books: Books, holder: Lane, kind: str, name: str) -> Iterator[Standing]:
    found = books.standings(holder, name if kind == AGENT else None)
    return (x for x in found if x.scope == kind and (x.name == name or kind == DAY))


def _concerning(repo: LaneRepo, lane: str, agent: str | None) -> tuple[Standing, ...]:
    """Return what concerns work in a lane, its own use first even where that is unlimited."""
    found = budget_left(repo, lane, agent)
    if any((x.scope, x.name) == (LANE, lane) for x in found):
        return found
    total = spending.of(repo, repo.view.lane(lane).record).get("total", {})
    return (standing(LANE, lane, NOTHING, total), *found)


def _named(scope: Scope) -> tuple[str, str]:
    """Return the one scope that is named, and its name; raises BadValue."""
    named = [(LANE, scope.lane), (AGENT, scope.agent), (DAY, "" if scope.per_day else None)]
    found = [(kind, name) for kind, name in named if name is not None]
    if len(found) != 1:
        raise BadValue("a budget is a lane's, an agent's or the day's", hint="name one of them")
    kind, name = found[0]
    if kind == AGENT and not 0 < len(name) <= 200:
        raise BadValue("an agent's id has 1 to 200 characters")
    return kind, name


def _shown(kind: str, name: str) -> str:
    return "the repository's day" if kind == DAY else f"{kind} '{codec.one_line(name, 60)}'"


def holder(repo: LaneRepo, scope: Scope) -> LaneState:
    """Return the lane whose record holds a budget; raises BadValue unless one scope is named."""
    return _holder(repo, *_named(scope))


def _holder(repo: LaneRepo, kind: str, name: str) -> LaneState:
    """Return the lane whose record holds a budget: the lane itself, else the adopted one."""
    if kind == LANE:
        return repo.view.lane(name)
    adopted = adopted_record(repo)
    if adopted is None:
        raise NotAdopted("this repository has no lanes yet", hint="run 'git lanes init'")
    return repo.view.lane(adopted.name)


def _limits(budget: Mapping[str, Any], kind: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = (
        budget.get("agents", {}).get(name, {}) if kind == AGENT else (budget.get(kind, {}))
    )
    return found


def _write(tx: Transaction, state: LaneState, kind: str, name: str, limits: dict[str, Any]) -> None:
    """Put limits into a record; empty ones take the budget out."""
    budget = dict(state.record.budget)
    if kind == AGENT:
        agents = {**budget.get("agents", {}), name: limits}
        budget["agents"] = {key: x for key, x in agents.items() if x}
    else:
        budget[kind] = limits
    after = replace(state.record, budget={key: x for key, x in budget.items() if x})
    after = spending.with_totals(tx.repo, after)
    tx.lane(state, after)
    if _is_over(tx.repo, after, kind, name) and not _is_over(tx.repo, state.record, kind, name):
        tx.tell(after.uuid, {"reached": [{"scope": kind, "name": name or tx.time[:10]}]})


def _is_over(repo: LaneRepo, holder: Lane, kind: str, name: str) -> bool:
    """Say whether a budget in its holder's record, whatever that is so far, is at a limit."""
    books = _books(repo)
    books.policy = books.policy if kind == LANE else holder.budget
    return any(x.exceeded for x in _of(books, holder, kind, name))


def _keep_totals(tx: Transaction) -> None:
    """Give the lanes of earlier versions running totals: all count towards such a budget."""
    adopted = adopted_record(tx.repo)
    states = tx.repo.view.lanes(deleted=True, where=lambda text: b'"spent":' not in text)
    for state in states:
        lane = state.record
        own = adopted is not None and lane.uuid == adopted.uuid
        if lane.status != RENAMED and lane.next > 1 and not own:
            tx.lane(state, spending.with_totals(tx.repo, lane))
