"""Lanes that depend on lanes, as their users see it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def change_ids(repo: TestRepo, lane: str, base: str = "main") -> list[str]:
    """Return the Change-Ids of a lane's commits beyond a base, oldest first."""
    shape = "--format=%(trailers:key=Change-Id,valueonly,separator=%x20)"
    said = repo.git("log", "--reverse", "--first-parent", shape, f"{base}..refs/lanes/head/{lane}")
    return said.splitlines()


def chain(repo: TestRepo, *names: str) -> list[Path]:
    """Make lanes that follow each other, each with a file of its own."""
    places = []
    for name, on in zip(names, (None, *names), strict=False):
        repo.lanes.new(name, on=on)
        repo.commit(name, {f"{name}.txt": f"{name}\n"})
        places.append(repo.workspace(name))
    return places


def test_a_cycle_is_refused(repo: TestRepo, cli: Cli) -> None:
    """A cycle of two or three, or a lane on itself, is refused naming it; nothing is written."""
    cli("new", "a")
    cli("new", "b", "--on", "a")
    cli("new", "c", "--on", "b")
    before = repo.refs()
    for on, said in (("a", "a -> a"), ("b", "a -> b -> a"), ("c", "a -> c -> b -> a")):
        ran = cli("dep", "add", "a", "--on", on)
        assert ran.code == 128
        assert f"{said} would be a cycle" in ran.err
    assert repo.refs() == before


def test_a_fork_is_brought_up(repo: TestRepo, cli: Cli) -> None:
    """Agent 1 went on after agent 2 forked: a sync gives agent 2 both, its two changes stay two."""
    chain(repo, "one")
    cli("new", "two", "--on", "one")
    repo.commit("two", {"a.txt": "a\n"})
    repo.commit("two", {"b.txt": "b\n"})
    before = change_ids(repo, "two", "refs/lanes/head/one")
    repo.commit("one", {"more.txt": "more\n"})
    ran = cli("sync", "two")
    assert ran.code == 0, ran.err
    assert change_ids(repo, "two", "refs/lanes/head/one") == before
    assert len(before) == 2
    wanted = {"one.txt", "more.txt", "a.txt", "b.txt"}
    assert wanted <= {x.name for x in repo.workspace("two").iterdir()}
    assert repo.git("status", "--porcelain", cwd=repo.workspace("two")) == ""
    assert repo.rev("refs/lanes/head/two~2") == repo.lanes.head("one")


def test_a_chain_is_brought_up(repo: TestRepo, cli: Cli) -> None:
    """A change of A reaches C's workspace through B; C keeps its own, all Change-Ids stay."""
    chain(repo, "a", "b", "c")
    before = {x: change_ids(repo, x)[-1] for x in "bc"}
    repo.commit("a", {"new.txt": "new\n"})
    ran = cli("cascade", "a")
    assert ran.code == 0, ran.err
    there = {x.name for x in repo.workspace("c").iterdir()}
    assert {"a.txt", "b.txt", "c.txt", "new.txt"} <= there
    assert {x: change_ids(repo, x)[-1] for x in "bc"} == before
    assert [len(change_ids(repo, x)) for x in "abc"] == [2, 3, 4]


def test_two_dependants_are_seen_and_brought_up(repo: TestRepo, cli: Cli) -> None:
    """A base with two dependants: both are listed, drawn below it, and have its change after."""
    chain(repo, "base")
    for name in ("left", "right"):
        cli("new", name, "--on", "base")
        repo.commit(name, {f"{name}.txt": "1\n"})
    listed = json.loads(cli("dep", "list", "base", "--json").out)
    assert [x["name"] for x in listed["dependants"]] == ["left", "right"]
    repo.commit("base", {"base.txt": "2\n"})
    made = json.loads(cli("cascade", "base", "--json").out)
    assert [x["lane"] for x in made["updated"]] == ["left", "right"]
    for name in ("left", "right"):
        assert repo.files(f"refs/lanes/head/{name}")["base.txt"] == "2"
        assert (repo.workspace(name) / "base.txt").read_text() == "2\n"
    graph = json.loads(cli("dep", "graph", "--json").out)["lanes"]
    assert [(x["name"], x["parents"]) for x in graph] == [
        ("base", []),
        ("left", ["base"]),
        ("right", ["base"]),
    ]


def colliding(repo: TestRepo) -> None:
    """Make lanes `base` and `top` that follows it, both with another auth.py."""
    chain(repo, "base")
    repo.lanes.new("top", on="base")
    repo.commit("top", {"auth.py": "top\n", "mine.txt": "mine\n"})
    repo.commit("base", {"auth.py": "base\n"})


