"""trace: the attempts that led to a state, through promotions into their sources."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from gitlanes import Cost, Intent
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def chain(repo: TestRepo, state: str | None = None, limit: int | None = None) -> list[str]:
    """Return the steps as '  id', deeper ones further to the right; commits by their title."""
    found = repo.open().trace(state, limit=limit)
    return [
        "  " * x.depth + (x.attempt.id if x.attempt else f"commit {x.title}") for x in found.steps
    ]


def test_as_a_table(repo: TestRepo, cli: Cli) -> None:
    """Each step has Change-Id, agent, cost and the first line of what was asked for."""
    place = repo.lane("auth")
    for number, prompt in enumerate(("Add a login\nwith care", "Mend it")):
        repo.write({"auth.py": f"{number}\n"}, place)
        said = Intent(agent="claude", prompt=prompt)
        repo.lanes.commit("auth", intent=said, cost=Cost(amount="0.5", currency="USD"))
    repo.lanes.promote("auth", intent=Intent(agent="boss"), cost=Cost(input_tokens=7))
    done = cli("trace", "main")
    told = re.sub("I[0-9a-f]{12}", "CHANGE", done.out)
    assert done.code == 0
    assert told == (
        "ATTEMPT   CHANGE         AGENT   COST        WHY\n"
        "main/1    CHANGE  boss    7/? tokens  Promote lane auth into main\n"
        "  auth/2  CHANGE  claude  0.5 USD     Mend it\n"
        "  auth/1  CHANGE  claude  0.5 USD     Add a login\n"
    )
    assert done.err == "total: 7/? tokens, 1.0 USD\n"


def test_in_json(repo: TestRepo, cli: Cli) -> None:
    """Steps are flat, each with its depth and what it is under; sums count each record once."""
    repo.lane("auth")
    repo.write({"auth.py": "1\n"}, repo.workspace("auth"))
    repo.lanes.commit("auth", message="work", cost=Cost(input_tokens=5, output_tokens=2))
    repo.lanes.promote("auth", mode="squash", cost=Cost(input_tokens=1))
    told = cli("trace", "main", "--json").json
    assert (told["schema"], told["state"], told["commit"]) == (
        "gitlanes.trace/1",
        "main",
        repo.rev("main"),
    )
    assert [(x["attempt"]["id"], x["depth"], x["under"], x["cost"]) for x in told["steps"]] == [
        ("main/1", 0, None, {"input_tokens": 1}),
        ("auth/1", 1, "main/1", {"input_tokens": 5, "output_tokens": 2}),
    ]
    assert told["cost"] == {"input_tokens": 6, "output_tokens": 2}
    assert told["more"] is False


@pytest.mark.parametrize("mode", ["merge", "squash", "replay"])
def test_through_promotions(repo: TestRepo, mode: str) -> None:
    """Each promotion leads into what it brought, and no further back than the one before."""
    repo.work("auth", {"a1": "1\n"})
    repo.commit("auth", {"a2": "2\n"})
    repo.lanes.promote("auth", mode=mode)
    repo.save({"people": "p\n"})
    repo.commit("auth", {"a3": "3\n"})
    repo.lanes.promote("auth", mode=mode)
    if mode == "replay":
        wanted = ["main/4", "  auth/3", "main/3", "main/2", "  auth/2", "main/1", "  auth/1"]
    else:
        wanted = ["main/3", "  auth/3", "main/2", "main/1", "  auth/2", "  auth/1"]
    assert chain(repo, "main") == wanted
    assert chain(repo, "auth") == ["auth/3", "auth/2", "auth/1"]


def test_from_lane_to_origin(repo: TestRepo) -> None:
    """A lane's chain goes on in the lane that it was started from, and ends where lanes began."""
    repo.work("auth", {"a1": "1\n"})
    repo.lanes.promote("auth")
    repo.lanes.new("ui", start="auth")
    repo.commit("ui", {"u1": "1\n"})
    repo.lanes.new("late")
    repo.commit("late", {"l1": "1\n"})
    assert chain(repo, "ui") == ["ui/1", "auth/1"]
    assert chain(repo, "late") == ["late/1", "main/1", "  auth/1"]
    repo.lanes.promote("ui")
    assert chain(repo, "main") == ["main/2", "  ui/1", "main/1", "  auth/1"]


def test_between_lanes_and_back(repo: TestRepo) -> None:
    """Lanes that land on each other are told once each, and the walk ends."""
    repo.work("auth", {"a1": "1\n"})
    repo.work("ui", {"u1": "1\n"})
    repo.lanes.promote("ui")
    repo.lanes.promote("main", into="auth")
    repo.commit("auth", {"a2": "2\n"})
    repo.lanes.promote("auth")
    repo.lanes.promote("main", into="ui")
    assert chain(repo, "main") == ["main/2", "  auth/3", "  auth/2", "  auth/1", "main/1", "  ui/1"]
    assert chain(repo, "auth") == ["auth/3", "auth/2", "  main/1", "    ui/1", "auth/1"]


