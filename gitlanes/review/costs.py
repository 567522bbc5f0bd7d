"""Recording what attempts took, in their notes and in their lane's running totals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from gitlanes.config import layers, prices
from gitlanes.errors import BadValue, NotFound
from gitlanes.history.landings import landings
from gitlanes.models.costs import CostAdded
from gitlanes.models.notes import NO_INTENT, Cost, Intent
from gitlanes.models.plain import replace
from gitlanes.models.records import COUNTERS, Attempt, Lane, LaneState
from gitlanes.review.books import Books
from gitlanes.store import codec, records, spending
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.usage import sums

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def opened(tx: Transaction, lane: Lane, agent: str | None) -> Books:
    """Return the books that an operation's costs go into; raises BudgetExceeded.

    What counts is the use before the operation: the work that reaches a limit is recorded
    with its whole cost, the next one is refused.
    """
    books = Books(tx.repo, tx.time[:10])
    books.require(lane, agent)
    return books


def charge(
    tx: Transaction,
    books: Books,
    lane: Lane,
    attempt: Attempt,
    cost: Cost,
    intent: Intent = NO_INTENT,
) -> Lane:
    """Record what an attempt took, if that is known; return the lane's record with it.

    Warns of budgets that stand at their alert after it; the entry tells of those at a limit.
    """
    if not cost.known:
        return lane
    made = records.add_cost(tx, attempt, _priced(tx.repo, cost, intent.model))
    agent = cost.agent or attempt.agent
    spent = spending.recorded(spending.of(tx.repo, lane), made, agent)
    return _charged(tx, books, lane, spent, agent)


def _charged(
    tx: Transaction, books: Books, lane: Lane, spent: spending.Spent, agent: str | None
) -> Lane:
    """Return the lane with its new totals; what that means for budgets is told."""
    after = replace(lane, spent=spent)
    if reached := books.charged(lane, after, agent):
        told = [{"scope": x.scope, "name": x.name} for x in reached]
        tx.tell(lane.uuid, {"reached": told})
    return after


def again(tx: Transaction, replaced: Iterable[Attempt], attempt: Attempt, cost: Cost) -> bool:
    """Say whether an attempt repeats, cost and all, one that it replaces; it has that record then.

    So a command that was broken off while gates ran, and is given again, counts once.
    """
    own = (attempt.tree, attempt.base, attempt.agent)
    same = [x.commit for x in replaced if cost.known and (x.tree, x.base, x.agent) == own]
    if not same:
        return False
    lines = (x for notes in records.read(tx.repo, same).values() for x in notes.costs)
    found = next((x for x in lines if _equal(x, cost)), None)
    if found is None:
        return False
    records.copy_cost(tx, found, attempt.commit)
    where = found.get("attempt", same[0])  # people write lines, too
    tx.repo.warn(f"this cost is recorded with {where} already, and counts once")
    return True


def _equal(record: Mapping[str, Any], cost: Cost) -> bool:
    numbers = all(record.get(x) == getattr(cost, x) for x in COUNTERS)
    return numbers and cost.amount in (None, record.get("amount"))


def add(repo: LaneRepo, attempt_id: str, cost: Cost, *, replaces: str | None = None) -> CostAdded:
    """Record a further cost of an attempt, of another agent or stage: it adds to the sums.

    ``replaces`` is the id of a cost record of that attempt that this one takes the place of.
    What was spent is recorded whatever the budgets say; those that it reaches are warned of.
    Raises BadValue where nothing is known, NotFound.
    """
    records.check(NO_INTENT, cost)
    if not cost.known:
        raise BadValue("a cost without anything that adds up", hint="give tokens, calls or money")
    with transaction(repo, "cost", actor=cost.agent) as tx:
        attempt, state = _found(repo, attempt_id)
        old = _replaced(repo, attempt, replaces) if replaces is not None else None
        lane = state.record
        details: dict[str, Any] = {}
        spent = spending.of(repo, lane)
        if old is not None:
            spent = spending.taken_back(spent, old, spending.agent_of(old, attempt.agent))
            earlier = [*old.get("replaced", ()), old.get("replaces")]
            details = {"replaces": replaces, "replaced": [x for x in earlier if x] or None}
        made = records.add_cost(tx, attempt, _priced(repo, cost, cost.model), details)
        for commit in _carriers(repo, lane, attempt):
            records.copy_cost(tx, made, commit)
        agent = cost.agent or attempt.agent
        books = Books(repo, tx.time[:10])
        lane = _charged(tx, books, lane, spending.recorded(spent, made, agent), agent)
        about = {"attempt": attempt.id, "attempt_uuid": attempt.uuid, "id": made["id"]}
        stage = f" ({codec.one_line(cost.stage, 60)})" if cost.stage else ""
        tx.description = f"cost of {attempt.id}{stage}"
        tx.lane(state, lane, details={"cost": about})
    return CostAdded(attempt, made["id"], made, replaces)


def has(repo: LaneRepo, attempt_id: str, cost: Cost) -> bool:
    """Say whether that very cost is recorded with an attempt; raises NotFound."""
    commit = repo.view.attempt(attempt_id).commit
    return any(_equal(x, cost) for x in records.read(repo, [commit])[commit].costs)


def _carriers(repo: LaneRepo, lane: Lane, attempt: Attempt) -> list[str]:
    """Return the commits of replays and squashes that have an attempt's records, too."""
    if not any(x.source for x in lane.landed.values()):
        return []  # nothing of it landed anywhere
    commits = [str(x.landed) for x in landings(repo, attempt)]
    notes = records.read(repo, commits)
    told = {x: (*notes[x].intents, *notes[x].costs) for x in commits}
    return [x for x in commits if any(y.get("attempt_uuid") == attempt.uuid for y in told[x])]


def _found(repo: LaneRepo, attempt_id: str) -> tuple[Attempt, LaneState]:
    """Return an attempt and the lane that it is in now, its head seen to if it is live."""
    attempt, state = repo.view.attempt_in(attempt_id)
    return attempt, repo.view.find(state.record.name) or state


def _replaced(repo: LaneRepo, attempt: Attempt, name: str) -> dict[str, Any]:
    lines = sums.live(records.read(repo, [attempt.commit])[attempt.commit].costs)
    own = {str(x["id"]): dict(x) for x in lines if x.get("attempt_uuid") == attempt.uuid}
    if name not in own:
        shown = codec.one_line(name, 60)
        raise NotFound(
            f"cost record of {attempt.id}",
            shown,
            hint=f"it may be replaced already; see 'git lanes show {attempt.id} --json'",
        )
    return own[name]


def _priced(repo: LaneRepo, cost: Cost, model: str | None) -> Cost:
    """Return the cost with an amount by the team's prices, where it has none of its own."""
    model = cost.model or model
    if cost.amount is not None or model is None or cost.input_tokens is cost.output_tokens is None:
        return cost
    root = repo.root()
    price = prices.price_of(layers.team_file(root[1] if root else None), model)
    if price is None:
        return cost
    from gitlanes.usage.prices import priced

    return priced(cost, price)
