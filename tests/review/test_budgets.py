"""Budgets: what they refuse, what they count, and what they never lose."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gitlanes import BadValue, BudgetExceeded, Cost, Intent, Limits, NotFound
from gitlanes.models.plain import replace
from gitlanes.models.records import Lane
from gitlanes.review.books import Books
from gitlanes.store import spending
from gitlanes.store.transaction import transaction
from tests.support.cli import Ran, spawn_cli
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def work(repo: TestRepo, lane: str, agent: str = "a", **cost: Any) -> str:
    """Commit something new in a lane at a cost; return the attempt's id."""
    number = len(list(repo.workspace(lane).iterdir()))
    repo.write({f"{lane}{number}.txt": "x\n"}, repo.workspace(lane))
    made = repo.lanes.commit(lane, intent=Intent(agent=agent), cost=Cost(**cost))
    return made.attempt.id


def record(repo: TestRepo, lane: str) -> Lane:
    """Return a lane's record, deleted or not."""
    with repo.inner() as inner:
        state = inner.view.peek(lane)
    assert state is not None
    return state.record


def put(repo: TestRepo, lane: str, **changes: Any) -> None:
    """Change a lane's record, as a version of another time would have written it."""
    with repo.inner() as inner, transaction(inner, "edit") as tx:
        state = inner.view.lane(lane)
        tx.description = f"edit lane {lane}"
        tx.lane(state, replace(state.record, **changes))


def agree(repo: TestRepo, lane: str) -> None:
    """Assert that running totals are what journal and notes come to."""
    with repo.inner() as inner:
        state = inner.view.peek(lane)
        assert state is not None
        assert state.record.spent == spending.summed(inner, state.record)


def test_a_lane_over_its_budget(repo: TestRepo, cli: Cli) -> None:
    """The work that reaches a limit is recorded whole; the next is refused, the files stay."""
    assert cli("new", "auth", "--max-tokens-in", "100").code == 0
    work(repo, "auth", input_tokens=99)
    work(repo, "auth", input_tokens=50)
    place = repo.workspace("auth")
    repo.write({"more.txt": "more\n"}, place)
    refs = repo.refs()
    expected = Ran(
        128,
        "",
        "error: lane 'auth' is over budget: input tokens (149 of 100)\n"
        "hint: raise it with: git lanes budget set auth --max-tokens-in N; "
        "nothing was recorded, and files stay as they are\n",
    )
    for verb in (("propose",), ("commit",), ("commit", "--amend", "-m", "x")):
        assert cli(*verb, "auth", "--tokens-in", "1") == expected
    assert repo.refs() == refs
    assert repo.git("status", "--porcelain", cwd=place) == "?? more.txt"
    told = cli("commit", "auth", "--json").json
    assert (told["error"], told["budget"]) == (
        "budget_exceeded",
        {"scope": "lane", "name": "auth", "limit": "input_tokens", "max": 100, "used": 149},
    )
    assert cli("budget", "set", "auth", "--max-tokens-in", "150").code == 0
    assert cli("commit", "auth").code == 0
    agree(repo, "auth")


def test_an_amended_attempt_counts_for_its_own_agent(repo: TestRepo) -> None:
    """Whoever amends without a name works on that agent's account, and within its budget."""
    repo.lane("auth")
    work(repo, "auth", input_tokens=100)
    repo.lanes.set_budget(agent="a", limits=Limits(input_tokens=100))
    with pytest.raises(BudgetExceeded, match="agent 'a' is over budget"):
        repo.lanes.amend("auth", message="again", cost=Cost(input_tokens=1))


def test_sums_longer_than_any_amount(repo: TestRepo) -> None:
    """The largest and the smallest amounts that records may have leave a lane that can be read."""
    repo.lane("auth")
    for amount in ("9" * 30, "9" * 30, "1E+40", "1E-40", "1E+999", "1E-999", "0." + "0" * 29 + "1"):
        work(repo, "auth", amount=amount, currency="USD")
    agree(repo, "auth")


