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


def test_it_goes_on(plain: TestRepo, git: Git) -> None:
    """One transaction follows the other; one that git refuses is its last."""
    first = plain.rev("main")
    second = plain.save({"b.txt": "b\n"})
    with closing(Mover(git)) as mover:
        move_refs(git, [RefMove(NEW, None, first)], mover=mover)
        assert plain.rev(NEW) == first
        assert mover.fresh
        move_refs(git, [RefMove(NEW, first, second)], mover=mover)
        assert plain.rev(NEW) == second
        with pytest.raises(Raced):
            move_refs(git, [RefMove(NEW, first, second)], mover=mover)
        assert not mover.fresh


def test_it_is_not_used_once_refs_were_packed(plain: TestRepo, git: Git) -> None:
    """Git might take packed refs of the same second for those that it has read."""
    with closing(Mover(git)) as mover:
        move_refs(git, [RefMove(NEW, None, plain.rev("main"))], mover=mover)
        plain.git("pack-refs", "--all")
        assert not mover.fresh


def test_hooks_may_say_much(plain: TestRepo, git: Git) -> None:
    """What a hook prints is read meanwhile, however much it is."""
    hook = plain.path / ".git/hooks/reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nhead -c 300000 /dev/zero | tr '\\0' x >&2\n")
    hook.chmod(0o755)
    first = plain.rev("main")
    second = plain.save({"b.txt": "b\n"})
    with closing(Mover(git)) as mover:
        move_refs(git, [RefMove(NEW, None, first)], mover=mover)
        move_refs(git, [RefMove(NEW, first, second)], mover=mover)
    assert plain.rev(NEW) == second
