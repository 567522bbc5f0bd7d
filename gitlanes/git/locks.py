"""File locks whose descriptor git commands inherit, so that a lock outlives a killed parent."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gitlanes.errors import Locked, Refused

_WORD = 64


@contextmanager
def hold(path: str | os.PathLike[str], what: str, *, timeout: float) -> Iterator[int]:
    """Hold an exclusive lock and yield its descriptor, for `pass_fds` of commands under it.

    Waits up to `timeout` seconds (0: not at all), then raises Locked naming the holder.
    Releasing frees the lock for every process that inherited it, so wait for children first.
    """
    import filelock  # 25 ms, and readers take no lock

    descriptors: list[int] = []
    lock = filelock.FileLock(
        path,
        timeout=timeout,
        poll_interval=0.005,
        thread_local=False,
        fallback_to_soft=False,
        preserve_lock_file=True,
        on_acquired=descriptors.append,
    )
    try:
        lock.acquire()
    except filelock.Timeout:
        raise _busy(path, what) from None
    except OSError as error:
        raise Refused(
            f"cannot lock '{path}': {error.strerror}",
            hint="file locks must work in the repository's directory, and it must be writable",
        ) from error
    try:
        _sign(descriptors[0])
        yield descriptors[0]
    finally:
        lock.release()


def is_free(path: str | os.PathLike[str]) -> bool:
    """Say whether nobody holds the lock just now."""
    try:
        with hold(path, "lock", timeout=0):
            return True
    except Locked:
        return False


def _sign(descriptor: int) -> None:
    """Leave word of who holds the lock, for the message that others get."""
    # Of one length, so that it covers the last one: cutting the file takes longer than all else.
    os.pwrite(descriptor, json.dumps({"pid": os.getpid()}).ljust(_WORD).encode(), 0)


def _busy(path: str | os.PathLike[str], what: str) -> Locked:
    holder: dict[str, Any] | None
    try:
        with open(path, "rb") as file:
            holder = json.load(file)
    except (OSError, ValueError):
        holder = None
    by = f" by process {holder['pid']}" if holder else ""
    return Locked(f"{what} is locked{by}", holder=holder, hint="wait for it, then repeat")
