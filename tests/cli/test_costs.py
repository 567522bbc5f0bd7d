"""`git lanes cost`: sums over what was recorded, and adding to it."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitlanes import Cost, Intent
from tests.support.cli import Ran, spawn_cli
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def work(repo: TestRepo, lane: str, name: str, cost: Cost, agent: str = "a", **more: Any) -> str:
    """Commit a new file in a lane, with its cost; return the attempt's id."""
    repo.write({f"{name}.txt": f"{name}\n"}, repo.workspace(lane))
    intent = Intent(agent=agent, **more)
    return repo.lanes.commit(lane, message=name, intent=intent, cost=cost).attempt.id


@pytest.fixture
def spent(repo: TestRepo) -> TestRepo:
    """Two lanes: auth with an accepted and a rejected attempt, docs with an accepted one."""
    repo.lane("auth")
    repo.lane("docs")
    money: dict[str, Any] = {"amount": "0.1", "currency": "USD"}
    work(repo, "auth", "one", Cost(input_tokens=100, output_tokens=10, **money), tags=("x", "y"))
    costly = Cost(input_tokens=50, api_calls=2, amount="0.2", currency="USD")
    repo.propose("auth", {"two.txt": "2\n"}, cost=costly, intent=Intent(agent="b", model="m"))
    repo.lanes.reject("auth/2")
    work(repo, "docs", "three", Cost(wall_ms=1500), agent="b")
    return repo


@pytest.mark.usefixtures("spent")
def test_the_report(cli: Cli) -> None:
    """A table by lane on stdout, the sums on stderr; what is unknown is a dash."""
    done = cli("cost")
    assert done == Ran(
        0,
        "LANE  ATTEMPTS  IN   CACHED  OUT  CALLS  TIME  COST\n"
        "auth  2         150  -       10   2      -     0.3 USD\n"
        "docs  1         -    -       -    -      1.5s  -\n",
        "total: 150/10 tokens, 0.3 USD\n"
        "per accepted change (2): 50/5 tokens, 0.05 USD\n"
        "rejected attempts: 50/? tokens, 0.2 USD\n",
    )


@pytest.mark.usefixtures("spent")
@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("agent", {"a": {"input_tokens": 100}, "b": {"input_tokens": 50, "api_calls": 2}}),
        ("model", {"m": {"input_tokens": 50}, None: {"input_tokens": 100}}),
        ("tag", {"x": {"input_tokens": 100}, "y": {"input_tokens": 100}, None: {"wall_ms": 1500}}),
    ],
)
def test_the_ways_to_group(cli: Cli, by: str, rows: dict[str | None, dict[str, int]]) -> None:
    """By agent, model and tag: each row has its own, and an attempt is in each of its tags."""
    found = cli("cost", "--by", by, "--json").json
    assert [x["name"] for x in found["rows"]] == list(rows)
    for row in found["rows"]:
        assert rows[row["name"]].items() <= row["cost"].items()
    assert found["total"]["input_tokens"] == 150


def test_by_change_and_day(spent: TestRepo, cli: Cli) -> None:
    """A change has all its attempts; a day is the UTC date of the record."""
    carried = work(spent, "auth", "four", Cost(input_tokens=7))
    change = cli("show", carried, "--json").json["attempts"][0]["attempt"]["change_id"]
    rows = {x["name"]: x for x in cli("cost", "--by", "change", "--json").json["rows"]}
    assert rows[change]["attempts"] == 2
    assert rows[change]["cost"]["input_tokens"] == 57
    (day,) = cli("cost", "--by", "day", "--json").json["rows"]
    record = cli("show", carried, "--json").json["attempts"][0]["notes"]["costs"][0]
    assert day["name"] == record["time"][:10]


@pytest.mark.usefixtures("spent")
def test_what_is_asked_for(cli: Cli) -> None:
    """--status, --lane and --since leave the rest out; nothing is no error."""
    assert cli("cost", "--status", "rejected", "--json").json["total"]["input_tokens"] == 50
    assert cli("cost", "--lane", "docs", "--json").json["total"] == {"wall_ms": 1500}
    assert cli("cost", "--since", "2 days ago", "--json").json["total"]["input_tokens"] == 150
    assert cli("cost", "--since", "2099-01-01") == Ran(0, "", "no costs are recorded\n")
    assert cli("cost", "--lane", "none").code == 128
    assert cli("cost", "--by", "mood").code == 129


