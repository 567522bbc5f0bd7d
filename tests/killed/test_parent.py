"""The command killed alone while its git child goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.killed.scenes import Stage, stage_of
from tests.support.cli import spawn_cli
from tests.support.crashing import Crashes, Passed

_SLOW = 0.8

# Slow once, in the phase and for the ref that the environment names.
_HOOK = f"""\
#!/bin/sh
[ "$1" = "$SLOW_PHASE" ] || exit 0
grep -q "$SLOW_REF" || exit 0
mkdir "$SLOW_MARK" 2>/dev/null && sleep {_SLOW}
exit 0
"""


@pytest.mark.parametrize("phase", ["prepared", "committed"])
@pytest.mark.parametrize("scene", ["commit", "promote"])
def test_the_lock_outlives_the_parent(
    scene: str, phase: str, tmp_path: Path, environ: dict[str, str], crashes: Crashes
) -> None:
    """A second command waits for the orphan's end, then sees to the rest."""
    stage = stage_of(scene, tmp_path / "stage", environ, crashes)
    with _orphan(stage, phase, "refs/lanes/journal/auth", tmp_path / "mark") as ended:
        since = time.monotonic()
        again = spawn_cli(stage.repo.path, stage.repo.environ, *stage.scene.command)
        assert again.code in (0, stage.scene.done), again.err
        assert time.monotonic() - since > _SLOW / 2
    stage.settle(ended)


@pytest.mark.parametrize("phase", ["prepared", "committed"])
def test_an_orphan_moves_the_branch(
    phase: str, tmp_path: Path, environ: dict[str, str], crashes: Crashes
) -> None:
    """A second command leaves the branch to the orphan; one after its end sees to the rest."""
    stage = stage_of("promote", tmp_path / "stage", environ, crashes)
    with _orphan(stage, phase, "refs/heads/main", tmp_path / "mark") as ended:
        again = spawn_cli(stage.repo.path, stage.repo.environ, *stage.scene.command)
        assert again.code == stage.scene.done, again.err
    time.sleep(_SLOW)
    stage.settle(ended)


@contextmanager
def _orphan(stage: Stage, phase: str, ref: str, mark: Path) -> Iterator[Passed]:
    """Kill the stage's command while git is in a slow hook about that ref."""
    stage.reset()
    hook = stage.repo.path / ".git/hooks/reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(_HOOK)
    hook.chmod(0o755)
    running = stage.start(SLOW_PHASE=phase, SLOW_REF=ref, SLOW_MARK=str(mark))
    while not mark.exists():
        time.sleep(0.005)
    running.kill(family=False)
    ended = running.wait()
    assert ended.killed
    yield ended
    hook.unlink()
