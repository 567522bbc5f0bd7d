"""Events sent on to a command of the user's, and those of budgets."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from gitlanes import Cost, Intent, Limits
from gitlanes.events import commands, delivering
from tests.support.repos import TestRepo

_COMMAND = """
import sys, time
text = sys.stdin.read()
with open(sys.argv[1], "a") as file:
    file.write(text)
if "trouble" in text:
    sys.exit(3)
if "sleeper" in text:
    time.sleep(600)
"""


def _deliver(repo: TestRepo) -> tuple[int, list[str]]:
    """Deliver what is new; return how many events the command was told, and the warnings."""
    with repo.inner() as inner:
        made = delivering.deliver(inner)
        return made.listeners[commands.KEY], inner.warnings


def test_a_command_is_told_each_event_once_in_order(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    """It reads JSON; one that fails is warned of and the next follows; a hanging one is ended."""
    repo = TestRepo.make(tmp_path / "a", environ)
    told, program = tmp_path / "told", tmp_path / "command.py"
    program.write_text(_COMMAND)
    words = (sys.executable, str(program), str(told))
    for word in words:
        repo.git("config", "--add", "lanes.eventCommand", word)
    repo.git("config", "lanes.eventPrefix", "gitlanes.")
    assert _deliver(repo) == (0, [])
    for lane in ("one", "trouble", "two"):
        repo.lanes.new(lane, workspace=False)
    number, (warning,) = _deliver(repo)
    assert (number, "exit code 3" in warning) == (3, True)
    found = [json.loads(x) for x in told.read_text().splitlines()]
    assert [x["lane"] for x in found] == ["one", "trouble", "two"]
    assert {x["kind"] for x in found} == {"gitlanes.lane.opened"}
    assert _deliver(repo) == (0, [])
    cursor = repo.lanes.events().cursor
    repo.lanes.new("sleeper", workspace=False)
    (event,) = repo.lanes.events(since=cursor).events
    with repo.inner() as inner, pytest.raises(RuntimeError, match=r"more than 0\.3 s"):
        commands.Command(inner, words, patience=0.3)(event)
    # What is no program stops nobody.
    repo.git("config", "--unset-all", "lanes.eventCommand")
    repo.git("config", "lanes.eventCommand", "/no/such/program")
    number, (warning,) = _deliver(repo)
    assert (number, "cannot start" in warning) == (1, True)
    repo.close()


def test_a_budget_that_is_reached_is_told_of_once(tmp_path: Path, environ: dict[str, str]) -> None:
    """By the operation that brought the lane to its limit, whatever its verb."""
    repo = TestRepo.make(tmp_path / "a", environ)
    repo.lanes.new("auth", workspace=False)
    repo.lanes.set_budget("auth", Limits(input_tokens=10))
    repo.lanes.put_file("auth", "a", b"a\n", cost=Cost(input_tokens=6))
    repo.lanes.add_cost("auth/1", Cost(input_tokens=6))
    repo.lanes.add_cost("auth/1", Cost(input_tokens=6))
    found = repo.lanes.events(since="start", limit=None).events
    assert [(x.verb, x.lane) for x in found if x.kind == "budget.reached"] == [("cost", "auth")]
    repo.close()


def test_budgets_above_the_lane_are_told_of_where_they_are_reached(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    """The parent's, the agent's and the day's, each by the cost that brought it to its limit."""
    repo = TestRepo.make(tmp_path / "a", environ)
    repo.lanes.new("parent", workspace=False)
    repo.lanes.new("child", on="parent", workspace=False)
    repo.lanes.set_budget("parent", Limits(input_tokens=20))
    repo.lanes.set_budget(agent="coder", limits=Limits(input_tokens=30))
    repo.lanes.set_budget(per_day=True, limits=Limits(input_tokens=30))
    coder = Intent(agent="coder")
    repo.lanes.put_file("parent", "a", b"a\n", cost=Cost(input_tokens=9))
    repo.lanes.put_file("child", "b", b"b\n", intent=coder, cost=Cost(input_tokens=11))
    repo.lanes.add_cost("child/1", Cost(input_tokens=8))
    repo.lanes.add_cost("child/1", Cost(input_tokens=11))
    repo.lanes.add_cost("child/1", Cost(input_tokens=11))
    found = repo.lanes.events(since="start", limit=None).events
    told = [
        (x.lane, x.verb, [(y.scope, y.name) for y in x.budgets])
        for x in found
        if x.kind == "budget.reached"
    ]
    day = ("day", found[-1].time[:10])
    assert told == [
        ("child", "commit", [("lane", "parent")]),
        ("child", "cost", [("agent", "coder"), day]),
    ]
    assert all(x.kind == "budget.reached" or not x.budgets for x in found)
    repo.close()


def test_budgets_that_are_set_below_what_was_used_are_told_of(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    """Once each, by the setting that brought them to their limit, whoever's they are."""
    repo = TestRepo.make(tmp_path / "a", environ)
    repo.lanes.new("parent", workspace=False)
    repo.lanes.new("child", on="parent", workspace=False)
    coder, spent = Intent(agent="coder"), Cost(input_tokens=10)
    repo.lanes.put_file("child", "b", b"b\n", intent=coder, cost=spent)
    for most in (11, 10, 9):
        repo.lanes.set_budget("child", Limits(input_tokens=most))
        repo.lanes.set_budget("parent", Limits(input_tokens=most))
        repo.lanes.set_budget(agent="coder", limits=Limits(input_tokens=most))
        repo.lanes.set_budget(per_day=True, limits=Limits(input_tokens=most))
    repo.lanes.set_budget(agent="other", limits=Limits(input_tokens=1))
    found = repo.lanes.events(since="start", limit=None).events
    told = [(x.verb, x.lane, y.scope, y.name) for x in found for y in x.budgets]
    assert told == [
        ("budget", "child", "lane", "child"),
        ("budget", "parent", "lane", "parent"),
        ("budget", "main", "agent", "coder"),
        ("budget", "main", "day", found[-1].time[:10]),
    ]
    repo.close()