def test_a_cost_counts_once_however_it_is_carried(spent: TestRepo, cli: Cli) -> None:
    """Amended, squashed, replayed and laid again, a record is still one."""
    before = cli("cost", "--json").json["total"]
    spent.write({"one.txt": "better\n"}, spent.workspace("auth"))
    spent.lanes.amend("auth")
    spent.lanes.promote("auth", mode="squash")
    spent.lanes.promote("docs", mode="replay")
    spent.lanes.delete("docs")
    spent.lanes.rename("auth", "login")
    found = cli("cost", "--json").json
    assert found["total"] == before
    assert [x["name"] for x in found["rows"]] == ["docs", "login"]


def test_adding(spent: TestRepo, cli: Cli) -> None:
    """Another agent's cost adds to the sums and keeps its stage; the attempt stays as it was."""
    before = cli("show", "auth/1", "--json").json["attempts"][0]["attempt"]
    said = ("--agent", "judge", "--stage", "review", "--tokens-in", "5", "--cost", "0.01 EUR")
    done = cli("cost", "add", "auth/1", *said)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("added cost of auth/1: 5/? tokens, 0.01 EUR (")
    told = cli("show", "auth/1", "--json").json["attempts"][0]
    assert told["attempt"] == before
    assert told["notes"]["costs"][1]["stage"] == "review"
    rows = {x["name"]: x["cost"] for x in cli("cost", "--by", "agent", "--json").json["rows"]}
    assert rows["judge"] == {"input_tokens": 5, "amounts": {"EUR": "0.01"}}
    assert cli("cost", "--json").json["total"]["amounts"] == {"EUR": "0.01", "USD": "0.3"}
    spent.fsck()


def test_adding_late_to_what_has_landed(spent: TestRepo, cli: Cli) -> None:
    """A promotion's chain is told as before, and --since finds the cost of an older attempt."""
    spent.lanes.promote("auth")
    steps = [x["attempt"]["id"] for x in cli("trace", "main", "--json").json["steps"]]
    cli("cost", "add", "main/1", "--tokens-out", "9")
    assert [x["attempt"]["id"] for x in cli("trace", "main", "--json").json["steps"]] == steps
    assert cli("history", "--promotions", "--from", "auth", "--json").json["attempts"]
    assert cli("cost", "--json").json["total"]["output_tokens"] == 19


def test_replacing(spent: TestRepo, cli: Cli) -> None:
    """A record in place of another is all that counts, also where copies of the old one lie."""
    spent.lanes.promote("auth", mode="squash")
    first = cli("show", "auth/1", "--json").json["attempts"][0]["notes"]["costs"][0]["id"]
    second = cli("cost", "add", "auth/1", "--tokens-in", "7", "--replace", first, "--json").json
    third = cli("cost", "add", "auth/1", "--tokens-in", "9", "--replace", second["id"], "--json")
    assert third.json["record"]["replaced"] == [first]
    assert cli("cost", "--json").json["total"]["input_tokens"] == 50 + 9
    assert cli("trace", "main", "--json").json["cost"]["input_tokens"] == 9
    gone = cli("cost", "add", "auth/1", "--tokens-in", "1", "--replace", first)
    assert gone == Ran(
        128,
        "",
        f"error: cost record of auth/1 '{first}' not found\n"
        "hint: it may be replaced already; see 'git lanes show auth/1 --json'\n",
    )


@pytest.mark.usefixtures("spent")
def test_refusals(cli: Cli) -> None:
    """Nothing that adds up, no such attempt, no money: each refused in its own words."""
    assert cli("cost", "add", "auth/1", "--stage", "review") == Ran(
        129,
        "",
        "error: a cost without anything that adds up\nhint: give tokens, calls or money\n",
    )
    assert cli("cost", "add", "auth/9", "--tokens-in", "1") == Ran(
        128,
        "",
        "error: attempt 'auth/9' not found\n"
        "hint: attempts are named LANE/NUMBER; see 'git lanes history'\n",
    )
    assert cli("cost", "add", "auth/1", "--cost", "5 dollars") == Ran(
        129,
        "",
        "error: bad amount of money '5 dollars'\nhint: write it as 0.42 or '0.42 EUR'\n",
    )


