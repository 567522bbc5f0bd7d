"""Twenty sessions at once, as threads and as processes: nothing is lost, nobody is in the way."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.sdk.agent import live
from tests.support.observed import left_behind
from tests.support.repos import TestRepo

Crowd = Callable[[TestRepo, int, int], None]

TOP = Path(__file__).parents[2]


def by_threads(repo: TestRepo, agents: int, rounds: int) -> None:
    """Let each agent live in a thread."""
    with ThreadPoolExecutor(agents) as pool:
        lives = [pool.submit(live, repo.path, f"a{x}", rounds, repo.environ) for x in range(agents)]
    for one in lives:
        one.result()


def by_processes(repo: TestRepo, agents: int, rounds: int) -> None:
    """Let each agent live in a process."""
    command = [sys.executable, "-m", "tests.sdk.agent", str(repo.path)]
    started = [
        subprocess.Popen(
            [*command, f"a{x}", str(rounds)], cwd=TOP, env=repo.environ, stderr=subprocess.PIPE
        )
        for x in range(agents)
    ]
    for process in started:
        _, err = process.communicate()
        assert process.returncode == 0, err.decode()


def assert_all_done(repo: TestRepo, agents: int, rounds: int) -> None:
    """Assert that each round's file landed, and that each attempt is told with its outcome."""
    repo.lanes.lanes()
    expected = {f"a{x}-{turn}.txt" for x in range(agents) for turn in range(rounds)}
    files = repo.files("refs/lanes/head/main")
    assert expected == {x for x in files if x.startswith("a") and "-" in x}
    assert {x for x in files if x.endswith(".txt")} == expected
    found = [x for x in repo.lanes.attempts() if x.attempt.kind == "work"]
    rejected = [x for x in found if x.attempt.status == "rejected"]
    assert {x.attempt.reason for x in rejected} == {"RuntimeError: broken off"}
    accepted = [x for x in found if x.attempt.status == "accepted"]
    assert len(rejected) == len(accepted) == agents * rounds
    assert {x.attempt.change_id for x in rejected} == {x.attempt.change_id for x in accepted}
    assert all(x.intent["tags"] == ["crowd"] for x in accepted)
    assert repo.lanes.cost(tags=["crowd"]).total["input_tokens"] == 3 * agents * rounds
    assert not any(x.owner for x in repo.lanes.who().workspaces)
    assert left_behind(repo) == []
    repo.fsck()


@pytest.mark.parametrize("crowd", [by_threads, by_processes])
def test_a_few(repo: TestRepo, crowd: Crowd) -> None:
    """Four agents, one round."""
    crowd(repo, 4, 1)
    assert_all_done(repo, 4, 1)


@pytest.mark.slow
@pytest.mark.parametrize("crowd", [by_threads, by_processes])
def test_twenty(repo: TestRepo, crowd: Crowd) -> None:
    """Twenty agents, three rounds."""
    crowd(repo, 20, 3)
    assert_all_done(repo, 20, 3)
