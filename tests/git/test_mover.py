"""A `git update-ref` that waits: it moves what it is told, once, or nothing."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import closing

import pytest

from gitlanes.errors import Raced
from gitlanes.git.process import Git
from gitlanes.git.refs import Mover, RefMove, move_refs
from tests.support.repos import TestRepo

NEW = "refs/lanes/head/new"


@pytest.fixture
def plain(make_repo: Callable[..., TestRepo]) -> TestRepo:
    """A repository without lanes."""
    return make_repo(adopted=False)


@pytest.fixture
def git(plain: TestRepo) -> Git:
    """Git in that repository."""
    return Git(str(plain.path / ".git"), plain.environ)


def test_it_moves_refs(plain: TestRepo, git: Git) -> None:
    """What it is fed happens, and to close it afterwards is nothing."""
    with closing(Mover(git)) as mover:
        move_refs(git, [RefMove(NEW, None, plain.rev("main"))], mover=mover)
    assert plain.rev(NEW) == plain.rev("main")


def test_closed_unused(plain: TestRepo, git: Git) -> None:
    """Let go without input, it ends and no ref has moved."""
    before = plain.refs()
    with closing(Mover(git)) as mover:
        pass
    assert mover._process.returncode == 0
    assert plain.refs() == before


def test_refs_moved_while_it_waits(plain: TestRepo, git: Git) -> None:
    """It compares with the refs as they are when it is fed, packed ones too, not when it began."""
    first = plain.rev("main")
    second = plain.save({"b.txt": "b\n"})
    plain.git("update-ref", NEW, first)
    with closing(Mover(git)) as mover:
        plain.git("update-ref", NEW, second)
        plain.git("pack-refs", "--all")
        with pytest.raises(Raced):
            move_refs(git, [RefMove(NEW, first, second)], mover=mover)
    assert plain.rev(NEW) == second


def test_owner_killed(plain: TestRepo, git: Git) -> None:
    """When its owner dies it moves nothing, half a script or none, and goes as well."""
    before = plain.refs()
    alive, held = os.pipe()
    owner = os.fork()
    if not owner:
        os.close(alive)
        mover = Mover(git, (held,))
        stdin = mover._process.stdin
        assert stdin is not None
        stdin.write(f"start\nupdate {NEW} {plain.rev('main')} {'0' * 40}\n".encode())
        stdin.flush()
        os.kill(os.getpid(), 9)
    os.close(held)
    os.waitpid(owner, 0)
    assert os.read(alive, 1) == b""  # nobody holds what the mover had inherited
    os.close(alive)
    assert plain.refs() == before
