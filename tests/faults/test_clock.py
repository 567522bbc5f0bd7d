"""Clocks that jump: ids, times and orders stay of use, and nothing depends on them."""

from __future__ import annotations

import re

import pytest

from gitlanes import clock
from tests.support.cli import Ran, run_cli
from tests.support.repos import TestRepo

DAY = 86400.0
NOW = 1_790_000_000.25


class Clock:
    """A wall clock that shows what the test wants."""

    def __init__(self) -> None:
        self.shown = NOW

    def now(self) -> float:
        """Tell the time, and go on by a moment."""
        self.shown += 0.001
        return self.shown


@pytest.fixture
def wall(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that gitlanes looks at; git has the machine's."""
    made = Clock()
    monkeypatch.setattr(clock, "now", made.now)
    return made


@pytest.mark.parametrize("jump", [-DAY * 400, -0.2, DAY * 400], ids=["back", "a bit", "forward"])
def test_the_order_of_work_is_that_of_the_journal(jump: float, wall: Clock, repo: TestRepo) -> None:
    """After a jump attempts are told in the order in which they were made, and all land."""
    repo.lane("auth", {"one.txt": "1\n"})
    wall.shown += jump
    repo.commit("auth", {"two.txt": "2\n"})
    repo.commit("auth", {"three.txt": "3\n"})
    told = run_cli(repo.path, repo.environ, "history", "--lane", "auth", "--json")
    assert told.code == 0, told.err
    assert [x["attempt"]["id"] for x in told.json["attempts"]] == ["auth/3", "auth/2", "auth/1"]
    assert run_cli(repo.path, repo.environ, "promote", "auth").code == 0
    assert {"one.txt", "two.txt", "three.txt"} < set(repo.files("main"))
    assert run_cli(repo.path, repo.environ, "doctor").code == 0
    repo.fsck()


def test_ids_stay_unique_when_the_clock_stands(wall: Clock, repo: TestRepo) -> None:
    """Operations of one instant have ids of their own."""
    place = repo.lane("auth")
    for number in range(5):
        wall.shown = NOW
        repo.write({f"{number}.txt": "x\n"}, place)
        repo.lanes.commit("auth", message=f"{number}")
    log = repo.git("log", "--first-parent", "--format=%B", "refs/lanes/journal/auth")
    found = re.findall(r'"operation":"([^"]+)"', log)
    assert len(found) == len(set(found)) == 6


def test_an_interrupted_operation_of_tomorrow(wall: Clock, repo: TestRepo) -> None:
    """What was left under a clock that was ahead is mended under one that is not."""
    wall.shown = NOW + DAY
    repo.write({"one.txt": "1\n"}, repo.lane("auth"))
    pending = repo.path / ".git/lanes/pending"
    head = repo.rev("refs/lanes/head/auth")
    lock = repo.path / ".git/refs/lanes/head/auth.lock"
    lock.touch()
    move = ["refs/lanes/head/auth", head, repo.rev("main^{tree}")]
    pending.write_text(f'{{"operation": "x", "refs": [{list_of(move)}]}}')
    wall.shown = NOW - DAY
    done = run_cli(repo.path, repo.environ, "commit", "auth", "-m", "x")
    assert done.code == 0, done.err
    assert not pending.exists()
    assert not lock.exists()
    assert run_cli(repo.path, repo.environ, "doctor").code == 0


def list_of(items: list[str]) -> str:
    """Return a JSON list of texts."""
    return "[" + ", ".join(f'"{x}"' for x in items) + "]"


def test_a_claim_outlives_no_lease(wall: Clock, repo: TestRepo) -> None:
    """A clock that goes back makes a lease longer, one that goes on ends it: no more than that."""
    repo.lane("auth")

    def run(*args: str) -> Ran:
        return run_cli(repo.path, repo.environ, *args)

    assert run("workspace", "claim", "auth", "--agent", "a", "--lease", "1h").code == 0
    wall.shown -= DAY
    assert run("workspace", "claim", "auth", "--agent", "b").code == 128
    assert run("doctor").code == 0
    wall.shown += 2 * DAY
    found = run("doctor")
    assert found.code == 1
    assert found.out.startswith("stale-lock: workspace of lane 'auth' is claimed by 'a', but its")
    assert run("doctor", "--fix").code == 0
    assert run("workspace", "claim", "auth", "--agent", "b").code == 0