LIMITED = [
    ("--max-tokens-in", "10", {"input_tokens": 10}, "input tokens (10 of 10)"),
    ("--max-tokens-out", "10", {"output_tokens": 11}, "output tokens (11 of 10)"),
    ("--max-api-calls", "1", {"api_calls": 1}, "API calls (1 of 1)"),
    ("--max-wall", "1m", {"wall_ms": 90_000}, "wall time (90s of 60s)"),
    ("--max-cost", "0.3", {"amount": "0.3", "currency": "USD"}, "money (0.3 of 0.3 USD)"),
    ("--max-cost", "0", {}, "money (0 of 0 USD)"),
]


@pytest.mark.parametrize(("option", "value", "cost", "said"), LIMITED)
@pytest.mark.parametrize("scope", [("auth",), ("--agent", "a"), ("--per-day",)], ids=len)
def test_every_limit_of_every_scope(
    repo: TestRepo, cli: Cli, option: str, value: str, cost: Any, said: str, scope: tuple[str, ...]
) -> None:
    """Each limit refuses once it is reached, for lanes, agents and days."""
    repo.lane("auth")
    if cost:
        work(repo, "auth", **cost)
    assert cli("budget", "set", *scope, option, value).code == 0
    repo.write({"more.txt": "more\n"}, repo.workspace("auth"))
    done = cli("commit", "auth", "--agent", "a")
    assert (done.code, done.out) == (128, "")
    assert done.err.splitlines()[0].endswith(f" is over budget: {said}")
    assert cli("budget", "unset", *scope).code == 0
    assert cli("commit", "auth", "--agent", "a").code == 0


def test_an_agents_budget_is_of_all_lanes(repo: TestRepo) -> None:
    """What an agent used anywhere counts, deleted and renamed lanes included; others may go on."""
    for name in ("one", "two", "three"):
        repo.lane(name)
    repo.lanes.set_budget(agent="a", limits=Limits(api_calls=3))
    work(repo, "one", api_calls=1)
    work(repo, "two", api_calls=1)
    repo.lanes.delete("one")
    repo.lanes.rename("two", "second")
    repo.lanes.new("one")  # the name again: what was spent under it is not forgotten
    work(repo, "three", api_calls=1)
    assert repo.lanes.budget(agent="a").budgets[0].used["api_calls"] == 3
    with pytest.raises(BudgetExceeded):
        work(repo, "second")
    work(repo, "second", agent="b", api_calls=7)
    assert [x.left for x in repo.lanes.budget_left("three", "b")] == []


def test_a_rename_and_a_deletion_keep_a_lanes_spending(repo: TestRepo) -> None:
    """Totals and budget go along with a new name, and stay in what a deletion leaves."""
    repo.lanes.new("auth", budget=Limits(api_calls=1))
    work(repo, "auth", api_calls=1)
    repo.lanes.rename("auth", "login")
    with pytest.raises(BudgetExceeded, match="lane 'login' is over budget"):
        work(repo, "login")
    before = record(repo, "login").spent
    repo.lanes.delete("login", force=True)
    assert record(repo, "login").spent == before
    repo.lanes.new("login")
    assert record(repo, "login").spent["total"] == {}
    work(repo, "login", api_calls=1)


def test_a_name_that_a_lane_left_begins_anew(repo: TestRepo) -> None:
    """What a renamed lane spent counts once for its agent, not again under its old name."""
    repo.lane("one")
    repo.write({"a.txt": "a\n"}, repo.workspace("one"))
    repo.lanes.commit("one", intent=Intent(agent="ann"), cost=Cost(input_tokens=4))
    repo.lanes.rename("one", "two")
    repo.lanes.new("one", workspace=False)
    with repo.inner() as inner:
        spent = [inner.view.lane(x).record.spent for x in ("one", "two")]
    assert [x.get("agents", {}) for x in spent] == [{}, {"ann": {"input_tokens": 4}}]


