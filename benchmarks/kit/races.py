"""Many racers on one repository, started together."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.support.repos import TestRepo

_ROOT = Path(__file__).parents[2]


class Race:
    """Processes that are ready to go the same way, each with a name of its own.

    One has gone there before: what only the very first operation in a repository finds out,
    as which listeners are installed, is known.
    """

    def __init__(self, way: str, repo: TestRepo, racers: int):
        self.repo = repo
        self.names = ["before", *(f"racer{number}" for number in range(racers))]
        self._start(way, self.names[:1])
        self.run()
        self._start(way, self.names[1:])

    def _start(self, way: str, names: Sequence[str]) -> None:
        self._running = [self._process(way, name) for name in names]
        for process in self._running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", process.communicate()[1]

    def _process(self, way: str, name: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "benchmarks.kit.racer", way, str(self.repo.path), name],
            cwd=_ROOT,
            env=self.repo.environ,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self) -> None:
        """Let all go, and wait for the last."""
        for process in self._running:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in self._running:
            _, said = process.communicate()
            assert process.returncode == 0, said

    def check(self) -> None:
        """Assert that the work of every racer is on main."""
        there = set(self.repo.git("ls-tree", "--name-only", "refs/heads/main").splitlines())
        assert {f"{name}-{number}.txt" for name in self.names for number in range(3)} <= there
