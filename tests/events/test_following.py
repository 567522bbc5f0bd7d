"""Events as they come: followers, listeners, those that are killed in the middle."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gitlanes.events import following
from gitlanes.git import locks
from tests.support.cli import Ran, spawn_cli
from tests.support.packages import install
from tests.support.repos import TestRepo

LISTENER = """
import json, os, signal

def on_event(event):
    with open(os.environ["HEARD"], "a") as file:
        file.write(json.dumps([event.entry, event.kind]) + "\\n")
    heard = sum(1 for _ in open(os.environ["HEARD"]))
    if heard == int(os.environ.get("KILLED_AT", "0")):
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def follower(repo: TestRepo) -> Iterator[subprocess.Popen[bytes]]:
    """A command that follows, once it has told what there was."""
    process = subprocess.Popen(
        [sys.executable, "-m", "gitlanes", "events", "--follow", "--json", "--since", "start"],
        cwd=repo.path,
        env=repo.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert [x["kind"] for x in told(process)] == ["lane.opened"]
    yield process
    process.kill()
    process.communicate()


def told(process: subprocess.Popen[bytes]) -> list[dict[str, Any]]:
    """Return the events of the next page, which is one line."""
    assert process.stdout is not None
    found: list[dict[str, Any]] = json.loads(process.stdout.readline())["events"]
    return found


def test_ctrl_c(repo: TestRepo, follower: subprocess.Popen[bytes]) -> None:
    """What comes is told at once; Ctrl-C ends it in one line, without a trace."""
    repo.lanes.new("auth")
    assert [(x["kind"], x["lane"]) for x in told(follower)] == [("lane.opened", "auth")]
    follower.send_signal(signal.SIGINT)
    out, err = follower.communicate(timeout=30)
    assert (follower.returncode, out, err) == (130, b"", b"error: interrupted\n")


def test_a_reader_that_goes(follower: subprocess.Popen[bytes]) -> None:
    """It ends by itself, also where nothing happens any more."""
    assert follower.stdout is not None
    follower.stdout.close()
    assert follower.wait(timeout=30) == 0


def test_waiting(repo: TestRepo) -> None:
    """Whoever waits is woken by a journal that went on, and by nothing as long as none does."""
    looks = 0

    def pause(_: float) -> bool:
        nonlocal looks
        looks += 1
        if looks == 4:
            repo.lanes.new("auth", workspace=False)
        return looks < 12

    inner = repo.inner()
    watch = following.Watch(inner, pause)
    woken = [looks for _ in range(3) if watch.waited()]
    assert woken == [1, 4, 5]  # to begin with, and once more after each change
    assert not watch.waited()
    assert looks == 12
    inner.close()


def heard(place: Path) -> list[list[str]]:
    """Return what a listener wrote down."""
    return [json.loads(x) for x in place.read_text().splitlines()]


def test_a_listener_that_is_killed(repo: TestRepo, tmp_path: Path) -> None:
    """It is told the event again at which it was killed, and then the rest, in order."""
    install(tmp_path / "site", "ears", LISTENER, {"gitlanes.hooks": {"ears": ""}})
    place = tmp_path / "heard"
    place.touch()
    paths = f"{tmp_path / 'site'}{os.pathsep}{repo.environ['PYTHONPATH']}"
    environ = {**repo.environ, "PYTHONPATH": paths, "HEARD": str(place)}
    assert spawn_cli(repo.path, environ, "events", "--deliver").out == "ears: 0 told\n"
    since = repo.lanes.events().cursor
    for name in ("a", "b", "c"):
        repo.lanes.new(name, workspace=False)
        repo.lanes.pause(name)
    wanted = [[x.entry, x.kind] for x in repo.lanes.events(since).events]
    assert len(wanted) == 6
    for killed_at in (2, 4):
        ran = spawn_cli(repo.path, {**environ, "KILLED_AT": str(killed_at)}, "events", "--deliver")
        assert ran.code == -signal.SIGKILL
    ran = spawn_cli(repo.path, environ, "events", "--deliver", "--json")
    assert json.loads(ran.out)["listeners"] == {"ears": 4}
    found = heard(place)
    assert found == [*wanted[:2], *wanted[1:3], *wanted[2:]]
    with locks.hold(repo.path / ".git/lanes/listeners.lock", "test", timeout=1):
        ran = spawn_cli(repo.path, environ, "events", "--deliver")
    assert ran.code == 75
    assert "listeners of events" in ran.err
    assert spawn_cli(repo.path, environ, "events", "--deliver").out == "ears: 0 told\n"


def test_a_function(repo: TestRepo) -> None:
    """What it raises is a warning; it hears the rest, and the cursor is that after all."""
    since = repo.lanes.events().cursor
    repo.lanes.new("a", workspace=False)
    repo.lanes.pause("a")
    found: list[str] = []

    def listen(event: Any) -> None:
        found.append(event.kind)
        raise ValueError(event.kind)

    after = repo.lanes.tell(listen, since)
    assert found == ["lane.opened", "lane.paused"]
    assert repo.lanes.take_warnings()[0].endswith("failed in on_event: ValueError: lane.opened")
    assert repo.lanes.tell(listen, after) == after


def test_what_the_command_says(repo: TestRepo, cli: Callable[..., Ran]) -> None:
    """A line for each event, the newest last; what cannot go together is refused."""
    assert cli("events", "--deliver").out == "nobody listens\n"
    place = repo.lane("auth")
    repo.write({"a.py": "1\n"}, place)
    cli("propose", "auth", "-m", "Try it", "--agent", "me")
    cli("accept", "auth/1", "--by", "boss")
    (event,) = repo.lanes.events(limit=1).events
    assert (event.actor, event.agent, event.paths) == ("boss", "me", (b"a.py",))
    at = f"{event.time[:19]}Z attempt.accepted auth/1 {str(event.commit)[:12]} Try it\n"
    assert cli("events", "-n", "1") == Ran(0, at, "")
    ran = cli("events", "--since", "start", "-n", "1")
    assert ran.out.endswith("lane.opened main adopt the repository as lane main\n")
    assert ran.err == "hint: there is more; see --limit, and the cursor under --json\n"
    assert cli("events", "--deliver", "--lane", "auth").code == 129
    assert cli("events", "--since", "x").code == 129
    assert cli("events", "--lane", "autx").code == 128
