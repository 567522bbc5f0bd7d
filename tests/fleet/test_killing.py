"""Stopping agents: whenever that is, whatever is known of them, and what becomes of their lanes."""

from __future__ import annotations

import pytest

from gitlanes import NotFound, Refused
from tests.support.agents import Fleet


def test_one_that_begins_just_now_is_stopped(fleet: Fleet) -> None:
    """The wish that it ends is not lost before its supervisor is there to hear it."""
    fleet.start("young", "sleeper")
    (run,) = fleet.repo.lanes.kill("young").runs
    assert (run.status, run.reason) == ("killed", "stopped: it was asked to end")
    assert fleet.record("young").run["status"] == "killed"
    assert fleet.orphans() == []


@pytest.mark.slow
def test_what_is_noted_of_it_was_damaged(fleet: Fleet) -> None:
    """It is at work still, by the lock of its run, and is found by that and stopped."""
    run = fleet.start("odd", "sleeper")
    fleet.until("odd", lambda x: x.last == "sleeping")
    (fleet.directory(run) / "state.json").write_text("garbage")
    assert [x.status for x in fleet.repo.lanes.runs()] == ["running"]
    (run,) = fleet.repo.lanes.kill("odd", force=True).runs
    assert (run.status, run.attempt) == ("killed", "odd/1")
    assert run.started
    assert fleet.orphans() == []


def test_lanes_of_those_that_ended(fleet: Fleet) -> None:
    """They are told from those that never were; lanes of a batch go, had they an agent or not."""
    fleet.start("mx-a", "writer", batch="b1")
    fleet.ended("mx-a")
    lanes = fleet.repo.lanes
    lanes.new("mx-b", batch="b1")
    lanes.new("mx-other")
    with pytest.raises(NotFound, match="agent at work in 'mx-a' not found") as raised:
        lanes.kill("mx-a")
    assert "git lanes kill mx-a --rm" in str(raised.value.hint)
    fleet.repo.write({"late.txt": "late\n"}, fleet.repo.workspace("mx-a"))
    assert lanes.kill("mx-*", remove=True).archived == ("mx-a", "mx-b")
    (saved,) = lanes.snapshots("mx-a")
    assert saved.reason == "the lane was archived when its agent was stopped"
    with pytest.raises(NotFound, match="agent 'mx-other' not found"):
        lanes.kill("mx-other", remove=True)


@pytest.mark.slow
def test_a_lane_with_one_at_work_does_not_go(fleet: Fleet) -> None:
    """It is neither archived nor deleted under an agent; forced, the agent is stopped first."""
    lanes = fleet.repo.lanes
    for lane in ("put-away", "deleted"):
        fleet.start(lane, "sleeper")
        fleet.until(lane, lambda x: x.last == "sleeping")
    for going, lane in ((lanes.archive, "put-away"), (lanes.delete, "deleted")):
        with pytest.raises(Refused, match="is running in lane") as raised:
            going(lane)
        assert f"git lanes kill {lane}" in str(raised.value.hint)
        assert fleet.repo.lanes.lane(lane).status == "active"
        going(lane, force=True)
    assert [(x.status, x.attempt) for x in lanes.runs(ended=True)] == [
        ("killed", "put-away/1"),
        ("killed", "deleted/1"),
    ]
    assert fleet.orphans() == []
