"""Bringing up all lanes that follow one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlanes import BadValue
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def chain(repo: TestRepo, *names: str) -> None:
    """Make lanes that follow each other, each with a file of its own."""
    for name, on in zip(names, (None, *names), strict=False):
        repo.lanes.new(name, on=on)
        repo.commit(name, {f"{name}.txt": f"{name}\n"})


def test_it_stops_at_the_first_that_collides(repo: TestRepo) -> None:
    """The collider has a conflict, and nothing after it is touched."""
    chain(repo, "a", "b", "c")
    repo.commit("b", {"auth.py": "b\n"})
    repo.commit("a", {"auth.py": "a\n"})
    made = repo.lanes.cascade("a")
    assert not made.complete
    assert [x.lane for x in made.failed] == ["b"]
    assert [(x.lane, x.reason) for x in made.skipped] == [("c", "the cascade stopped before it")]
    assert [x.lane for x in repo.lanes.conflicts()] == ["b"]


def test_a_lane_that_refuses_stays_with_those_after_it(repo: TestRepo) -> None:
    """An edit in the way or a pause is the reason; other lanes go on."""
    chain(repo, "a", "b", "c")
    for name in ("side", "paused"):
        repo.lanes.new(name, on="a")
    repo.lanes.pause("paused")
    repo.commit("a", {"a.txt": "2\n"})
    repo.write({"a.txt": "mine\n"}, repo.workspace("b"))
    made = repo.lanes.cascade("a", on_conflict="defer")
    assert [x.lane for x in made.updated] == ["side"]
    assert [x.lane for x in made.failed] == ["b"]
    assert "would be overwritten" in made.failed[0].reason
    assert {x.lane: x.reason for x in made.skipped} == {
        "c": "it follows b",
        "paused": "it is paused",
    }
    with pytest.raises(BadValue, match="unknown way"):
        repo.lanes.cascade("a", on_conflict="hope")


def test_lanes_with_several_parents_come_after_all_of_them(repo: TestRepo) -> None:
    """A diamond is brought up once, when both of its sides are."""
    chain(repo, "a", "b")
    repo.lanes.new("other", on="a")
    repo.commit("other", {"other.txt": "1\n"})
    repo.lanes.follow("b", "other")
    repo.commit("a", {"a.txt": "2\n"})
    made = repo.lanes.cascade("a")
    assert [x.lane for x in made.updated] == ["other", "b"]
    files = repo.files("refs/lanes/head/b")
    assert [files[x] for x in ("a.txt", "b.txt", "other.txt")] == ["2", "b", "1"]
    again = repo.lanes.cascade("a")
    assert (again.updated, again.current) == ((), ("other", "b"))


def test_a_promotion_brings_up_what_follows(repo: TestRepo, cli: Cli) -> None:
    """Only if that is set, and not after a commit; what collides is warned of."""
    chain(repo, "a", "b", "bad")
    repo.lanes.follow("bad", "a")
    repo.lanes.unfollow("bad", "b")
    repo.commit("bad", {"new.txt": "bad\n"})
    repo.work("work", {"new.txt": "1\n"})
    repo.git("config", "lanes.autoCascade", "true")
    before = repo.lanes.head("b")
    repo.commit("a", {"a.txt": "2\n"})
    assert repo.lanes.head("b") == before
    ran = cli("promote", "work", "--into", "a")
    assert ran.code == 0
    assert "warning: lane 'bad' is not synced: bad/2 collides with 'a' on 1 path" in ran.err
    files = repo.files("refs/lanes/head/b")
    assert (files["a.txt"], files["new.txt"], files["b.txt"]) == ("2", "1", "b")
    assert repo.lanes.conflicts() == ()
