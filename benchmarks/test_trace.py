"""`git lanes trace` as a user starts it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from benchmarks.kit import git_side
from benchmarks.kit.forests import grow
from benchmarks.kit.measuring import Bar, Bench, Side
from benchmarks.kit.past import Past
from tests.support.repos import TestRepo

ROUNDS = 25


def test_trace(
    bench: Bench, place: Path, environ: dict[str, str], size: Callable[[int], int]
) -> None:
    """The chain that led to the head of a lane with 10,000 attempts, beside git's log of it."""
    repo = grow(place / "traced" / "repo", environ, 10, bare=True)
    past = Past.of(repo)
    past.lane("long", size(10_000))
    past.finish()
    told = json.loads(lanes(repo, "trace", "long", "--json"))
    assert (len(told["steps"]), told["more"]) == (100, True)
    assert told["steps"][0]["cost"]
    log = ["git", "log", "-100", "--first-parent", "--notes=lanes/*", "refs/lanes/head/long"]
    bench.compare(
        "git lanes trace, 10,000 attempts",
        lambda _: lanes(repo, "trace", "long"),
        Side("git log -100 --notes", lambda _: git_side.run(log, repo.path, repo.environ)),
        bar=Bar(200),
        rounds=ROUNDS,
    )
    repo.close()


def lanes(repo: TestRepo, *args: str) -> str:
    """Run the installed command outside any workspace, where GIT_DIR names the repository."""
    environ = {**repo.environ, "GIT_DIR": str(repo.path)}
    return git_side.run([git_side.LANES, *args], repo.path.parent, environ)
