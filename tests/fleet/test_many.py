"""Many agents at once, their server killed, two repositories: nothing is lost, nothing is left."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from gitlanes import RunOrder
from tests.support.agents import Fleet, fleet_of, needs_tmux
from tests.support.repos import TestRepo

pytestmark = [pytest.mark.slow, needs_tmux]
_KINDS = ("writer", "thinker", "asker", "stubborn", "flooder", "committer", "crasher", "sleeper")


def _start(fleet: Fleet, count: int) -> list[str]:
    """Start agents of all kinds in tmux, all of one batch; return their lanes."""
    lanes = []
    for number in range(count):
        lanes.append(f"m{number:02}")
        kind = _KINDS[number % len(_KINDS)]
        fleet.start(lanes[-1], kind, f"task {number}", tmux=True, batch="all")
    return lanes


def _settled(fleet: Fleet) -> None:
    """Wait until those that end by themselves have ended, and the others are at work."""
    for number in range(20):
        kind = _KINDS[number % len(_KINDS)]
        if kind == "asker":
            fleet.until(f"m{number:02}", lambda x: x.status == "waiting")
        elif kind in ("stubborn", "sleeper"):
            fleet.until(f"m{number:02}", lambda x: x.last in ("at work", "sleeping"))
        else:
            fleet.until(f"m{number:02}", lambda x: not x.live)


def test_twenty_agents_and_an_end_of_all(fleet: Fleet) -> None:
    """All kinds at once: each ends as it should; a kill of all leaves no orphan, loses nothing."""
    lanes = _start(fleet, 20)
    _settled(fleet)
    assert len(fleet.tmux("list-sessions")) == sum(x.live for x in fleet.repo.lanes.runs())
    made = fleet.repo.lanes.kill("*")
    assert {x.status for x in made.runs} == {"killed"}
    for run in fleet.repo.lanes.runs(ended=True):
        kind = run.program
        work = {"asker": None, "sleeper": "here.txt", "stubborn": "half.txt"}
        if kind in ("writer", "thinker"):
            assert fleet.repo.workspace(run.lane).joinpath("written.txt").read_text() in (
                f"task {int(run.lane[1:])}"
            )
        if wanted := work.get(kind):
            attempt = fleet.repo.lanes.show(f"{run.lane}/1").attempts[0].attempt
            assert wanted in fleet.repo.files(attempt.commit)
        assert fleet.record(run.lane).run["status"] == run.status
    assert fleet.orphans() == []
    assert fleet.tmux("list-sessions") == []
    fleet.repo.close()
    ours = str(fleet.repo.path)
    told = (" ".join(x.info["cmdline"] or []) for x in psutil.process_iter(["cmdline"]))
    assert [x for x in told if ours in x] == []
    worktrees = fleet.repo.git("worktree", "list").splitlines()
    assert len(worktrees) == 21
    fleet.repo.lanes.kill(batch="all", remove=True)
    assert len(fleet.repo.git("worktree", "list").splitlines()) == 1
    assert {fleet.repo.lanes.lane(x).status for x in lanes} == {"archived"}
    assert fleet.repo.lanes.doctor().sound
    fleet.repo.fsck()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_the_tmux_server_is_killed(fleet: Fleet, how: signal.Signals) -> None:
    """Every agent is ended with all that it started, its work kept and said to be stopped."""
    lanes = [f"s{x}" for x in range(4)]
    for lane in lanes:
        fleet.start(lane, "stubborn", tmux=True)
    for lane in lanes:
        fleet.until(lane, lambda x: x.last == "at work")
    os.kill(int(fleet.tmux("display-message", "-p", "#{pid}")[0]), how)
    for run in fleet.ended(*lanes):
        assert (run.status, run.reason) == ("killed", "its terminal was closed")
        attempt = fleet.repo.lanes.show(f"{run.lane}/1").attempts[0].attempt
        assert "half.txt" in fleet.repo.files(attempt.commit)


def test_everything_of_ours_is_killed(fleet: Fleet) -> None:
    """As after a reboot, supervisors and server are gone at once; the next look sees to it."""
    lanes = [f"r{x}" for x in range(4)]
    for number, lane in enumerate(lanes):
        fleet.start(lane, "stubborn", tmux=number % 2 == 0)
    found = [fleet.until(lane, lambda x: x.last == "at work") for lane in lanes]
    server = int(fleet.tmux("display-message", "-p", "#{pid}")[0])
    for pid in [server, *(int(x.pid or 0) for x in found)]:
        os.kill(pid, signal.SIGKILL)
    for lane in lanes:
        fleet.until(lane, lambda x: not x.live)
    assert fleet.orphans() == []
    for lane in lanes:
        assert fleet.record(lane).run["status"] in ("crashed", "killed")
        attempt = fleet.repo.lanes.show(f"{lane}/1").attempts[0].attempt
        assert "half.txt" in fleet.repo.files(attempt.commit)
    assert fleet.repo.lanes.doctor().sound


def test_two_repositories_with_the_same_lanes(make_repo: Callable[..., TestRepo]) -> None:
    """Their sessions have other names, and what is done to one is not done to the other."""
    repos = (make_repo(name="three/app"), make_repo(name="four/app"))
    with fleet_of(*repos) as (first, second):
        for fleet in (first, second):
            fleet.start("auth", "asker", tmux=True)
            fleet.until("auth", lambda x: x.status == "waiting")
        names = {fleet.repo.lanes.runs()[0].session for fleet in (first, second)}
        assert len(names) == 2
        assert set(first.tmux("list-sessions", "-F", "#{session_name}")) == names
        first.repo.lanes.kill("*")
        assert [x.status for x in second.repo.lanes.runs()] == ["waiting"]
        second.repo.lanes.prompt("auth", "y")
        assert second.ended("auth")[0].status == "finished"
        assert not (first.repo.workspace("auth") / "answer.txt").exists()


def test_many_looks_start_what_waits_once(fleet: Fleet) -> None:
    """With a limit of two no third is at work at any look, and each has run once at the end."""
    fleet.repo.git("config", "lanes.maxAgents", "2")
    with fleet.repo.open() as lanes:
        names = [f"q{x}" for x in range(6)]
        for name in names:
            lanes.run(name, order=RunOrder(name, program="writer", tmux=False), settle=0)
        most = 0
        while live := lanes.runs():
            most = max(most, sum(x.status != "queued" for x in live))
            time.sleep(0.02)
        assert most <= 2
        for name in names:
            assert Path(lanes.workspace(name).path, "written.txt").read_text() == name
        assert len(lanes.runs(ended=True)) == 6
