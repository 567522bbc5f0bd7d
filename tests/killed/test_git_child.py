"""The git child killed alone, at each rename and unlink that it does."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.killed.scenes import Stage, named, stage_of
from tests.support.crashing import Crashes

_STRACE = shutil.which("strace")
_CALLS = "rename,renameat,renameat2,unlink,unlinkat"

# The wrapper is first on PATH. It numbers the calls of one git command and runs one under strace.
_WRAPPER = """\
#!/bin/sh
case " $* " in
*" $CUT_COMMAND "*)
    number=1
    while ! mkdir "$CUT_COUNT.$number" 2>/dev/null; do number=$((number + 1)); done
    if [ "$number" = "$CUT_NUMBER" ]; then
        exec "{strace}" -f -qqq -o "$CUT_LOG" -e trace={calls} $CUT_HOW "{git}" "$@"
    fi ;;
esac
exec "{git}" "$@"
"""

_CASES = (
    ("commit", "update-ref"),
    ("promote", "read-tree"),
    ("new", "worktree"),
    ("new", "reset"),
)
_NIGHTLY = (
    ("reject", "update-ref"),
    ("reject", "read-tree"),
    ("promote", "update-ref"),
    ("new", "update-ref"),
    ("new-sparse", "sparse-checkout"),
    ("rename", "update-ref"),
    ("delete", "update-ref"),
    ("accept", "update-ref"),
    ("accept-later", "update-ref"),
    ("promote-elsewhere", "update-ref"),
    ("root-commit", "read-tree"),
    ("root-commit", "update-ref"),
    ("snapshot", "update-ref"),
    ("delete-force", "update-ref"),
)


class Cutter:
    """Runs a stage's command with one of its git children traced, or killed at one call."""

    def __init__(self, stage: Stage, place: Path, command: str):
        self._stage = stage
        self._place = place
        self._command = command
        place.mkdir()
        wrapper = place / "git"
        git = shutil.which("git")
        wrapper.write_text(_WRAPPER.format(strace=_STRACE, calls=_CALLS, git=git))
        wrapper.chmod(0o755)
        self._runs = 0

    def variables(self, number: int, how: str = "") -> dict[str, str]:
        """Return the environment for a run in which child `number` of the command is traced."""
        self._runs += 1
        return {
            "PATH": f"{self._place}:{self._stage.repo.environ['PATH']}",
            "CUT_COMMAND": self._command,
            "CUT_COUNT": str(self._place / f"count-{self._runs}"),
            "CUT_NUMBER": str(number),
            "CUT_LOG": str(self._place / "log"),
            "CUT_HOW": how,
        }

    def calls(self, number: int) -> Counter[str]:
        """Return which calls, and how often, child `number` makes when nothing kills it."""
        log = self._place / "log"
        log.write_text("")
        self._stage.reset()
        ended = self._stage.run(*self._stage.scene.command, variables=self.variables(number))
        assert ended.code == 0, ended.err
        return Counter(re.findall(r"^\d+ +(\w+)\(", log.read_text(), re.MULTILINE))


@pytest.mark.skipif(_STRACE is None, reason="needs strace")
@pytest.mark.parametrize(
    ("scene", "command"),
    [*_CASES, *(pytest.param(*x, marks=pytest.mark.slow) for x in _NIGHTLY)],
    ids=["-".join(x) for x in (*_CASES, *_NIGHTLY)],
)
def test_git_killed_at_a_call(
    scene: str, command: str, tmp_path: Path, environ: dict[str, str], crashes: Crashes
) -> None:
    """The command survives its git child, or asks to be repeated; a repetition ends well."""
    stage = stage_of(scene, tmp_path / "stage", environ, crashes)
    cutter = Cutter(stage, tmp_path / "cutter", command)
    killed, number = 0, 1
    while calls := cutter.calls(number):
        for call, count in calls.items():
            for turn in range(1, count + 1):
                stage.reset()
                how = f"-e inject={call}:signal=KILL:when={turn}"
                with named(f"{command} {number}: {call} {turn}"):
                    variables = cutter.variables(number, how)
                    ended = stage.run(*stage.scene.command, variables=variables)
                    assert ended.code in (0, 75, 128), ended.err
                    assert "Traceback" not in ended.err, ended.err
                    stage.settle(ended, collect=False)
                killed += 1
        number += 1
    assert killed
