"""The command's own process, killed before each thing that it does to the disk."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.killed.scenes import SCENES, Scene, Stage, named, names
from tests.support.amounts import many
from tests.support.crashing import Crashes

_USUAL = [x for x in SCENES if not x.nightly]
# Where each object and each file counts by itself. What else there is, is made of the same: of its
# steps a run counts once, and each other one is taken.
_CORE = ("commit", "propose", "accept", "reject", "promote", "new", "remove", "delete-force")


@pytest.mark.parametrize("scene", _USUAL, ids=names(_USUAL))
def test_killed_before_a_step(
    scene: Scene, tmp_path: Path, environ: dict[str, str], crashes: Crashes
) -> None:
    """Killed anywhere, all is as before or as after, and the same command sees to the rest.

    Every other step is taken here, the rest below.
    """
    stage = Stage(scene, tmp_path / "stage", environ, crashes)
    _kill_at_each(stage, every=False, first=len(scene.name) % 2, stride=2)


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES, ids=names(SCENES))
def test_killed_before_every_step(
    scene: Scene, tmp_path: Path, environ: dict[str, str], crashes: Crashes
) -> None:
    """The same for all of them, in some with each object and each file as a step of its own."""
    stage = Stage(scene, tmp_path / "stage", environ, crashes)
    every = scene.name in _CORE
    stride = 1 if every or many(1) > 1 else 2
    _kill_at_each(stage, every=every, first=(len(scene.name) + 1) % stride, stride=stride)


def _kill_at_each(stage: Stage, *, every: bool, first: int, stride: int) -> None:
    steps = stage.steps(every=every)
    assert len(steps) > 3
    for turn, number in enumerate(steps[first::stride]):
        stage.reset()
        with named(f"{number} {stage.passed.steps[number]}"):
            ended = stage.killed(number)
            assert ended.killed, ended.err
            stage.settle(ended, collect=every or turn % 4 == 0)
