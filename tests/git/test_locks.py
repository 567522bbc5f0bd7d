"""File locks: held by children, too, and tried out where nobody knows whether they work."""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from pathlib import Path

import pytest

from gitlanes.errors import Locked, Refused, Unsupported
from gitlanes.git import locks
from gitlanes.git.process import Git
from tests.support.repos import TestRepo

Flock = Callable[..., None]


@pytest.fixture
def place(repo: TestRepo) -> Path:
    """The directory of the repository's lock."""
    return repo.path / ".git/lanes"


@pytest.fixture
def git(repo: TestRepo) -> Git:
    """Git in that repository."""
    return Git(str(repo.path / ".git"), repo.environ)


@pytest.fixture
def locking(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Flock], None]]:
    """Put another lock function in the place of the system's: a file system with its own ideas."""

    def put(function: Flock) -> None:
        monkeypatch.setattr(fcntl, "flock", function)

    yield put
    monkeypatch.undo()


def grants_all(*_: int) -> None:
    """Lock as a file system that does not, and says that it does."""


def has_none(*_: int) -> None:
    """Lock as a file system without locks."""
    raise OSError(errno.ENOLCK, "No locks available")


def for_processes() -> Flock:
    """Return a function that locks for a process, as POSIX locks do, and not for a descriptor."""
    real = fcntl.flock
    owners: dict[int, int] = {}

    def lock(descriptor: int, how: int) -> None:
        inode = os.fstat(descriptor).st_ino
        if owners.setdefault(inode, os.getpid()) != os.getpid():
            real(descriptor, how)

    return lock


def test_they_work_on_this_machine(place: Path, git: Git) -> None:
    """Where locks work the trial says so, and leaves no file."""
    before = sorted(os.listdir(place))
    assert locks.work_here(place, git)
    assert sorted(os.listdir(place)) == before


@pytest.mark.parametrize("flock", [grants_all, has_none, for_processes()])
def test_the_trial_tells_what_is_no_lock(
    flock: Flock, place: Path, git: Git, locking: Callable[[Flock], None]
) -> None:
    """A lock that everybody gets, nobody gets, or one process gets twice, is none."""
    locking(flock)
    assert not locks.work_here(place, git)
    assert not [x for x in os.listdir(place) if x.endswith(".new")]


def test_a_lock_that_no_child_inherits_is_none(
    place: Path, git: Git, locking: Callable[[Flock], None]
) -> None:
    """A lock that ends with the descriptor of the one who took it would not outlive a parent."""
    real, holders = fcntl.flock, set[int]()

    def lock(descriptor: int, _: int) -> None:
        if any(os.path.exists(f"/proc/self/fd/{x}") for x in holders):
            raise BlockingIOError
        holders.clear()
        holders.add(descriptor)

    locking(lock)
    assert not locks.work_here(place, git)
    locking(real)


def test_a_trial_is_remembered_for_that_directory_alone(
    place: Path, git: Git, tmp_path: Path, locking: Callable[[Flock], None]
) -> None:
    """What was tried is not tried again, and a copy of it elsewhere is tried anew."""
    locks.require(place, git)
    copy = tmp_path / "copy"
    shutil.copytree(place, copy)
    locking(has_none)
    locks.require(place, git)
    with pytest.raises(Unsupported, match="file locks do not work in"):
        locks.require(copy, git)
    locks.forget(place)
    with pytest.raises(Unsupported):
        locks.require(place, git)


def test_what_cannot_be_tried_is_said(git: Git, tmp_path: Path) -> None:
    """Where no file can be made there is no verdict."""
    with pytest.raises(Refused, match=r"cannot write to '.*gone': No such file or directory"):
        locks.work_here(tmp_path / "gone", git)