def test_a_days_budget_ends_with_the_day(repo: TestRepo) -> None:
    """A day is a UTC date: what an earlier one used does not count."""
    repo.lane("auth")
    repo.lane("docs")
    repo.lanes.set_budget(per_day=True, limits=Limits(api_calls=2))
    work(repo, "auth", api_calls=2)
    with pytest.raises(BudgetExceeded, match="the repository's day is over budget"):
        work(repo, "docs")
    with repo.inner() as inner:
        today = record(repo, "auth").spent["day"]["date"]
        after = Books(inner, "2999-01-01")
        after.require(record(repo, "docs"), "a")
        with pytest.raises(BudgetExceeded):
            Books(inner, today).require(record(repo, "docs"), "a")


def test_the_boundary_of_a_day() -> None:
    """A record one microsecond after midnight (UTC) begins a new day; both are in the total."""
    late = {"id": "1", "time": "2026-11-25T23:59:59.999999Z", "api_calls": 1}
    early = {"id": "2", "time": "2026-11-26T00:00:00.000000Z", "api_calls": 2}
    spent = spending.recorded(spending.NOTHING_YET, late, "a")
    assert spent["day"] == {"date": "2026-11-25", "total": {"api_calls": 1}}
    spent = spending.recorded(spent, early, "a")
    assert spent["day"] == {"date": "2026-11-26", "total": {"api_calls": 2}}
    assert spent["total"] == {"api_calls": 3}
    # Yesterday's record is replaced: today stays as it is.
    back = spending.taken_back(spent, late, "a")
    assert back["day"] == spent["day"]
    assert back["total"] == {"api_calls": 2}


def test_lanes_count_towards_those_that_they_follow(repo: TestRepo) -> None:
    """A parent's budget counts its children's children, deleted ones and former ones, too."""
    for name, on in (("top", None), ("child", "top"), ("grandchild", "child")):
        repo.lanes.new(name, on=on)
    repo.lanes.set_budget("top", Limits(api_calls=6))
    work(repo, "top", api_calls=1)
    work(repo, "child", api_calls=2)
    work(repo, "grandchild", api_calls=2)
    (stand,) = repo.lanes.budget_left("grandchild")
    assert (stand.name, stand.used["api_calls"], stand.left) == ("top", 5, {"api_calls": 1})
    repo.lanes.delete("child", force=True)
    repo.lanes.new("child")
    assert repo.lanes.budget("top").budgets[0].used["api_calls"] == 5
    work(repo, "top", api_calls=4)
    with pytest.raises(BudgetExceeded, match="lane 'top' is over budget"):
        work(repo, "top")


def test_a_circle_of_parents_ends(repo: TestRepo) -> None:
    """Records of a damaged or hostile journal that follow each other are counted once."""
    for name in ("one", "two"):
        repo.lane(name)
    put(repo, "one", parent=record(repo, "two").uuid)
    put(repo, "two", parent=record(repo, "one").uuid)
    repo.lanes.set_budget("one", Limits(api_calls=9))
    work(repo, "two", api_calls=4)
    work(repo, "one", api_calls=1)
    assert [x.used["api_calls"] for x in repo.lanes.budget_left("two")] == [5]


def test_a_cost_that_was_spent_is_always_recorded(repo: TestRepo, cli: Cli) -> None:
    """`cost add` records over any budget, and says so."""
    cli("new", "auth", "--max-api-calls", "2", "--alert", "50")
    work(repo, "auth", api_calls=2)
    done = cli("cost", "add", "auth/1", "--api-calls", "3", "--agent", "judge")
    assert done.code == 0
    assert done.err == "warning: lane 'auth' has used 250% of its API calls (5 of 2)\n"
    assert cli("budget", "show", "auth") == Ran(
        0,
        "BUDGET     LIMIT      USED  OF  PERCENT  STATE\n"
        "lane auth  api_calls  5     2   250%     exceeded\n",
        "",
    )


def test_replacing_takes_the_old_cost_back(repo: TestRepo) -> None:
    """The totals of lane, agents and day are those of what counts."""
    repo.lane("auth")
    name = work(repo, "auth", api_calls=5, amount="0.1", currency="USD")
    lines = repo.lanes.show(name).attempts[0].notes.costs
    cost = Cost(api_calls=1, amount="0.2", currency="USD", agent="b")
    repo.lanes.add_cost(name, cost, replaces=lines[0]["id"])
    spent = record(repo, "auth").spent
    assert spent["total"] == {"api_calls": 1, "amounts": {"USD": "0.2"}}
    assert spent["agents"]["a"] == {"api_calls": 0, "amounts": {"USD": "0.0"}}
    assert spent["agents"]["b"] == spent["day"]["total"] == spent["total"]


