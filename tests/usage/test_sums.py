"""Sums count each record once, exactly."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from gitlanes.usage.sums import live, summed, total, without

_records = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "input_tokens": st.integers(0, 2**53),
            "wall_ms": st.integers(0, 10**9),
            "amount": st.decimals(0, 10**9, places=6).map(str),
            "currency": st.sampled_from(("USD", "EUR")),
        },
    ),
    min_size=1,
    max_size=8,
).map(lambda found: [{**x, "id": str(place)} for place, x in enumerate(found)])


@given(_records, st.data())
def test_carried_copies_in_any_order_count_once(records: list[Any], data: st.DataObject) -> None:
    """However often records are copied and in whichever order, the sum is that of each once."""
    copies = data.draw(st.lists(st.sampled_from(records)))
    shuffled = data.draw(st.permutations([*records, *copies]))
    assert total(shuffled) == total(records)


@given(_records, _records)
def test_what_is_taken_away_is_gone(first: list[Any], second: list[Any]) -> None:
    """Sums without some of their parts are the sums of the others."""
    both = summed([total(first), total(second)])
    left = without(both, total(second))
    assert {key: x for key, x in left.items() if x and key != "amounts"} == {
        key: x for key, x in total(first).items() if x and key != "amounts"
    }


def test_money_is_decimal() -> None:
    """0.1 and 0.2 are 0.3, in each currency by itself, and written in plain digits."""
    lines = [
        {"id": "1", "amount": "0.1", "currency": "USD"},
        {"id": "2", "amount": "0.2", "currency": "USD"},
        {"id": "3", "amount": "1", "currency": "EUR"},
        {"id": "4", "amount": "0.0000005", "currency": "CHF"},
        {"id": "5", "amount": "1E+2", "currency": "JPY"},
    ]
    money = {"CHF": "0.0000005", "EUR": "1", "JPY": "100", "USD": "0.3"}
    assert total(lines) == {"amounts": money}


def test_unknown_is_absent() -> None:
    """What no record says is in no sum; a known 0 is."""
    assert total([{"id": "1", "output_tokens": 0}]) == {"output_tokens": 0}
    assert total([]) == {}


def test_a_replaced_record_is_gone_wherever_its_copies_are() -> None:
    """A record counts no more if any line replaces it, also by way of another replacement."""
    first = {"id": "1", "api_calls": 100}
    third: dict[str, Any] = {"id": "3", "api_calls": 3, "replaces": "2", "replaced": ["1"]}
    assert live([first, third]) == [third]
    assert total([first, {"id": "2", "api_calls": 20, "replaces": "1"}]) == {"api_calls": 20}
