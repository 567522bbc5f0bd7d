"""Which events entries are: every verb that is written has its line, and says what it should."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import gitlanes
from gitlanes import Collision
from gitlanes.events import kinds
from tests.support.repos import TestRepo

# How rooms spell the verb of what they write, where they do not pass it on.
_WRITTEN = re.compile(r'transaction\([^"()]*"(\w+)"')


def told(repo: TestRepo, **wanted: str) -> list[tuple[str, str]]:
    """Return kind and lane of all events, from the beginning."""
    found = repo.lanes.events("start", limit=None, **wanted)
    return [(x.kind, x.lane) for x in found.events]


def test_every_verb_has_its_line() -> None:
    """A verb without one would be told as a change of unknown kind."""
    texts = [x.read_text() for x in Path(gitlanes.__file__).parent.rglob("*.py")]
    written = {x for text in texts for x in _WRITTEN.findall(text)}
    assert {"sync", "task", "merge", "init"} <= written
    assert written <= kinds.KINDS.keys()
    assert all(re.fullmatch(r"[a-z]+\.[a-z-]+", x) for x in kinds.ALL)


def test_a_lane_s_life(repo: TestRepo) -> None:
    """Each step of lanes and attempts is told once, a promotion in both lanes."""
    lanes = repo.lanes
    lanes.new("auth")
    repo.propose("auth", {"a.py": "1\n"})
    lanes.reject("auth/1")
    repo.propose("auth", {"a.py": "2\n"})
    lanes.accept("auth/2")
    lanes.promote("auth")
    repo.commit("auth", {"b.py": "1\n"})
    lanes.promote("auth", propose=True)
    lanes.accept("main/2")
    lanes.rename("auth", "login")
    lanes.pause("login")
    lanes.resume("login")
    lanes.archive("login")
    lanes.unarchive("login")
    lanes.delete("login")
    assert told(repo, lane="login") == [
        ("lane.opened", "auth"),
        ("attempt.proposed", "auth"),
        ("attempt.rejected", "auth"),
        ("attempt.proposed", "auth"),
        ("attempt.accepted", "auth"),
        ("lane.promoted", "auth"),
        ("attempt.proposed", "auth"),
        ("attempt.accepted", "auth"),
        ("lane.promoted", "auth"),
        ("lane.renamed", "login"),
        *(("lane." + x, "login") for x in ("paused", "resumed", "archived", "unarchived")),
        ("lane.deleted", "login"),
    ]
    assert told(repo, lane="main") == [
        ("lane.opened", "main"),
        ("lane.landed", "main"),
        ("attempt.proposed", "main"),
        ("lane.landed", "main"),
    ]
    (landed, _) = repo.lanes.events("start", kind="lane.landed", limit=None).events
    assert (landed.source, landed.into, landed.paths) == ("auth", "main", (b"a.py",))
    assert (landed.attempt, landed.commit) == ("main/1", repo.rev("main~1"))


def test_conflicts_cascades_and_what_is_taken_back(repo: TestRepo) -> None:
    """A sync that stops is a conflict, one that ends it resolves it; a cascade's say so."""
    lanes = repo.lanes
    repo.lane("base", {"a.py": "1\n"})
    lanes.new("top", on="base")
    lanes.new("side", on="base")
    repo.commit("top", {"a.py": "top\n"})
    repo.commit("base", {"a.py": "2\n"})
    since = lanes.events().cursor
    with pytest.raises(Collision):
        lanes.sync("top")
    lanes.start_conflict("top")
    repo.write({"a.py": "both\n"}, repo.workspace("top"))
    lanes.continue_conflict("top")
    lanes.cascade("base")
    repo.commit("side", {"c.py": "1\n"})
    lanes.undo()
    lanes.redo()
    lanes.rollback("side", steps=1)
    found = lanes.events(since, limit=None).events
    assert [(x.kind, x.lane) for x in found] == [
        ("conflict.deferred", "top"),
        ("conflict.resolved", "top"),
        ("lane.synced", "top"),
        ("lane.synced", "side"),
        ("cascade.rebased", "side"),
        ("cascade.completed", "base"),
        ("attempt.proposed", "side"),
        ("attempt.accepted", "side"),
        ("lane.undone", "side"),
        ("lane.redone", "side"),
        ("lane.rolled-back", "side"),
    ]
    assert found[3].paths == (b"a.py",)


def test_tasks(repo: TestRepo) -> None:
    """A task tells of itself in the lane that wants it, beside what is done to its own lane."""
    lanes = repo.lanes
    made = lanes.tasks.add("write it")
    worker = lanes.tasks.start(made.id, agent="me").task.worker
    repo.commit(str(worker), {"t.py": "1\n"})
    lanes.tasks.complete(made.id)
    found = [x for x in lanes.events("start", limit=None).events if x.lane == "main"]
    assert [x.kind for x in found[1:]] == [
        "task.opened",
        "task.started",
        "lane.landed",
        "task.completed",
    ]
    assert {x.tasks for x in found[1:]} == {(made.id,)}
    since = lanes.events().cursor
    other = lanes.tasks.add("never mind")
    worker = lanes.tasks.start(other.id, agent="me").task.worker
    lanes.tasks.abandon(other.id)
    assert [(x.kind, x.lane) for x in lanes.events(since).events if x.lane == worker] == [
        ("lane.opened", worker),
        ("lane.abandoned", worker),
    ]


def test_lanes_that_have_to_do_with_it(repo: TestRepo) -> None:
    """What happens to a lane is not told of others that its operation changes beside it."""
    lanes = repo.lanes
    repo.lane("base", {"a.py": "1\n"})
    lanes.new("top", on="base", workspace=False)
    lanes.promote("base", propose=True)
    since = lanes.events().cursor
    lanes.promote("base")
    lanes.abandon("base", cascade=True)
    lanes.delete("base", force=True)
    found = [(x.kind, x.lane) for x in lanes.events(since).events]
    assert [x for x in found if x[1] == "main"] == [("lane.landed", "main")]
    assert [x for x in found if x[1] == "base"] == [
        ("lane.promoted", "base"),
        ("lane.abandoned", "base"),
        ("lane.deleted", "base"),
    ]
    assert [x for x in found if x[1] == "top"][:1] == [("lane.abandoned", "top")]
    assert ("lane.deleted", "top") not in found
