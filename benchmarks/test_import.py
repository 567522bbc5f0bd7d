"""Importing the package as an orchestrator does, beside the import of pygit2."""

from __future__ import annotations

from pathlib import Path

from benchmarks.kit import git_side
from benchmarks.kit.measuring import Bench, Side


def test_import(bench: Bench, place: Path, environ: dict[str, str]) -> None:
    """The session with all that it stands on costs at most twice pygit2 alone."""
    program = "from gitlanes import AgentSession, Repo"
    bench.compare(
        program,
        lambda _: git_side.run([git_side.PYTHON, "-c", program], place, environ),
        Side("import pygit2", lambda _: git_side.importing("pygit2", place, environ), times=2),
        rounds=25,
    )
