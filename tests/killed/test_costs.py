"""Costs and running totals of a command that is killed: both or neither."""

from __future__ import annotations

from pathlib import Path

from gitlanes.store import spending
from tests.killed.scenes import COST, Scene, Stage, _committed, named
from tests.support.crashing import Crashes
from tests.support.observed import left_behind, records

_ADD = Scene("cost-add", ("cost", "add", "auth/1", "--tokens-in", "7"), _committed, 0)


def test_an_added_cost_is_recorded_and_counted_or_neither(
    tmp_path: Path, environ: dict[str, str], crashes: Crashes
) -> None:
    """Killed anywhere, the totals in the record are what the notes come to."""
    stage = Stage(_ADD, tmp_path / "stage", environ, crashes)
    sums = set()
    for number in stage.steps(every=False):
        stage.reset()
        with named(f"{number} {stage.passed.steps[number]}"):
            assert stage.killed(number).killed
            _mend(stage)
            now = records(stage.repo)
            assert now in [{x: whole[x] for x in now} for whole in stage.whole]
            with stage.repo.inner() as inner:
                lane = inner.view.lane("auth").record
                assert lane.spent == spending.summed(inner, lane)
            sums.add(lane.spent["total"]["input_tokens"])
            stage.repo.fsck()
    assert sums == {COST.input_tokens, 3 + 7}


def _mend(stage: Stage) -> None:
    """Let a command that waits for nobody mend it, once git's process has let go of the lock."""
    for _ in range(100):
        assert stage.run("list").code == 0
        if not left_behind(stage.repo):
            return
    raise AssertionError(left_behind(stage.repo))