def test_promotions_cost_their_target(repo: TestRepo) -> None:
    """A promotion with a cost counts towards the lane that it lands on; one without goes free."""
    repo.lane("auth")
    work(repo, "auth", api_calls=1)
    repo.lanes.set_budget("main", Limits(api_calls=2))
    repo.lanes.promote("auth", cost=Cost(api_calls=2), intent=Intent(agent="lander"))
    assert record(repo, "main").spent["agents"]["lander"] == {"api_calls": 2}
    work(repo, "auth", api_calls=1)
    with pytest.raises(BudgetExceeded):
        repo.lanes.promote("auth", cost=Cost(api_calls=1))
    with pytest.raises(BudgetExceeded):
        repo.lanes.promote("auth", cost=Cost(api_calls=1), propose=True)
    repo.lanes.promote("auth")
    agree(repo, "main")


def test_lanes_of_an_earlier_version(repo: TestRepo) -> None:
    """Without totals in its record a lane is summed from its journal, and then keeps them."""
    repo.lane("auth")
    repo.lane("docs")
    work(repo, "auth", api_calls=1)
    rejected = repo.propose("auth", {"x.txt": "x\n"}, cost=Cost(api_calls=2))
    repo.lanes.reject(rejected)
    work(repo, "auth", api_calls=3)
    repo.write({"auth.py": "amended\n"}, repo.workspace("auth"))
    repo.lanes.amend("auth", cost=Cost(api_calls=4))
    before = record(repo, "auth").spent
    assert before["total"] == {"api_calls": 10}
    for lane in ("auth", "docs", "main"):
        put(repo, lane, spent={})
    assert record(repo, "auth").spent == {}
    assert repo.lanes.budget("auth").budgets[0].used["api_calls"] == 10
    assert record(repo, "auth").spent == {}  # a reader writes nothing
    repo.lanes.set_budget(agent="a", limits=Limits(api_calls=8))
    assert record(repo, "auth").spent == before
    with pytest.raises(BudgetExceeded):
        work(repo, "docs")
    put(repo, "auth", spent={})
    repo.lanes.add_cost("auth/1", Cost(api_calls=1, agent="a"))
    agree(repo, "auth")


def test_alerts(repo: TestRepo, cli: Cli) -> None:
    """From its percentage on a budget warns, and money in another currency is named."""
    repo.lane("auth")
    cli("budget", "set", "auth", "--max-cost", "1", "--alert", "80")
    repo.write({"1.txt": "1\n"}, repo.workspace("auth"))
    assert cli("commit", "auth", "-m", "x", "--cost", "0.79").err == ""
    repo.write({"2.txt": "2\n"}, repo.workspace("auth"))
    assert cli("commit", "auth", "-m", "x", "--cost", "0.01").err == (
        "warning: lane 'auth' has used 80% of its money (0.80 of 1 USD)\n"
    )
    cli("budget", "set", "auth", "--max-cost", "2")
    done = cli("cost", "add", "auth/1", "--cost", "5 EUR")
    assert done.err == "warning: lane 'auth' is in USD: 5 EUR are not counted\n"
    found = cli("budget", "show", "auth", "--json").json
    (stand,) = found["budgets"]
    assert found["exceeded"] is False
    assert (stand["used"], stand["left"]) == ({"amount": "0.80"}, {"amount": "1.20"})
    assert (stand["percent"], stand["alert"], stand["currency"]) == ({"amount": 40}, 80, "USD")
    assert stand["warnings"] == ["lane 'auth' is in USD: 5 EUR are not counted"]


