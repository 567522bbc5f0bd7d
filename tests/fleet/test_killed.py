"""Supervisors killed at any moment: the next look brings everything to an end."""

from __future__ import annotations

import os
import random
import signal
import time

import pytest

from gitlanes.git import locks
from tests.support.agents import Fleet

_TIMES = int(os.environ.get("GITLANES_TEST_TIMES", "1"))


@pytest.mark.slow
def test_others_have_the_lock_when_it_ends(fleet: Fleet) -> None:
    """Work that cannot be kept now is kept later: it is tried again, and nothing is given up."""
    fleet.repo.environ["GITLANES_LOCK_TIMEOUT"] = "0.1s"
    fleet.repo.close()
    run = fleet.start("late", "sleeper")
    found = fleet.until("late", lambda x: x.last == "sleeping")
    lock = fleet.repo.path / ".git" / "lanes" / "lock"
    with locks.hold(lock, "the repository", timeout=5):
        os.kill(int(found.pid or 0), signal.SIGTERM)
        while "ending" not in (fleet.directory(run) / "state.json").read_text():
            time.sleep(0.01)
        time.sleep(1)
    (found,) = fleet.ended("late")
    assert (found.status, found.attempt) == ("killed", "late/1")
    assert fleet.record("late").run["status"] == "killed"


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(_TIMES))
def test_killed_at_any_moment(fleet: Fleet, seed: int) -> None:
    """Whatever was under way, no process is left, the end is recorded once, and work is kept."""
    chance = random.Random(seed)
    lanes = [f"k{x}" for x in range(6)]
    for lane in lanes:
        run = fleet.start(lane, chance.choice(["writer", "thinker", "sleeper"]))
        state = fleet.directory(run) / "state.json"
        while '"pid"' not in state.read_text():
            time.sleep(0.01)
        (now,) = (x for x in fleet.repo.lanes.runs(ended=True) if x.lane == lane)
        time.sleep(chance.uniform(0, 0.4))
        if now.pid and "finished" not in state.read_text():
            os.kill(now.pid, signal.SIGKILL)
    for lane in lanes:
        found = fleet.until(lane, lambda x: not x.live)
        remembered = fleet.record(lane).run
        assert (remembered["id"], remembered["status"]) == (found.id, found.status)
        ends = [x for x in fleet.repo.lanes.events(lane=lane).events if x.kind == "agent.ended"]
        assert len(ends) == 1
        workspace = fleet.repo.workspace(lane)
        made = [x for x in ("written.txt", "here.txt") if (workspace / x).exists()]
        if made:
            attempt = fleet.repo.lanes.show(f"{lane}/1").attempts[0].attempt
            assert made[0] in fleet.repo.files(attempt.commit)
        fleet.repo.lanes.kill(lane, remove=True)
    assert fleet.orphans() == []
    assert [x for x in fleet.repo.lanes.doctor().findings if x.check != "setting"] == []
    fleet.repo.fsck()
