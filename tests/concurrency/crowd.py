"""Many processes at once, and what must be true when they are done."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.cli import Ran, spawn_cli
from tests.support.observed import left_behind
from tests.support.repos import TestRepo

TOP = Path(__file__).parent.parent.parent
TRIES = 20


def insist(repo: TestRepo, *args: str) -> Ran:
    """Run a command, again while it asks for that with exit 75; it must succeed in the end."""
    for _ in range(TRIES):
        ran = spawn_cli(repo.path, repo.environ, *args)
        if ran.code != 75:
            break
    assert ran.code == 0, f"git lanes {' '.join(args)}: {ran.code} {ran.err}"
    return ran


def land_by_command_line(repo: TestRepo, writers: int, rounds: int) -> None:
    """Let writers land a lane each in every round, every step a process of its own."""

    def write(writer: int) -> None:
        for turn in range(rounds):
            lane = f"w{writer}-{turn}"
            made = insist(repo, "new", lane, "--agent", f"w{writer}", "--json")
            place = Path(json.loads(made.out)["path"])
            (place / f"{lane}.txt").write_text(f"{lane}\n")
            words = ("--agent", f"w{writer}", "--prompt", f"make {lane}", "--tokens-in", "3")
            insist(repo, "commit", lane, "-m", f"work of {lane}", *words)
            insist(repo, "promote", lane, *words[:4])

    with ThreadPoolExecutor(writers) as pool:
        list(pool.map(write, range(writers)))


def land_by_verbs(repo: TestRepo, writers: int, rounds: int) -> None:
    """The same through the Python verbs, one process for each writer."""
    module = "tests.concurrency.worker"
    started = [
        subprocess.Popen(
            [sys.executable, "-m", module, str(repo.path), f"w{writer}", str(rounds)],
            cwd=TOP,
            env=repo.environ,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for writer in range(writers)
    ]
    for process in started:
        _, err = process.communicate()
        assert process.returncode == 0, err


@contextmanager
def meanwhile(repo: TestRepo, *commands: str) -> Iterator[None]:
    """Run shell commands in a loop beside the block."""
    started = [
        subprocess.Popen(
            ["sh", "-c", f"while :; do {{ {command}; }} >/dev/null 2>&1; sleep 0.3; done"],
            cwd=repo.path,
            env=repo.environ,
            start_new_session=True,
        )
        for command in commands
    ]
    try:
        yield
    finally:
        for process in started:
            # The loop ends, and the git command under way comes to its own end.
            process.send_signal(signal.SIGTERM)
            process.wait()
        _wait_for_groups([x.pid for x in started])


def _wait_for_groups(groups: list[int]) -> None:
    """Wait until the last member of each process group is gone."""
    import time

    for group in groups:
        while True:
            try:
                os.killpg(group, 0)
            except ProcessLookupError:
                break
            time.sleep(0.02)


def assert_all_landed(repo: TestRepo, writers: int, rounds: int) -> None:
    """Assert that each lane's work, attempts and notes are there, now and after a hard gc."""
    insist(repo, "new", "last", "--no-workspace")  # any writing command brings the root up
    repo.fsck()
    repo.git("gc", "--quiet", "--prune=now")
    repo.fsck()
    assert left_behind(repo) == []
    lanes = {f"w{writer}-{turn}" for writer in range(writers) for turn in range(rounds)}
    head = repo.rev("refs/lanes/head/main")
    assert repo.rev("refs/heads/main") == head
    assert repo.git("status", "--porcelain") == ""
    files = repo.files(head)
    assert {x: files.get(f"{x}.txt") for x in lanes} == {x: x for x in lanes}
    assert {(repo.path / f"{x}.txt").read_text() for x in lanes} == {f"{x}\n" for x in lanes}
    found = history(repo)
    work = {x["attempt"]["lane"] for x in found if x["attempt"]["kind"] == "work"}
    assert work == lanes
    landed = [x for x in found if x["attempt"]["kind"] == "promotion"]
    assert len(landed) == len(lanes)
    for one in [*landed, *(x for x in found if x["attempt"]["kind"] == "work")]:
        assert one["attempt"]["status"] == "accepted"
        noted = repo.git("notes", "--ref=lanes/intents", "show", one["attempt"]["commit"])
        assert one["attempt"]["uuid"] in noted
    costs = repo.git("notes", "--ref=lanes/costs", "list").splitlines()
    assert len(costs) == len(lanes)


def history(repo: TestRepo) -> list[Any]:
    """Return all attempts of all lanes."""
    with repo.open() as opened:
        body = opened.history().to_dict()
    found: list[Any] = body["attempts"]
    return found
