"""Which candidate is best: the same one in whatever order they come, and never an unknown."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gitlanes.fleet import ranking
from gitlanes.models.batches import CRITERIA, READY, Entrant, Verdict

_AMOUNTS = st.one_of(st.none(), st.decimals(0, 9, places=2).map(str))


@st.composite
def entrants(draw: st.DrawFn) -> list[Entrant]:
    """Return some candidates, many of which are equally good."""
    found = []
    for number in range(draw(st.integers(1, 6))):
        amount = draw(_AMOUNTS)
        cost: dict[str, Any] = {} if amount is None else {"amounts": {"USD": amount}}
        gates = (Verdict("lint", draw(st.booleans()), required=False),)
        seconds = draw(st.one_of(st.none(), st.sampled_from([1.0, 2.0])))
        lines = draw(st.integers(0, 2))
        found.append(
            Entrant(f"x-{number}", READY, added=lines, gates=gates, cost=cost, seconds=seconds)
        )
    return found


@settings(deadline=None)
@given(entrants(), st.lists(st.sampled_from(CRITERIA), min_size=1, unique=True), st.randoms())
def test_the_order_is_one(found: list[Entrant], by: list[str], dice: Any) -> None:
    """However they come, they are ranked the same; nobody is before one who is better."""
    order = ranking.ranked(found, by)
    shuffled = [*found]
    dice.shuffle(shuffled)
    assert ranking.ranked(shuffled, by) == order
    keys = [ranking.key(x, by, found) for x in order]
    assert keys == sorted(keys)
    for one, other in pairwise(order):
        if ranking.key(one, by, found) == ranking.key(other, by, found):
            assert one.lane < other.lane


@settings(deadline=None)
@given(entrants())
def test_the_unknown_is_last(found: list[Entrant]) -> None:
    """Who does not tell what it cost, or how long it took, is behind all who do."""
    costs = [bool(x.cost) for x in ranking.ranked(found, ["cost"])]
    times = [x.seconds is not None for x in ranking.ranked(found, ["time"])]
    assert (costs, times) == (sorted(costs, reverse=True), sorted(times, reverse=True))


def test_money_and_tokens() -> None:
    """Several currencies are no criterion; where nobody tells of money, tokens count."""
    dollars, euros, cheap = (
        Entrant(name, READY, cost={"amounts": {currency: amount}})
        for name, currency, amount in (("a", "USD", "2"), ("b", "EUR", "1"), ("c", "USD", "0.5"))
    )
    assert [x.lane for x in ranking.ranked([dollars, euros, cheap], ["cost"])] == ["a", "b", "c"]
    assert [x.lane for x in ranking.ranked([dollars, cheap], ["cost"])] == ["c", "a"]
    much, little = (
        Entrant(name, READY, cost={"input_tokens": number, "output_tokens": 5})
        for name, number in (("a", 100), ("b", 10))
    )
    assert [x.lane for x in ranking.ranked([much, little], ["cost"])] == ["b", "a"]
