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


@pytest.mark.parametrize("content", [b"", b"\0" * 512, b'{"operation": "0'])
def test_a_record_that_a_power_failure_cut_short(repo: TestRepo, content: bytes) -> None:
    """It stops nobody: it is kept aside, and a head that had not moved is brought to its journal's.

    The head of auth is where it was before the operation; its journal has the operation.
    """
    repo.lane("auth", {"auth.py": "1\n"})
    path = repo.path / ".git/lanes/pending"
    repo.git("update-ref", "refs/lanes/head/auth", "main")
    path.write_bytes(content)
    repo.lanes.promote("auth")
    assert repo.files("main")["auth.py"] == "1"
    assert path.with_name("pending.damaged").read_bytes() == content
    told = repo.lanes.take_warnings()
    assert told[0].startswith(f"'{path}' is damaged, as by a power failure: set aside")
    with repo.open() as lanes:
        assert lanes.take_warnings() == []
