"""Recovery of operations whose record is odd: whatever it says, the repository goes on."""

from __future__ import annotations

import pytest

from gitlanes.git.refs import RefMove
from gitlanes.store import pending
from tests.support.repos import TestRepo


@pytest.mark.parametrize("path", ["a\0b", "/tmp/a\0b", "\ud800"])
def test_a_work_tree_that_cannot_be(repo: TestRepo, path: str) -> None:
    """A pending work tree at a path that is none is forgotten; readers and writers go on."""
    directory = repo.inner().state_directory
    pending.write(directory, pending.Pending("x", (), path))
    with repo.open() as lanes:
        assert lanes.take_warnings() == []
        assert [x.name for x in lanes.lanes().lanes] == ["main"]
    assert not pending.exists(directory)
    pending.write(directory, pending.Pending("x", (), path))
    repo.lane("auth", {"auth.py": "a\n"})
    assert not pending.exists(directory)


@pytest.mark.parametrize("name", ["refs/heads/" + "x" * 300, "refs/heads/" + "x/" * 3000, "a\0b"])
def test_a_ref_that_cannot_be(repo: TestRepo, name: str) -> None:
    """An operation on a ref for which a file system has no room is forgotten, by every command."""
    directory = repo.inner().state_directory
    move = RefMove(name, None, repo.rev("HEAD"))
    pending.write(directory, pending.Pending("x", (move,), drops=(move,)))
    with repo.open() as lanes:
        assert lanes.take_warnings() == []
    assert not pending.exists(directory)
    pending.write(directory, pending.Pending("x", (move,)))
    repo.lane("auth", {"auth.py": "a\n"})
    assert not pending.exists(directory)
