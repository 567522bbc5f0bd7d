"""The queue's entries: added, ordered, cancelled, kept through a join of two clones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlanes import BadValue, Negative, NotFound, Refused
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


@pytest.fixture
def four(repo: TestRepo) -> TestRepo:
    """A repository with lanes a to d, each with a file of its own."""
    for name in "abcd":
        repo.work(name, {f"{name}.txt": f"{name}\n"})
    return repo


def order(repo: TestRepo) -> str:
    """Return the names of what waits, in order."""
    return "".join(x.lane for x in repo.lanes.queue())


def test_the_order(four: TestRepo) -> None:
    """The lowest priority is first, then what was added first; moved ones take others' places."""
    lanes = four.lanes
    lanes.queue_add([*"abc"])
    lanes.queue_add("d", priority=50)
    assert order(four) == "dabc"
    lanes.queue_order([*"ca"])
    assert order(four) == "dcba"
    lanes.queue_move("a", before="d")
    assert order(four) == "adcb"
    lanes.queue_move("a", priority=200)
    assert order(four) == "dcba"
    with pytest.raises(BadValue):
        lanes.queue_move("a")


def test_what_is_refused(four: TestRepo) -> None:
    """A duplicate, a lane without news, an unknown one; nothing of the request is queued then."""
    lanes = four.lanes
    lanes.queue_add("a", meta={"ticket": "7"}, by="kim", mode="squash")
    with pytest.raises(Refused, match="queued for 'main' already: pending"):
        lanes.queue_add([*"ba"])
    lanes.new("empty")
    with pytest.raises(Negative, match="nothing to promote"):
        lanes.queue_add(["b", "empty"])
    with pytest.raises(BadValue):
        lanes.queue_add("b", mode="odd")
    with pytest.raises(NotFound, match="in the queue of 'main', lane 'b'"):
        lanes.queue_ready("b")
    (entry,) = lanes.queue()
    assert (entry.lane, entry.meta, entry.by, entry.mode) == ("a", {"ticket": "7"}, "kim", "squash")
    assert (entry.priority, entry.status) == (100, "pending")
    assert lanes.queue_run().landed == (), "what is pending does not land"
    lanes.queue_ready("a")
    with pytest.raises(Negative, match="ready already"):
        lanes.queue_ready("a")
    assert [x.lane for x in lanes.queue_run().landed] == ["a"]
    (head,) = four.git("log", "-1", "--format=%s", "refs/lanes/head/main").splitlines()
    assert head == "work of a", "it landed in its mode"


def test_what_people_have_to_agree_to(four: TestRepo, cli: Cli) -> None:
    """Policy refuses what is not approved when it is to be ready, and lets it wait."""
    four.save({".gitlanes.toml": "[review]\napprovals = 1\n"}, "policy")
    assert cli("queue", "add", "a").code == 0
    ran = cli("queue", "ready", "a")
    assert ran.code == 128
    assert "wants 1 approval" in ran.err
    four.lanes.create_stack("s", lane="a")
    cli("review", "request", "s/1")
    assert cli("review", "approve", "s/1", "--by", "kim").code == 0
    assert cli("queue", "ready", "a").out.startswith("ready a into main")
    assert cli("queue", "run").out.startswith("landed a ")


def test_a_renamed_lane(four: TestRepo) -> None:
    """An entry goes with its lane."""
    four.lanes.queue_add("a", ready=True)
    four.lanes.rename("a", "login")
    assert order(four) == "login"
    assert [x.lane for x in four.lanes.queue_run().landed] == ["login"]


def test_a_lane_that_is_gone(four: TestRepo) -> None:
    """Its entry is listed by its name, and by what it is called beside another of that name."""
    four.lanes.queue_add([*"ab"])
    four.lanes.queue_ready([*"ab"])
    gone = four.lanes.lane("a").uuid
    four.lanes.delete("a", force=True)
    assert order(four) == "ab"
    four.lanes.new("a", workspace=False)
    called = f"a@{gone[-8:]}"
    assert [x.lane for x in four.lanes.queue()] == [called, "b"]
    made = four.lanes.queue_run()
    assert [x.lane for x in made.failed] == [called]
    assert [x.lane for x in made.landed] == ["b"]


def test_a_lane_that_is_gone_is_taken_out(four: TestRepo) -> None:
    """By the name that it had, and by what it is called beside another lane of that name."""
    four.lanes.queue_add([*"abc"])
    gone = four.lanes.lane("b").uuid
    for name in "ab":
        four.lanes.delete(name, force=True)
    assert [x.status for x in four.lanes.queue_cancel("a")] == ["cancelled"]
    four.lanes.new("b", workspace=False)
    with pytest.raises(NotFound, match="in the queue of 'main', lane 'b' not found"):
        four.lanes.queue_cancel("b")
    four.lanes.queue_cancel(f"b@{gone[-8:]}")
    assert order(four) == "c"
    with pytest.raises(BadValue, match="lane 'c' cannot come before itself"):
        four.lanes.queue_move("c", before="c")