def test_usage_from_stdin_and_options(spent: TestRepo, tmp_path: Path) -> None:
    """--usage reads what the agent printed, from a file or stdin; an option beside it wins."""
    usage = json.dumps({"usage": {"prompt_tokens": 40, "completion_tokens": 4}, "model": "gpt"})
    add = ("cost", "add", "docs/1", "--usage", "-", "--tokens-out", "5", "--json")
    record = spawn_cli(spent.path, spent.environ, *add, stdin=usage).json["record"]
    assert (record["input_tokens"], record["output_tokens"]) == (40, 5)
    assert (record["model"], record["provider"]) == ("gpt", "openai")
    assert record["raw"] == {"prompt_tokens": 40, "completion_tokens": 4}
    bad = tmp_path / "bad"
    bad.write_bytes(b"\xff")
    for file, why in ((bad, "'utf-8' codec can't decode"), (tmp_path, "is a directory")):
        done = spawn_cli(spent.path, spent.environ, *add[:4], str(file))
        assert done.code == 129
        assert done.err.startswith(f"error: cannot read the usage in '{file}': {why}")
        assert done.err.endswith("\nhint: name a file, or - for stdin\n")
    done = spawn_cli(spent.path, spent.environ, *add[:5], stdin="no usage")
    assert done.code == 129
    assert done.err == (
        "error: cannot read the usage: there is no JSON object in it\n"
        "hint: give what the agent printed, such as the output of --output-format json\n"
    )


def test_damaged_lines_are_skipped(spent: TestRepo, cli: Cli) -> None:
    """Lines of people, of other types and below zero are read past."""
    commit = cli("show", "auth/1", "--json").json["attempts"][0]["attempt"]["commit"]
    for line in ("hello", '{"id":"z","input_tokens":-5}', '{"id":"y","input_tokens":true}', "[]"):
        spent.git("notes", "--ref=lanes/costs", "append", "-m", line, commit)
    assert cli("cost", "--json").json["total"]["input_tokens"] == 150


@pytest.mark.usefixtures("spent")
def test_bars(cli: Cli) -> None:
    """--plot draws a bar for each row, the longest for the most."""
    done = cli("cost", "--plot", "--by", "agent")
    assert (done.code, done.err) == (0, "")
    title, a, b = done.out.splitlines()
    assert title == "cost in USD by agent"
    assert a.endswith("0.1 USD")
    assert 0 < a.count("█") < b.count("█")


def test_an_svg_file(spent: TestRepo, cli: Cli, tmp_path: Path) -> None:
    """--plot FILE writes XML in which every name is text, whatever it holds."""
    work(spent, "docs", "five", Cost(amount="3", currency="USD"), agent="<b>&'")
    file = tmp_path / "cost.svg"
    done = cli("cost", "--plot", str(file), "--by", "agent")
    assert done == Ran(0, "", f"wrote {file}\n")
    texts = [x.text for x in ET.parse(file).iter("{http://www.w3.org/2000/svg}text")]
    assert "<b>&'" in texts
    assert len(list(ET.parse(file).iter("{http://www.w3.org/2000/svg}rect"))) == 1 + 3
    done = cli("cost", "--plot", str(tmp_path / "none" / "x.svg"))
    assert (done.code, done.out) == (128, "")
    assert done.err.startswith("error: cannot write ")


def test_the_same_from_python(spent: TestRepo) -> None:
    """`Repo` sums, adds and reads usage by the same verbs."""
    added = spent.lanes.add_cost("auth/1", Cost(api_calls=1, agent="c"))
    spent.lanes.add_cost("auth/1", Cost(api_calls=4, agent="c"), replaces=added.id)
    found = spent.lanes.cost(by="agent")
    assert {x.name: x.cost.get("api_calls") for x in found.rows} == {"a": None, "b": 2, "c": 4}
    assert spent.lanes.read_usage('{"prompt_tokens": 3}').input_tokens == 3