def test_a_child_keeps_a_lock(place: Path, git: Git) -> None:
    """A lock stays held while a git child that inherited it runs."""
    with locks.hold(place / "some", "it", timeout=0) as lock:
        child = git.popen("cat-file", "--batch", pass_fds=(lock,))
        copy = os.dup(lock)
    # Released by its owner it would be free; a killed owner releases nothing.
    fcntl.flock(copy, fcntl.LOCK_EX | fcntl.LOCK_NB)
    os.close(copy)
    with pytest.raises(Locked), locks.hold(place / "some", "it", timeout=0):
        pass
    child.communicate()
    with locks.hold(place / "some", "it", timeout=0):
        pass


_OWNER = """
import os, signal, sys, time
from gitlanes.git import locks
with locks.hold(sys.argv[1], "it", timeout=0):
    owner = os.getpid()
    if os.fork() == 0:
        while os.getppid() == owner:
            time.sleep(0.01)
        time.sleep(float(sys.argv[2]))
        os._exit(0)
    print("held", flush=True)
    sys.stdin.readline()
    os.kill(owner, signal.SIGKILL)
"""


@pytest.mark.parametrize("seconds", [0.3, 5])
def test_what_a_killed_owner_left_is_waited_for(place: Path, seconds: float) -> None:
    """It ends by itself; where it takes long, that is told. Nobody waits for who lives."""
    command = [sys.executable, "-c", _OWNER, str(place / "some"), str(seconds)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as owner:
        assert owner.stdin is not None
        assert owner.stdout is not None
        owner.stdout.readline()
        with pytest.raises(Locked), locks.hold(place / "some", "it", timeout=0):
            pass
        owner.stdin.write(b"\n")
        owner.stdin.close()
        owner.wait()
        told = pytest.raises(Locked) if seconds > 1 else nullcontext()
        with told, locks.hold(place / "some", "it", timeout=0):
            pass


def test_one_descriptor_for_all_holds(place: Path, git: Git) -> None:
    """A child that inherited the lock once holds the next one, too, as long as it lives."""
    lock = locks.Lock(place / "some")
    with lock.hold("it", timeout=0) as descriptor:
        child = git.popen("cat-file", "--batch", pass_fds=(descriptor,))
    owner = os.fork()
    if not owner:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # as its parent's next hold
        os.kill(os.getpid(), 9)
    os.waitpid(owner, 0)
    lock.close()
    with pytest.raises(Locked), locks.hold(place / "some", "it", timeout=0):
        pass
    child.communicate()
    with locks.hold(place / "some", "it", timeout=0):
        pass


def test_a_lock_file_that_was_removed(place: Path) -> None:
    """Who kept it open goes over to the one that everybody else locks by now."""
    lock = locks.Lock(place / "some")
    with lock.hold("it", timeout=0):
        pass
    (place / "some").unlink()
    with (
        locks.hold(place / "some", "it", timeout=0),
        pytest.raises(Locked),
        lock.hold("it", timeout=0),
    ):
        pass
    with (
        lock.hold("it", timeout=0),
        pytest.raises(Locked),
        locks.hold(place / "some", "it", timeout=0),
    ):
        pass
    lock.close()


def test_what_is_locked_goes(place: Path) -> None:
    """Whoever waited for the lock of something that its holder then removed is told so."""
    path = place / "w/lock"
    path.parent.mkdir()
    with ThreadPoolExecutor() as pool, locks.hold(path, "workspace 'w'", timeout=1):
        other = pool.submit(lambda: ExitStack().enter_context(locks.hold(path, "'w'", timeout=9)))
        time.sleep(0.1)
        shutil.rmtree(path.parent)
    with pytest.raises(Refused, match="'w' is gone"):
        other.result()


def test_a_fork_has_a_lock_of_its_own(place: Path) -> None:
    """What a process holds, its forked child cannot take, with the same object."""
    lock = locks.Lock(place / "some")
    with lock.hold("it", timeout=0):
        child = os.fork()
        if not child:
            lock._held = False
            try:
                with lock.hold("it", timeout=0):
                    os._exit(0)
            except Locked:
                os._exit(7)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
    lock.close()
