"""Scripted agents, as executables on PATH, and a fleet of them that leaves nothing behind."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from gitlanes import Run, RunOrder
from gitlanes.models.records import Lane
from tests.support.repos import TestRepo

# Where it should be, its tests have to run: `.ci/run` installs it.
needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="needs tmux")

_SHELL = {
    # Does what it is asked, once.
    "writer": 'printf %s "$1" > written.txt; echo "wrote it"',
    # Reads its prompt in a file.
    "reader": 'cat "$1" > written.txt; echo "read it"',
    # Asks, and goes on with the answer.
    "asker": 'printf "Shall I go on? [y/n] "; read answer; echo "$answer" > answer.txt',
    # Forks children, in sessions of their own, too; all of them ignore that they are to end.
    "stubborn": """\
trap "" TERM HUP
for n in 1 2; do sh -c 'trap "" TERM HUP; while :; do sleep 1; done' & done
setsid sh -c 'trap "" TERM HUP; while :; do sleep 1; done' &
echo half > half.txt; echo at work
while :; do sleep 1; done""",
    # Prints much more than is kept.
    "flooder": 'head -c 1000000 /dev/zero | tr "\\0" x | fold -w 999; echo; echo "the last line"',
    # Commits with plain git.
    "committer": 'echo own > own.txt; git add .; git commit -q -m "my own commit"; echo done',
    # Dies with what moves a cursor on its lips.
    "crasher": "echo some > partial.txt; printf 'now\\033[2J it \\033]0;me\\007fails\\n'; exit 3",
    # Kills itself.
    "suicide": "echo partial > partial.txt; kill -9 $$",
    # Works until it is stopped.
    "sleeper": "echo here > here.txt; echo sleeping; while :; do sleep 0.2; done",
}
_PYTHON = {
    # Takes its prompt on standard input and tells what it took, as Claude Code does.
    "thinker": """\
import json, sys
prompt = sys.stdin.read()
open("written.txt", "w", newline="").write(prompt)
usage = {"input_tokens": 100, "output_tokens": 20}
print(json.dumps({"type": "result", "usage": usage, "total_cost_usd": 0.25, "num_turns": 2}))
""",
    # Spends more with every turn, and never ends by itself.
    "spender": """\
import json, time
for turn in range(1, 10_000):
    usage = {"input_tokens": 1000, "output_tokens": 10}
    message = {"id": f"m{turn}", "model": "m", "usage": usage}
    print(json.dumps({"type": "assistant", "message": message}), flush=True)
    open("spent.txt", "w").write(str(turn))
    time.sleep(0.05)
""",
}
_WAYS = {"thinker": "stdin", "reader": "file", "writer": "argument"}


class Fleet:
    """A repository whose agents are scripts, with a tmux server of its own."""

    def __init__(self, repo: TestRepo, sockets: str):
        self.repo = repo
        repo.environ["TMUX_TMPDIR"] = sockets
        self.bin = repo.path.parent / "agents"
        if not self.bin.exists():
            _install(self.bin)
        repo.environ["PATH"] = f"{self.bin}{os.pathsep}{repo.environ['PATH']}"
        for name in (*_SHELL, *_PYTHON):
            repo.git("config", f"lanes.agent.{name}.args", name)
            repo.git("config", f"lanes.agent.{name}.prompt", _WAYS.get(name, "none"))

    def start(self, lane: str, program: str, prompt: str = "do it", **order: object) -> Run:
        """Start an agent without waiting for how it goes; without tmux unless told."""
        order = {"tmux": False, **order}
        wanted = RunOrder(prompt, program=program, **order)  # type: ignore[arg-type]
        return self.repo.lanes.run(lane, order=wanted, settle=0)

    def ended(self, *lanes: str) -> list[Run]:
        """Return how the agents of lanes ended."""
        found = self.repo.lanes.wait_for_runs(lanes, 60)
        assert not any(x.live for x in found), found
        return list(found)

    def until(self, lane: str, holds: Callable[[Run], object]) -> Run:
        """Wait until something holds of a lane's agent, and return it then."""
        found = None
        for _ in range(600):
            found = next((x for x in self.repo.lanes.runs(ended=True) if x.lane == lane), None)
            if found and holds(found):
                return found
            time.sleep(0.05)
        raise AssertionError(f"it never came to that: {found}")

    def record(self, lane: str) -> Lane:
        """Return a lane's record."""
        with self.repo.inner() as inner:
            return inner.view.lane(lane).record

    def tmux(self, *args: str) -> list[str]:
        """Ask the server that the agents' sessions are on."""
        socket = f"{self.repo.environ['TMUX_TMPDIR']}/tmux-{os.getuid()}/gitlanes"
        command = ["tmux", "-S", socket, *args]
        return subprocess.run(command, capture_output=True, text=True).stdout.splitlines()

    def directory(self, run: Run) -> Path:
        """Return a run's own directory."""
        return self.repo.path / ".git" / "lanes" / "runs" / run.id

    def orphans(self) -> list[str]:
        """Return what is left of all runs: processes, sessions, temporary files."""
        runs = self.repo.path / ".git" / "lanes" / "runs"
        ids = {x.name for x in runs.iterdir()} if runs.exists() else set()
        found = [f"process {x}" for one in ids for x in processes_of(one, runs / one)]
        found += [f"session {x}" for x in self.tmux("list-sessions") if self.repo.path.name in x]
        found += [f"file {x}" for x in self.repo.path.glob(".git/**/*.new")]
        every = self.repo.path.glob(".git/**/*.lock")
        locks = (x for x in every if x.parent.name not in ("lanes", "scratch"))
        found += [f"lock {x}" for x in locks if x.name != "lanes.lock"]
        return found


def processes_of(run: str, directory: Path) -> list[str]:
    """Return the processes that belong to a run."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ", "status"]):
        info = process.info
        mine = (info["environ"] or {}).get("GITLANES_RUN") == run
        if info["status"] != "zombie" and (mine or str(directory) in (info["cmdline"] or [])):
            found.append(" ".join(info["cmdline"] or []))
    return found


@contextmanager
def sockets() -> Iterator[str]:
    """Give a directory for tmux's sockets, whose paths have to be short."""
    made = tempfile.mkdtemp(prefix="lanes-tmux-", dir="/tmp")
    try:
        yield made
    finally:
        shutil.rmtree(made)


@contextmanager
def fleet_of(*repos: TestRepo) -> Iterator[tuple[Fleet, ...]]:
    """Make fleets that share a tmux server; at the end nothing of theirs is left."""
    with sockets() as place:
        found = tuple(Fleet(x, place) for x in repos)
        try:
            yield found
        finally:
            for one in found:
                if one.repo.lanes.runs():
                    one.repo.lanes.kill("*", force=True)
            found[0].tmux("kill-server")
        for _ in range(100):  # a supervisor whose run has ended is about to end itself
            if not (left := [x for one in found for x in one.orphans()]):
                break
            time.sleep(0.05)
        assert left == []


def _install(directory: Path) -> None:
    directory.mkdir()
    scripts = {name: f"#!/bin/sh\n{text}\n" for name, text in _SHELL.items()}
    scripts |= {name: f"#!{sys.executable} -S\n{text}" for name, text in _PYTHON.items()}
    for name, text in scripts.items():
        (directory / name).write_text(text)
        (directory / name).chmod(0o755)
