"""Bringing up all lanes that follow one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gitlanes import BadValue, Repo
from gitlanes.graph import cascading, sync
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


@pytest.mark.parametrize("way", ["renamed", "deleted", "another one", "follows none"])
def test_a_lane_that_changes_meanwhile(
    repo: TestRepo, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """It is brought up under its new name, or skipped; whoever has its name now is left alone."""
    chain(repo, "root", "a")
    for name in ("b", "c"):
        repo.lanes.new(name, on="root", workspace=False)
        repo.lanes.put_file(name, f"{name}.txt", b"1\n")
    repo.commit("root", {"root.txt": "2\n"})
    real, todo = sync.sync_lane, [way]

    def sync_lane(*args: Any) -> Any:
        with repo.open() as other:
            if todo:
                meanwhile(other, todo.pop())
        return real(*args)

    monkeypatch.setattr(cascading, "sync_lane", sync_lane)
    made = repo.lanes.cascade("root")
    here = {"a", "b", "c"} - ({"b"} if way in ("deleted", "follows none") else set())
    called = {"b2" if x == "b" and way != "deleted" and way != "follows none" else x for x in here}
    assert {x.lane for x in made.updated} == called
    skipped = {"deleted": "it was deleted meanwhile", "follows none": "it follows no lane any more"}
    assert [(x.lane, x.reason) for x in made.skipped] == (
        [("b", skipped[way])] if way in skipped else []
    )
    for name in called:
        assert repo.files(repo.lanes.head(name))["root.txt"] == "2"
    if way == "another one":
        assert "root.txt" not in repo.files(repo.lanes.head("b"))


def meanwhile(other: Repo, way: str) -> None:
    """Do what another process does to lane `b`."""
    if way == "deleted":
        other.delete("b", force=True)
    elif way == "follows none":
        other.unfollow("b", "root")
    else:
        other.rename("b", "b2")
        if way == "another one":
            other.new("b", workspace=False)


def test_a_deep_graph_is_cascaded_again_and_again(repo: TestRepo) -> None:
    """Each lane stands on what it has of the others now, not on what it once began with."""
    repo.lanes.new("root", workspace=False)
    for name, on in zip("abc", ("root", *"ab"), strict=True):
        repo.lanes.new(name, on=on, workspace=False)
        repo.lanes.put_file(name, f"{name}.txt", b"1\n")
    for turn in range(12):
        repo.lanes.put_file("root", "news.txt", b"%d\n" % turn)
        made = repo.lanes.cascade("root")
        assert [x.lane for x in made.updated] == [*"abc"]
    repo.lanes.put_file("root", "news.txt", b"last\n")
    repo.lanes.sync("a")
    repo.lanes.sync("b")
    for source, target in (("a", "c"), ("b", "c"), ("c", "a"), ("c", "b"), ("c", "root")):
        (would,) = repo.lanes.check(source, into=target)
        assert would.collisions == (), (source, target)
    repo.lanes.promote("a", into="c")
    files = repo.files(repo.lanes.head("c"))
    assert (files["news.txt"], files["c.txt"]) == ("last", "1")
