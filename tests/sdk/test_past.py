"""Going through the past, waiting for what comes, and a look at what would land."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from itertools import islice
from typing import Any

import pytest

from gitlanes import BadValue, Collision, Cost, Intent, Judgement, NotFound, Refused
from gitlanes.history.waiting import Watch
from tests.support.repos import TestRepo


def test_attempts_are_read_as_they_are_asked_for(repo: TestRepo) -> None:
    """The iterator tells what `history` does, goes on while verbs run, and ends when left."""
    repo.work("auth")
    for number in range(4):
        repo.lanes.put_file("auth", "x", f"{number}".encode(), intent=Intent(tags=("t",)))
    walk = repo.lanes.attempts("auth", tag="t")
    first = next(walk)
    repo.lanes.put_file("auth", "x", b"last")
    assert [x.attempt.id for x in (first, *walk)] == ["auth/4", "auth/3", "auth/2", "auth/1"]
    assert tuple(repo.lanes.attempts()) == repo.lanes.history().attempts
    assert [x.attempt.id for x in islice(repo.lanes.attempts(), 1)] == ["auth/5"]
    with pytest.raises(BadValue, match="unknown status"):
        repo.lanes.attempts(status="odd")


def test_the_last_rejection(repo: TestRepo) -> None:
    """Reason, prompt, checks and diff of the newest one, and which retry of its change is next."""
    place = repo.lane("auth")
    assert repo.lanes.last_rejection("auth") is None
    for number in (1, 2):
        repo.write({"auth.py": f"{number}\n", "new.py": "n\n"}, place)
        repo.lanes.propose("auth", intent=Intent(prompt="Do it", agent="c"))
        told = Judgement(by="rev", reason=f"no {number}", checks=(("style", False),))
        repo.lanes.reject(f"auth/{number}", told)
    found = repo.lanes.last_rejection("auth")
    assert found is not None
    assert (found.attempt.id, found.reason, found.by) == ("auth/2", "no 2", "rev")
    assert (found.prompt, found.retries) == ("Do it", 2)
    assert (found.diff.added, found.diff.modified) == ((b"new.py",), (b"auth.py",))
    assert "+2" in str(found.diff.text)
    assert [x["name"] for x in found.evaluations] == ["style", "decision"]
    repo.lanes.commit("auth", message="third")
    repo.propose("auth", {"auth.py": "4\n"})
    repo.lanes.reject("auth/4")
    again = repo.lanes.last_rejection("auth")
    assert again is not None
    assert (again.attempt.id, again.retries) == ("auth/4", 1)


def test_what_would_land(repo: TestRepo) -> None:
    """An attempt and a lane are compared with their target as it is now; nothing moves."""
    repo.lane("auth", {"auth.py": "mine\n", "new.py": "n\n"})
    repo.lane("other", {"src/app.py": "theirs\n"})
    repo.lanes.promote("other")
    repo.propose("auth", {"new.py": None, "more.py": "m\n"})
    before = repo.refs()
    lane, attempt = repo.lanes.would_land("auth"), repo.lanes.would_land("auth/2")
    assert (lane.added, lane.modified, lane.removed) == ((b"new.py",), (b"auth.py",), ())
    assert (attempt.added, attempt.modified, attempt.removed) == ((b"more.py",), (), (b"new.py",))
    assert "+mine" in str(lane.text)
    assert repo.refs() == before
    with pytest.raises(Refused, match="accepted already"):
        repo.lanes.would_land("auth/1")
    repo.save({"auth.py": "people\n"})
    with pytest.raises(Collision, match="auth"):
        repo.lanes.would_land("auth")


def test_costs_of_lanes_and_tags(repo: TestRepo) -> None:
    """Sums can be limited to several lanes and tags; each record counts once."""
    for number, name in enumerate(("a", "b", "c")):
        repo.work(name)
        said = Intent(tags=("t", name))
        repo.lanes.put_file(name, "x", b"x", intent=said, cost=Cost(input_tokens=10**number))
    cost = repo.lanes.cost
    assert cost(lanes=["a", "c", "a"]).total["input_tokens"] == 101
    assert cost(lane="b").total == cost(lanes=["b"]).total
    assert cost(tags=["b", "c"]).total["input_tokens"] == 110
    assert cost(tags=["t"], lanes=["a", "b"]).total["input_tokens"] == 11
    assert cost(tags=["none"]).total == {}


def changes(repo: TestRepo, wait: Callable[..., Any], *names: str, **options: Any) -> Any:
    """Return what a wait returns, as names with the status of their lanes."""
    with repo.open() as lanes:
        return [(x.name, x.lane.status) for x in wait(lanes, names, timeout=20, **options)]


def sync(lanes: Any, names: tuple[str, ...], **options: Any) -> Any:
    """Wait as threads do."""
    return lanes.wait(names, **options)


def by_asyncio(lanes: Any, names: tuple[str, ...], **options: Any) -> Any:
    """Wait in an event loop."""
    return asyncio.run(lanes.wait_async(names, **options))


@pytest.mark.parametrize("wait", [sync, by_asyncio])
def test_a_wait_ends_with_what_changed(repo: TestRepo, wait: Callable[..., Any]) -> None:
    """A landing, a decision, a new name and a deletion wake; a cost added to it does not."""
    repo.lane("auth")
    repo.propose("auth", {"auth.py": "1\n"})
    steps: list[tuple[Callable[[], object], tuple[str, ...], list[tuple[str, str]]]] = [
        (lambda: repo.lanes.accept("auth/1"), ("auth/1", "main"), [("auth/1", "active")]),
        (lambda: repo.lanes.promote("auth"), ("main",), [("main", "active")]),
        (lambda: repo.lanes.rename("auth", "login"), ("auth",), [("auth", "active")]),
        (lambda: repo.lanes.delete("login"), ("login",), [("login", "deleted")]),
    ]
    for step, names, expected in steps:
        found: list[Any] = []

        def waits(names: tuple[str, ...] = names, found: list[Any] = found) -> None:
            found += changes(repo, wait, *names, every=0.01)

        thread = threading.Thread(target=waits)
        thread.start()
        repo.lanes.add_cost("auth/1", Cost(input_tokens=1))
        time.sleep(0.3)
        assert thread.is_alive(), names
        step()
        thread.join()
        assert found == expected


def test_another_lane_of_that_name(repo: TestRepo) -> None:
    """One that was deleted and made anew between two looks is another one, though it is alike."""
    repo.work("auth")
    with repo.inner() as inner:
        watch = Watch(inner, ["auth"])
        assert watch.look() == ()
        repo.lanes.delete("auth")
        repo.work("auth")
        assert [x.name for x in watch.look()] == ["auth"]


def test_a_wait_that_has_nothing_to_wait_for(repo: TestRepo) -> None:
    """What is decided already, or moved since it was seen, is returned at once; time runs out."""
    lanes, head = repo.lanes, repo.lanes.head("main")
    repo.work("auth", {"auth.py": "1\n"})
    assert [x.attempt.status for x in lanes.wait(["auth/1", "main"]) if x.attempt] == ["accepted"]
    lanes.promote("auth")
    assert [x.name for x in lanes.wait(heads={"main": head})] == ["main"]
    assert lanes.wait(heads={"main": lanes.head("main")}, timeout=0.05) == ()
    assert asyncio.run(lanes.wait_async("main", timeout=0)) == ()
    with pytest.raises(NotFound):
        lanes.wait("mian")
    with pytest.raises(BadValue, match="nothing to wait for"):
        lanes.wait()
