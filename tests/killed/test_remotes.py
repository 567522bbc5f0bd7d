"""Pulls and pushes that are killed before each of their steps."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.cli import run_cli
from tests.support.clones import Clones, Make
from tests.support.crashing import Crashes
from tests.support.repos import TestRepo


def _diverged(make: Make) -> Clones:
    """Two clones that went on with lane auth, landed on main and deleted a lane."""
    clones = make(lanes=["auth", "gone"])
    a, b = clones.all
    a.lanes.put_file("auth", "a.txt", b"a\n")
    b.lanes.put_file("auth", "b.txt", b"b\n")
    b.lanes.promote("auth")
    b.lanes.delete("gone")
    b.lanes.push()
    clones.close()
    return clones


@pytest.mark.parametrize("verb", ["pull", "push"])
def test_killed_before_a_step(make_clones: Make, crashes: Crashes, verb: str) -> None:
    """Before or after, and the next command goes on to the same end."""
    _kill_at(make_clones, crashes, verb, stride=3)


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["pull", "push"])
def test_killed_before_each_step(make_clones: Make, crashes: Crashes, verb: str) -> None:
    """The same at all of them."""
    _kill_at(make_clones, crashes, verb, stride=1)


def _kill_at(make_clones: Make, crashes: Crashes, verb: str, *, stride: int) -> None:
    clones = _diverged(make_clones)
    step, ended = 0, False
    while not ended:
        home = clones.home.with_name(f"killed-{step}")
        repo = _copied(clones.home, home, clones.environ)
        before = clones.shared(repo)
        done = crashes.run(repo.path, clones.environ, verb, before=step)
        ended = not done.killed
        assert ended == (done.code == 0), done
        again = run_cli(repo.path, clones.environ, "push")
        assert again.code == 0, (step, done.steps[-1:], again)
        after = clones.shared(repo)
        assert after == clones.shared(TestRepo(home / "server.git", clones.environ))
        assert before.keys() - after.keys() == {"refs/lanes/head/gone"}
        assert repo.files(after["refs/lanes/head/auth"]).keys() >= {"a.txt", "b.txt"}
        assert repo.rev("main") == after["refs/lanes/head/main"]
        assert repo.git("status", "--porcelain") == ""
        assert len(repo.lanes.history("auth").attempts) == 2
        repo.fsck()
        repo.close()
        shutil.rmtree(home)
        step += stride
    assert step > 10


def _copied(home: Path, place: Path, environ: dict[str, str]) -> TestRepo:
    shutil.copytree(home, place, symlinks=True)
    repo = TestRepo(place / "a", environ)
    repo.git("remote", "set-url", "origin", str(place / "server.git"))
    repo.git("update-index", "-q", "--refresh")
    return repo