def test_what_can_be_no_budget(repo: TestRepo, cli: Cli) -> None:
    """Scopes and limits that make no sense are refused in one line; so is unsetting none."""
    scope = "error: a budget is a lane's, an agent's or the day's\nhint: name one of them\n"
    assert cli("budget", "set", "--max-cost", "1") == Ran(129, "", scope)
    assert cli("budget", "set", "main", "--per-day", "--max-cost", "1") == Ran(129, "", scope)
    assert cli("budget", "set", "main").err == (
        "error: a budget without a limit\nhint: use --max-cost, --max-tokens-in, …\n"
    )
    assert cli("budget", "unset", "main") == Ran(
        1, "", "error: lane 'main' has no budget\nhint: see 'git lanes budget show'\n"
    )
    assert cli("budget", "show") == Ran(0, "", "no budget is set\n")
    assert cli("budget", "set", "none", "--max-cost", "1").code == 128
    for wrong in ("-1", "much", "1 dollars", "NaN"):
        assert cli("budget", "set", "main", "--max-cost", wrong).code == 129
    for limits in (Limits(amount="-1"), Limits(api_calls=-1), Limits(api_calls=1, alert=0)):
        with pytest.raises(BadValue):
            repo.lanes.set_budget("main", limits)
    with pytest.raises(NotFound):
        repo.lanes.budget("none")


def test_absent_members_stay_absent(repo: TestRepo) -> None:
    """A lane without a budget has none in its record; nothing becomes 0."""
    repo.lane("auth")
    work(repo, "auth")
    body = repo.git("cat-file", "commit", "refs/lanes/journal/auth")
    assert '"budget"' not in body
    assert '"spent":{"total":{}}' in body


HOSTILE: list[tuple[str, Any]] = [
    ("budget", {"lane": {"api_calls": "many"}}),
    ("budget", {"lane": {"amount": "NaN"}}),
    ("budget", {"agents": {"a": 5}}),
    ("budget", {"day": []}),
    ("spent", {"total": {"api_calls": "1"}}),
    ("spent", {"total": {"amounts": {"USD": 1}}}),
    ("spent", {"day": {"date": 5}}),
    ("spent", {"former": []}),
    ("spent", {"former": {"x": {"parent": 5}}}),
]


@pytest.mark.parametrize(("member", "value"), HOSTILE)
def test_a_record_that_cannot_be_is_damaged(repo: TestRepo, member: str, value: Any) -> None:
    """Budgets and totals of a foreign journal are checked as they come in."""
    repo.lane("auth")
    put(repo, "auth", **{member: value})
    with repo.inner() as inner, pytest.raises(Exception, match="a budget or what was spent"):
        inner.view.lane("auth")


def race(repo: TestRepo, writers: int, limit: int) -> list[Ran]:
    """Let writers commit at once, each in its own lane at a cost of one call, under a limit."""
    for writer in range(writers):
        repo.lanes.new(f"w{writer}")
        repo.write({f"{writer}.txt": "x\n"}, repo.workspace(f"w{writer}"))
    repo.lanes.set_budget(agent="a", limits=Limits(api_calls=limit))

    def commit(writer: int) -> Ran:
        words = ("commit", f"w{writer}", "--agent", "a", "--api-calls", "1")
        return spawn_cli(repo.path, repo.environ, *words)

    with ThreadPoolExecutor(writers) as pool:
        return list(pool.map(commit, range(writers)))


def assert_kept(repo: TestRepo, done: list[Ran], limit: int) -> None:
    """Assert that just as many as may were accepted, and that sums say so."""
    assert sorted(x.code for x in done) == [0] * limit + [128] * (len(done) - limit)
    assert {x.err.splitlines()[0] for x in done if x.code} == {
        f"error: agent 'a' is over budget: API calls ({limit} of {limit})"
    }
    assert repo.lanes.budget(agent="a").budgets[0].used == {"api_calls": limit}
    assert repo.lanes.cost(by="agent").total == {"api_calls": limit}


def test_six_race_for_a_budget(repo: TestRepo) -> None:
    """Of six processes at once three are within the budget, and no more get in."""
    assert_kept(repo, race(repo, 6, 3), 3)


@pytest.mark.slow
def test_twenty_race_for_a_budget(repo: TestRepo) -> None:
    """Twenty processes at once use up a budget exactly."""
    assert_kept(repo, race(repo, 20, 7), 7)
