"""Many processes in many clones that push and pull at once, and some that are killed."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.cli import Ran, spawn_cli, start_cli
from tests.support.clones import Clones, Make
from tests.support.repos import TestRepo


def _same(clones: Clones) -> None:
    clones.settle()
    server = clones.on_server()
    for repo in clones.all:
        assert clones.shared(repo) == server
        repo.fsck()


@pytest.mark.slow
def test_twenty_processes_in_five_clones(make_clones: Make) -> None:
    """Each records an attempt and pushes it, four in a clone: none is lost, all clones agree."""
    clones = make_clones("abcde", lanes=["auth"])

    def work(number: int) -> list[Ran]:
        repo = clones[number % 5]
        put = ("put", "auth", f"{number}.txt")
        done = [spawn_cli(repo.path, repo.environ, *put, stdin=f"{number}\n")]
        for _ in range(5):
            done.append(spawn_cli(repo.path, repo.environ, "push"))
            if done[-1].code != 75:
                break
        return done

    with ThreadPoolExecutor(20) as pool:
        done = [x for some in pool.map(work, range(20)) for x in some]
    assert [x for x in done if x.code not in (0, 75)] == []
    _same(clones)
    for repo in clones.all:
        files = repo.files(repo.lanes.head("auth"))
        assert {f"{x}.txt" for x in range(20)} <= files.keys()
        assert len({x.attempt.uuid for x in repo.lanes.history("auth").attempts}) == 20


def test_two_fetches_and_pulls_at_once(clones: Clones) -> None:
    """Several processes of one clone ask the same server; none fails, and all is there once."""
    a, b = clones.all
    for number in range(3):
        b.lanes.put_file("auth", f"{number}.txt", b"new\n")
    b.lanes.push()
    commands = ["fetch", "pull", "fetch", "pull"]
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda x: spawn_cli(a.path, a.environ, x), commands))
    assert [x.code for x in done] == [0, 0, 0, 0], [x.err for x in done]
    assert clones.shared(a) == clones.shared(b)


@pytest.mark.parametrize(
    ("who", "verb"),
    [
        ("process", "push"),
        ("family", "pull"),
        pytest.param("family", "push", marks=pytest.mark.slow),
        pytest.param("process", "pull", marks=pytest.mark.slow),
    ],
)
def test_killed_at_any_moment(clones: Clones, verb: str, who: str) -> None:
    """A push or pull that is killed happened or did not, and the next one goes on."""
    a, b = clones.all
    for number in range(6):
        b.lanes.put_file("auth", f"b{number}.txt", b"new\n")
        b.lanes.push()
        a.lanes.put_file("auth", f"a{number}.txt", b"new\n")
        command = subprocess.Popen(
            ["git-lanes", verb],
            cwd=a.path,
            env={**a.environ},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        time.sleep(0.1 + 0.08 * number)
        if who == "family":
            os.killpg(command.pid, signal.SIGKILL)
        else:
            command.kill()
        command.wait()
        assert spawn_cli(a.path, a.environ, "pull").code == 0
        a.fsck()
    _same(clones)
    assert len(a.lanes.history("auth").attempts) == 12


def test_locks_that_a_killed_fetch_left(clones: Clones) -> None:
    """They are removed once no git can own them, and the fetch goes on."""
    a, b = clones.all
    b.lanes.put_file("auth", "new.txt", b"new\n")
    b.lanes.push()
    lock = a.path / ".git/refs/lanes/remote/origin/journal/auth.lock"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    assert [x.how for x in a.lanes.pull().lanes] == ["forward"]
    assert not lock.exists()


@pytest.mark.slow
def test_a_push_that_never_wins_gives_up(clones: Clones) -> None:
    """Where a lock stays on the server, push ends as raced, says why, and changed nothing there."""
    a = clones[0]
    a.lanes.put_file("auth", "new.txt", b"new\n")
    lock = clones.server / "refs/lanes/journal/auth.lock"
    lock.touch()
    before = clones.on_server()
    done = spawn_cli(a.path, a.environ, "push")
    assert (done.code, clones.on_server()) == (75, before)
    assert "others were first to push to 'origin' 30 times: " in done.err
    lock.unlink()
    assert [x.lane for x in a.lanes.push().lanes] == ["auth"]


def _hanging(clones: Clones) -> None:
    """Let the server take its time with every push."""
    hook = clones.server / "hooks/pre-receive"
    hook.write_text("#!/bin/sh\nsleep 30\n")
    hook.chmod(0o755)


def test_ctrl_c_ends_a_push(clones: Clones) -> None:
    """SIGINT at the command alone ends git, too; nothing here or there has changed."""
    a = clones[0]
    _hanging(clones)
    a.lanes.put_file("auth", "new.txt", b"new\n")
    before = (a.refs(), clones.on_server())
    command = start_cli(a.path, a.environ, "push")
    _wait_for_push(a)
    command.send_signal(signal.SIGINT)
    out, err = command.communicate(timeout=20)
    assert (command.returncode, out, err) == (130, "", "error: interrupted\n")
    assert (a.refs(), clones.on_server()) == before
    (clones.server / "hooks/pre-receive").unlink()
    assert [x.lane for x in a.lanes.push().lanes] == ["auth"]


def _wait_for_push(repo: TestRepo) -> None:
    """Wait until the server has the objects and asks its hook."""
    place = repo.path.parent / "server.git/objects"
    end = time.monotonic() + 20
    while not any(x.name.startswith("tmp_objdir-incoming") for x in place.iterdir()):
        assert time.monotonic() < end
        time.sleep(0.02)
    time.sleep(0.2)