def test_of_any_state(repo: TestRepo) -> None:
    """An attempt, open or rejected or landed as another commit, a revision, a snapshot."""
    repo.lane("auth", {"a1": "1\n"})
    repo.propose("auth", {"a2": "2\n"})
    repo.lanes.reject("auth/2")
    repo.propose("auth", {"a3": "3\n"}, change="new")
    repo.lanes.promote("auth")
    head = repo.rev("main")
    people = repo.save({"people": "p\n"}, "by hand")
    snapshot = repo.lanes.snapshot("auth").id
    assert chain(repo, "auth/3") == ["auth/3", "auth/1"]
    assert chain(repo, "auth/2") == ["auth/2", "auth/1"]
    assert chain(repo, head[:10]) == ["main/1", "  auth/1"]
    assert chain(repo, people) == ["commit by hand", "main/1", "  auth/1"]
    assert chain(repo, snapshot) == ["commit snapshot of lane auth", "auth/3", "auth/1"]
    assert chain(repo, "refs/lanes/head/auth") == ["auth/1"]
    assert chain(repo) == ["main/1", "  auth/1"]


def test_an_open_promotion(repo: TestRepo) -> None:
    """A promotion that waits for a decision shows what it would bring."""
    repo.work("auth", {"a1": "1\n"})
    repo.lanes.promote("auth", propose=True)
    assert chain(repo, "main/1") == ["main/1", "  auth/1"]
    repo.save({"people": "p\n"})
    repo.lanes.accept("main/1")
    assert chain(repo, "main") == ["main/1", "  auth/1", "main/2"]


def test_what_landed_nothing_makes_no_commit(repo: TestRepo) -> None:
    """A promotion that found its content there already does not stand for others' commit."""
    repo.work("auth", {"a1": "1\n"})
    repo.lanes.promote("auth", propose=True)
    repo.save({"a1": "1\n"})
    repo.lanes.accept("main/1")
    assert chain(repo, "main") == ["main/2"]


def test_after_deletion_and_rename(repo: TestRepo, cli: Cli) -> None:
    """What deleted lanes brought is told still, and a renamed lane's chain goes on."""
    repo.work("auth", {"a1": "1\n"})
    repo.lanes.promote("auth")
    assert cli("delete", "auth", "--yes").code == 0
    repo.work("ui", {"u1": "1\n"})
    assert cli("rename", "ui", "face").code == 0
    repo.lanes.promote("face")
    assert chain(repo, "main") == ["main/2", "  ui/1", "main/1", "  auth/1"]
    assert chain(repo, "face") == ["ui/1", "main/1", "  auth/1"]
    assert chain(repo, "auth/1") == ["auth/1"]


def test_a_lane_whose_name_another_one_has(repo: TestRepo) -> None:
    """What it brought, and what began with it, are told as before."""
    repo.work("auth", {"a1": "1\n"})
    repo.lanes.new("child", start="auth", workspace=False)
    repo.lanes.put_file("child", "c1", b"1\n")
    repo.lanes.promote("auth")
    repo.lanes.delete("auth")
    repo.work("auth", {"b1": "1\n"})
    assert chain(repo, "main") == ["main/1", "  auth/1"]
    assert chain(repo, "child") == ["child/1", "auth/1"]
    assert chain(repo, "auth") == ["auth/2", "main/1", "  auth/1"]


def test_history_before_the_lanes(repo: TestRepo, cli: Cli) -> None:
    """A state from before the first lane was made by no attempt."""
    first = repo.rev("main")
    repo.work("auth", {"a1": "1\n"})
    repo.lanes.promote("auth")
    assert cli("trace", first) == Ran(0, "", f"no attempt led to {first}\n")
    repo.lanes.new("old", start=first)
    assert chain(repo, "old") == []


def test_the_limit(repo: TestRepo, cli: Cli) -> None:
    """At most so many steps, with word that there are more."""
    repo.work("auth", {"a1": "1\n"})
    repo.commit("auth", {"a2": "1\n"})
    repo.lanes.promote("auth")
    done = cli("trace", "main", "-n", "2")
    assert [x.split()[0] for x in done.out.splitlines()[1:]] == ["main/1", "auth/2"]
    assert done.err == "hint: there is more; see --limit and --all\n"
    assert cli("trace", "main", "-n", "2", "--json").json["more"] is True
    assert len(cli("trace", "main", "--all").out.splitlines()) == 4
    assert cli("trace", "main", "--limit", "-1").code == 129


def test_an_unknown_state(cli: Cli) -> None:
    """An unknown state is 128 with the nearest name."""
    assert cli("trace", "mian") == Ran(
        128, "", "error: state 'mian' not found\nhint: did you mean 'main'?\n"
    )


def test_what_was_laid_again_has_its_cost(repo: TestRepo) -> None:
    """The rows of a lane that was synced, amended and landed add up, and its changes count."""
    repo.lane("auth")
    for number in (1, 2):
        repo.write({f"a{number}": "1\n"}, repo.workspace("auth"))
        repo.lanes.commit("auth", message=f"a{number}", cost=Cost(amount="5", currency="USD"))
    repo.save({"people": "p\n"})
    repo.lanes.sync("auth", onto="main")
    repo.write({"a1": "2\n"}, repo.workspace("auth"))
    repo.lanes.amend("auth", of="auth/3")
    for landed in (False, True):
        if landed:
            repo.lanes.promote("auth")
        told = repo.lanes.trace("auth")
        own = [x for x in told.steps if x.attempt and x.attempt.lane == "auth"]
        amounts = [x.cost.get("amounts") for x in own]
        assert amounts == [{"USD": "5"}, {"USD": "5"}]
        report = repo.lanes.cost()
        assert report.accepted_changes == 2
        assert report.per_accepted_change["amounts"] == {"USD": "5"}
