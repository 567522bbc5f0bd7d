"""Many racers on one repository, started together."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.support.repos import TestRepo

_ROOT = Path(__file__).parents[2]


class Race:
    """Processes that are ready to go the same way, each with a name of its own."""

    def __init__(self, way: str, repo: TestRepo, racers: int):
        self.repo = repo
        self.names = [f"racer{number}" for number in range(racers)]
        self._running = [self._start(way, name) for name in self.names]
        for process in self._running:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n", process.communicate()[1]

    def _start(self, way: str, name: str) -> subprocess.Popen[str]:
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
