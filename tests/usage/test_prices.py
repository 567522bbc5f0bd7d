"""Amounts by the team's price table."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from gitlanes import BadValue, Cost
from gitlanes.config.prices import Price, price_of
from gitlanes.usage.prices import priced
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

TABLE = '[prices."m-1.0"]\ninput = 3\noutput = 15.5\ncache_read = 0.1\ncache_write = "3.75"\n'


def test_each_kind_of_token_has_its_price() -> None:
    """Cached input has prices of its own, the rest of the input the plain one; all exact."""
    price = Price(Decimal(3), Decimal("15.5"), Decimal("0.1"), Decimal("3.75"))
    cost = Cost(
        input_tokens=1_000_000,
        output_tokens=2,
        cache_read_input_tokens=300_000,
        cache_creation_input_tokens=100_000,
    )
    found = priced(cost, price)
    assert found.amount == "2.205031"  # 600k at 3, 300k at 0.1, 100k at 3.75, 2 at 15.5
    assert (found.currency, found.amount_source) == ("USD", "local")


def test_cached_input_without_a_price_costs_what_input_does() -> None:
    """Without prices for the cache, and with more cached than there is input, nothing breaks."""
    cost = Cost(input_tokens=10, cache_read_input_tokens=20)
    assert priced(cost, Price(Decimal(1), Decimal(1))).amount == "0.00002"


@pytest.mark.parametrize("cost", [Cost(amount="1", input_tokens=5), Cost(api_calls=3)])
def test_a_known_amount_stays_and_an_unknown_one_is_not_made_up(cost: Cost) -> None:
    """What the provider said wins; without tokens there is no amount."""
    assert priced(cost, Price(Decimal(1), Decimal(1))) == cost


def test_the_table_is_exact(tmp_path: Path) -> None:
    """Prices are decimals as they are written, not floats."""
    file = tmp_path / ".gitlanes.toml"
    file.write_text(TABLE)
    found = price_of(str(file), "m-1.0")
    assert found == Price(Decimal(3), Decimal("15.5"), Decimal("0.1"), Decimal("3.75"))
    assert price_of(str(file), "m-2") is None
    assert price_of(None, "m-1.0") is None


def test_a_commit_is_priced(repo: TestRepo, cli: Cli) -> None:
    """The intent's model finds its price, and the record says that the amount is ours."""
    repo.write({".gitlanes.toml": TABLE, ".git/info/exclude": ".gitlanes.toml\n"})
    repo.lane("auth")
    repo.write({"new.txt": "n\n"}, repo.workspace("auth"))
    used = ("--model", "m-1.0", "--tokens-in", "1000", "--tokens-out", "10")
    cli("commit", "auth", "-m", "Work", *used)
    (record,) = cli("show", "auth/1", "--json").json["attempts"][0]["notes"]["costs"]
    assert (record["amount"], record["amount_source"]) == ("0.003155", "local")
    assert cli("cost", "--by", "model", "--json").json["rows"][0]["name"] == "m-1.0"


FAULTS = [
    ("prices = 3\n", "prices", 'not a table: write it as [prices."MODEL"]', 1),
    ("[prices]\nm = 3\n", "prices.m", 'not a table: write it as [prices."m"]', 2),
    ('[prices."m-1"]\ninput = 3\n', "prices.m-1.output", "missing", 1),
    ('[prices."m"]\ninput = 3\noutput = 1\nper = 2\n', "prices.m.per", "unknown setting", 4),
    (
        '[prices."m"]\ninput = -3\noutput = 1\n',
        "prices.m.input",
        "not a price for a million tokens: write it as 3.75",
        2,
    ),
    (
        '[prices."m"]\ninput = 1\noutput = 1\ncurrency = "dollars"\n',
        "prices.m.currency",
        "not a currency: write it as USD",
        4,
    ),
]


@pytest.mark.parametrize(("content", "key", "problem", "line"), FAULTS)
def test_a_wrong_table_is_named(
    repo: TestRepo, cli: Cli, content: str, key: str, problem: str, line: int
) -> None:
    """`config --validate` names file, line, key and what is wrong."""
    repo.write({".gitlanes.toml": content})
    done = cli("config", "--validate")
    assert (done.code, done.out) == (1, f"{repo.path}/.gitlanes.toml:{line}: {key}: {problem}\n")


def test_a_right_table_is_fine(repo: TestRepo, cli: Cli) -> None:
    """A table as documented has no fault."""
    repo.write({".gitlanes.toml": TABLE})
    assert cli("config", "--validate") == Ran(0, "", "all settings are fine\n")


def test_a_wrong_price_stops_before_anything_is_recorded(tmp_path: Path) -> None:
    """A price that cannot be understood is an error, not an amount."""
    file = tmp_path / ".gitlanes.toml"
    file.write_text('[prices."m"]\ninput = "much"\noutput = 1\n')
    with pytest.raises(BadValue, match=r"prices\.m\.input: not a price"):
        price_of(str(file), "m")
