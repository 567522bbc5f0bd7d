"""File locks whose descriptor git commands inherit, so that a lock outlives a killed parent."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from gitlanes import clock
from gitlanes.errors import Locked, Refused, Unsupported
from gitlanes.git.processes import start_of
from gitlanes.git.replacing import replace_file

if TYPE_CHECKING:
    from gitlanes.git.process import Git

_WORD = 64
# Seconds between two tries: the first ones, and the later ones. Twenty who try often take the
# processor from the one they wait for.
_SOON, _LATER = 0.005, 0.03
# Seconds that anybody waits for git's process where its owner was killed: it ends by itself.
_ORPHAN = 2.0
_PROVEN = "locks-work"


class Lock:
    """An exclusive lock on a file, by one descriptor that lasts from hold to hold.

    A git child that inherited it once shares each hold: while such a child lives, a lock whose
    owner was killed stays taken. For one thread at a time, and not for a hold within a hold. In a
    forked process it is a lock of its own.
    """

    def __init__(self, path: str | os.PathLike[str]):
        self._path = path
        self._descriptor: int | None = None
        self._pid = 0
        self._held = False

    @contextmanager
    def hold(self, what: str, *, timeout: float) -> Iterator[int]:
        """Hold it and yield its descriptor, for `pass_fds` of commands under it.

        Waits up to `timeout` seconds (0: not at all, but for what a killed owner left running),
        then raises Locked naming the holder.
        Releasing frees the lock for every process that inherited it, so wait for children first.
        """
        assert not self._held
        try:
            self._held = True
            descriptor = self._take(what, timeout)
            _sign(descriptor)
            yield descriptor
        finally:
            self._held = False
            if self._descriptor is not None:
                _flock(self._descriptor, wanted=False)

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _take(self, what: str, timeout: float) -> int:
        waited, pause = 0.0, _SOON
        try:
            while True:
                descriptor = self._opened()
                if not _flock(descriptor):
                    if waited >= timeout and (waited >= _ORPHAN or not _is_orphaned(self._path)):
                        raise _busy(self._path, what)
                    clock.sleep(pause)
                    waited += pause
                    pause = min(2 * pause, _LATER)
                elif self._is_there(descriptor):
                    return descriptor
        except FileNotFoundError as error:
            raise Refused(
                f"{what} is gone", hint="somebody removed it meanwhile: repeat the command"
            ) from error
        except OSError as error:
            raise Refused(
                f"cannot lock '{os.fspath(self._path)}': {error.strerror}",
                hint="file locks must work in the repository's directory, and it must be writable",
            ) from error

    def _opened(self) -> int:
        if self._pid != os.getpid():  # the parent of a fork has that descriptor, and its locks
            self.close()
            self._pid = os.getpid()
        if self._descriptor is None:
            self._descriptor = _open(self._path)
        return self._descriptor

    def _is_there(self, descriptor: int) -> bool:
        """Say whether it is still that file; if not, go on with the one that others lock now."""
        try:
            if os.path.samestat(os.fstat(descriptor), os.stat(self._path)):
                return True
        except FileNotFoundError:
            pass
        self._descriptor = _open(self._path)  # first, so that it has another number
        os.close(descriptor)
        return False


@contextmanager
def hold(path: str | os.PathLike[str], what: str, *, timeout: float) -> Iterator[int]:
    """Hold an exclusive lock once; see `Lock.hold`."""
    with closing(Lock(path)) as lock, lock.hold(what, timeout=timeout) as descriptor:
        yield descriptor


def is_free(path: str | os.PathLike[str]) -> bool:
    """Say whether nobody holds the lock just now."""
    try:
        with hold(path, "lock", timeout=0):
            return True
    except Locked:
        return False


def holder(path: str | os.PathLike[str]) -> int | None:
    """Return the process that holds the lock just now, None where nobody does."""
    if not os.path.exists(path) or is_free(path):
        return None
    found = _holder(path)
    return found["pid"] if found else None


def require(directory: str | os.PathLike[str], git: Git) -> None:
    """Raise Unsupported unless locks are known to work in that directory, or prove to now.

    That they do is remembered in a file there, for this very directory: a copy elsewhere is
    tried anew.
    """
    found = os.stat(directory)
    proof = f"{found.st_dev} {found.st_ino}\n"
    path = os.path.join(directory, _PROVEN)
    with suppress(OSError), open(path) as file:
        if file.read() == proof:
            return
    if not work_here(directory, git):
        raise Unsupported(
            f"file locks do not work in '{os.fspath(directory)}'",
            hint="move the repository to a local file system: NFS, SMB and 9p may lack them",
        )
    with suppress(OSError):  # then the next command tries again
        replace_file(path, proof)


def forget(directory: str | os.PathLike[str]) -> None:
    """Forget that locks work in that directory."""
    with suppress(OSError):
        os.unlink(os.path.join(directory, _PROVEN))


def work_here(directory: str | os.PathLike[str], git: Git) -> bool:
    """Say whether a lock there keeps others out, also while only a git child holds it still.

    Some network file systems have no locks; others grant every one. Raises Refused where
    no file can be made to try it on.
    """
    path = os.path.join(directory, f"locks-{os.getpid()}.new")
    descriptors: list[int] = []
    try:
        for _ in range(2):
            descriptors.append(_open(path))
    except OSError as error:
        raise unwritable(directory, error) from error
    finally:
        with suppress(OSError):
            os.unlink(path)
        if len(descriptors) == 1:
            os.close(descriptors.pop())
    try:
        return _exclude(descriptors, git)
    except OSError:
        return False
    finally:
        for descriptor in descriptors:
            os.close(descriptor)


def unwritable(directory: str | os.PathLike[str], error: OSError) -> Refused:
    """Return the error for a directory in which no lock can be made."""
    return Refused(
        f"cannot write to '{os.fspath(directory)}': {error.strerror}",
        hint="make it writable, then repeat the command",
    )


def _exclude(descriptors: list[int], git: Git) -> bool:
    """Lock one descriptor, hand it to a child, and try the other at each step of the way."""
    from gitlanes.git.process import finish

    first, second = descriptors
    if not _flock(first) or _flock(second):
        return False
    child = git.popen("cat-file", "--batch", own_group=True, pass_fds=(first,), discard_err=True)
    try:
        os.close(descriptors.pop(0))
        inherited = not _flock(second)
    finally:
        finish(child, b"")
    return inherited and _flock(second)


def _open(path: str | os.PathLike[str]) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)


def _flock(descriptor: int, *, wanted: bool = True) -> bool:
    """Take the lock at once, or say that somebody else has it; or give it back."""
    import fcntl  # another module where it does not exist could still read

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB if wanted else fcntl.LOCK_UN)
    except BlockingIOError:
        return False
    return True


def _sign(descriptor: int) -> None:
    """Leave word of who holds the lock, for the message that others get."""
    # Of one length, so that it covers the last one: cutting the file takes longer than all else.
    os.pwrite(descriptor, json.dumps({"pid": os.getpid()}).ljust(_WORD).encode(), 0)


def _holder(path: str | os.PathLike[str]) -> dict[str, Any] | None:
    """Return who holds a lock, as far as he has said so."""
    try:
        with open(path, "rb") as file:
            found = json.load(file)
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("pid"), int) else None


def _is_orphaned(path: str | os.PathLike[str]) -> bool:
    """Say whether a lock is held by no more than what its killed owner started."""
    holder = _holder(path)
    return holder is not None and start_of(holder["pid"]) is None


def _busy(path: str | os.PathLike[str], what: str) -> Locked:
    holder = _holder(path)
    by = f" by process {holder['pid']}" if holder else ""
    return Locked(f"{what} is locked{by}", holder=holder, hint="wait for it, then repeat")
