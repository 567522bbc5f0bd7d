"""What is seen of many agents at work, as a user asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from benchmarks.kit import git_side
from benchmarks.kit.measuring import Bar, Bench, Side
from tests.support.agents import Fleet, fleet_of
from tests.support.repos import TestRepo

AGENTS = 20
ROUNDS = 10


@pytest.fixture(scope="module")
def fleet(forest: Callable[..., TestRepo], size: Callable[[int], int]) -> Iterator[Fleet]:
    """Twenty agents that work until they are stopped."""
    with fleet_of(forest(1_000)) as (made,):
        made.repo.close()  # it would know the settings as they were
        for number in range(size(AGENTS)):
            made.start(f"agent{number:02}", "sleeper")
        for number in range(size(AGENTS)):
            made.until(f"agent{number:02}", lambda run: run.last == "sleeping")
        yield made
        made.repo.lanes.kill("*", force=True, remove=True)


@pytest.mark.parametrize("options", [(), ("--grouped",)], ids=["plain", "grouped"])
def test_ps(bench: Bench, fleet: Fleet, options: tuple[str, ...]) -> None:
    """Each look holds what is noted against processes and work trees; git lists the latter."""
    repo = fleet.repo
    asked = ("ps", *options)
    trees = ["git", "worktree", "list"]
    bench.compare(
        f"git lanes {' '.join(asked)}, {AGENTS} agents at work",
        lambda _: git_side.run([git_side.LANES, *asked], repo.path, repo.environ),
        Side("git worktree list", lambda _: git_side.run(trees, repo.path, repo.environ)),
        bar=Bar(1_000),
        rounds=ROUNDS,
    )