def test_a_collision_leaves_a_conflict(repo: TestRepo, cli: Cli) -> None:
    """Exit 1, heads unmoved, conflicted, one conflict with the file; nothing else is done there."""
    colliding(repo)
    heads = {x: repo.lanes.head(x) for x in ("base", "top")}
    ran = cli("sync", "top", "--strategy", "abort")
    assert ran.code == 1
    assert "collision: 'auth.py': source modified it in top/1 by agent-top" in ran.err
    assert "target modified it in base/2 by agent-base" in ran.err
    assert {x: repo.lanes.head(x) for x in heads} == heads
    assert repo.lanes.lane("top").status == "conflicted"
    (found,) = json.loads(cli("conflict", "list", "--json").out)["conflicts"]
    assert (found["lane"], [x["path"] for x in found["paths"]]) == ("top", ["auth.py"])
    repo.write({"more.txt": "more\n"}, repo.workspace("top"))
    for args in (("promote", "top"), ("sync", "top"), ("commit", "top", "-m", "more")):
        ran = cli(*args)
        assert ran.code == 128
        assert "lane 'top' is conflicted: it collides with base on auth.py" in ran.err
    assert cli("conflicts", "list").out.count("top/1") == 1


@pytest.mark.parametrize(("strategy", "wins"), [("lane", "top"), ("parent", "base")])
def test_a_side_wins(repo: TestRepo, cli: Cli, strategy: str, wins: str) -> None:
    """With `lane`, then with `parent`, the sync succeeds with that side's whole file."""
    colliding(repo)
    ran = cli("sync", "top", "--strategy", strategy)
    assert ran.code == 0, ran.err
    files = repo.files("refs/lanes/head/top")
    assert (files["auth.py"], files["mine.txt"], files["base.txt"]) == (wins, "mine", "base")
    assert (repo.workspace("top") / "auth.py").read_text() == f"{wins}\n"


@pytest.mark.parametrize("started", [False, True])
def test_a_conflict_is_given_up(repo: TestRepo, cli: Cli, started: bool) -> None:
    """The lane is active, its workspace clean, no conflict waits, its work is intact."""
    colliding(repo)
    head = repo.lanes.head("top")
    cli("sync", "top")
    if started:
        assert cli("conflict", "start", "top").code == 0
        assert "<<<<<<< lane top" in (repo.workspace("top") / "auth.py").read_text()
    ran = cli("conflict", "abandon", "top")
    assert ran.code == 0, ran.err
    assert repo.lanes.lane("top").status != "conflicted"
    assert repo.lanes.head("top") == head
    assert repo.git("status", "--porcelain", cwd=repo.workspace("top")) == ""
    assert repo.rev("HEAD") != head
    assert repo.git("rev-parse", "HEAD", cwd=repo.workspace("top")) == head
    assert (repo.workspace("top") / "auth.py").read_text() == "top\n"
    assert repo.lanes.conflicts() == ()
    repo.commit("top", {"more.txt": "more\n"})


def forked(repo: TestRepo) -> None:
    """Make `base`, `bad` which collides with it, `good` which does not, and `leaf` on `bad`."""
    chain(repo, "base")
    for name, on, files in (
        ("bad", "base", {"auth.py": "bad\n"}),
        ("good", "base", {"good.txt": "good\n"}),
        ("leaf", "bad", {"leaf.txt": "leaf\n"}),
    ):
        repo.lanes.new(name, on=on)
        repo.commit(name, dict(files))
    repo.commit("base", {"auth.py": "base\n"})


def names(found: list[dict[str, Any]]) -> list[str]:
    """Return the lanes of a list in a cascade's answer."""
    return [x["lane"] for x in found]


def test_a_collider_is_skipped(repo: TestRepo, cli: Cli) -> None:
    """One of two collides: the other follows; it and its dependants are told, unmoved; exit 1."""
    forked(repo)
    heads = {x: repo.lanes.head(x) for x in ("bad", "leaf")}
    ran = cli("cascade", "base", "--on-conflict", "skip", "--json")
    assert ran.code == 1
    made = json.loads(ran.out)
    assert names(made["updated"]) == ["good"]
    assert names(made["skipped"]) == ["bad", "leaf"]
    assert made["skipped"][1]["reason"] == "it follows bad"
    assert {x: repo.lanes.head(x) for x in heads} == heads
    assert repo.lanes.conflicts() == ()


def test_a_deferred_collider_is_resolved_and_the_rest_follows(repo: TestRepo, cli: Cli) -> None:
    """With `defer`, a resolution and `--continue` dependants follow; the rest stays as it is."""
    forked(repo)
    ran = cli("cascade", "base", "--on-conflict", "defer", "--json")
    assert ran.code == 1
    made = json.loads(ran.out)
    assert (names(made["deferred"]), names(made["skipped"])) == (["bad"], ["leaf"])
    good = repo.lanes.lane("good")
    cli("conflict", "start", "bad")
    repo.write({"auth.py": "both\n"}, repo.workspace("bad"))
    assert cli("conflict", "continue", "bad").code == 0
    ran = cli("cascade", "--continue", "--json")
    assert ran.code == 0, ran.err
    made = json.loads(ran.out)
    assert names(made["updated"]) == ["leaf"]
    assert sorted(made["current"]) == ["bad", "good"]
    assert repo.lanes.lane("good") == good
    assert repo.files("refs/lanes/head/leaf")["auth.py"] == "both"
    assert repo.files("refs/lanes/head/leaf")["leaf.txt"] == "leaf"
