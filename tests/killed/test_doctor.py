"""Commands killed at a step, and `doctor` run on what they left."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.killed.scenes import named, stage_of
from tests.support.crashing import Crashes

_SCENES = ("promote",)
_NIGHTLY = (
    *("commit", "create", "delete", "delete-force", "reject"),
    *("new", "remove", "remove-force", "root-commit", "snapshot"),
)


@pytest.mark.parametrize(
    "scene", [*_SCENES, *(pytest.param(x, marks=pytest.mark.slow) for x in _NIGHTLY)]
)
def test_doctor_mends_what_a_kill_left(
    scene: str, tmp_path: Path, environ: dict[str, str], crashes: Crashes
) -> None:
    """Whatever a killed command left, --fix mends it, the second run is clean, and work goes on."""
    stage = stage_of(scene, tmp_path / "stage", environ, crashes)
    found = 0
    for step in stage.steps(every=False)[::2]:
        stage.reset()
        with named(stage.passed.steps[step]):
            ended = stage.killed(step)
            assert ended.killed
            fixed = stage.run("doctor", "--fix", "--yes")
            assert fixed.code == 0, fixed.out + fixed.err
            found += bool(fixed.out)
            again = stage.run("doctor")
            assert (again.code, again.out) == (0, ""), again.out
            stage.settle(ended, collect=False)
    assert found
