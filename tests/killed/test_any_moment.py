"""Commands killed at moments that nobody chose."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from tests.killed.scenes import Stage, named, stage_of
from tests.support.amounts import many
from tests.support.crashing import Crashes


def test_killed_at_some_moments(tmp_path: Path, environ: dict[str, str], crashes: Crashes) -> None:
    """Some moments of commit and promote in a bound repository."""
    _kill(20, tmp_path, environ, crashes)


@pytest.mark.slow
def test_killed_at_many_moments(tmp_path: Path, environ: dict[str, str], crashes: Crashes) -> None:
    """Some hundred moments of commit and promote in a bound repository."""
    _kill(many(200), tmp_path, environ, crashes)


def _kill(moments: int, place: Path, environ: dict[str, str], crashes: Crashes) -> None:
    chance = random.Random(20)
    stages = [stage_of(x, place / x, environ, crashes) for x in ("commit", "promote")]
    lengths = [_length(x) for x in stages]
    killed = 0
    for moment in range(moments):
        stage, length = stages[moment % 2], lengths[moment % 2]
        family, delay = chance.random() < 0.5, chance.uniform(0, 1.1 * length)
        stage.reset()
        running = stage.start()
        time.sleep(delay)
        running.kill(family=family)
        ended = running.wait()
        killed += ended.killed
        with named(f"{stage.scene.name} after {delay:.4f} s, family: {family}"):
            if family:
                stage.settle(ended, collect=False, torn=True)
            else:  # git may still be at work, and the next writer waits for it
                stage.repeat(ended)
                stage.use_git(collect=False)
    assert killed > moments / 3


def _length(stage: Stage) -> float:
    stage.reset()
    began = time.monotonic()
    stage.run(*stage.scene.command)
    return time.monotonic() - began
