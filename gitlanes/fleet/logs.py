"""An agent's output in a file that outlives its terminal, of bounded size; and reading it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from gitlanes import clock
from gitlanes.fleet import screen

# Bytes of one file; there are two, the older one under another name.
SIZE = 8 << 20
_EARLIER = ".1"
_GLANCE = 0.1
_LINE = 400


class Log:
    """The file that an agent's output goes into."""

    def __init__(self, path: Path):
        self._path = path
        self._file: IO[bytes] = path.open("ab", buffering=0)
        self._size = os.fstat(self._file.fileno()).st_size

    def write(self, data: bytes) -> None:
        """Add output; the older file goes when this one is full."""
        self._file.write(data)
        self._size += len(data)
        if self._size >= SIZE:
            self._file.close()
            os.replace(self._path, self._path.with_name(self._path.name + _EARLIER))
            self._file, self._size = self._path.open("ab", buffering=0), 0

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def tail(path: Path, size: int) -> bytes:
    """Return the last bytes that were printed, from both files if need be."""
    found = b""
    for one in (path, path.with_name(path.name + _EARLIER)):
        try:
            with one.open("rb") as file:
                length = os.fstat(file.fileno()).st_size
                file.seek(max(0, length - (size - len(found))))
                found = file.read(size - len(found)) + found
        except FileNotFoundError:
            continue
    return found


def last_lines(path: Path, count: int) -> list[str]:
    """Return the last lines that were printed, safe for a terminal."""
    return screen.last_lines(tail(path, max(1 << 16, count * _LINE)), count)


def follow(path: Path, alive: Callable[[], bool]) -> Iterator[str]:
    """Yield what is printed from now on, piece by piece, as long as somebody prints."""
    file = path.open("rb")
    try:
        file.seek(0, os.SEEK_END)
        held = b""
        while True:
            going = alive()
            data = file.read(1 << 16)
            if not data and _replaced(file, path):
                file.close()
                file = path.open("rb")
                continue
            held += data
            whole, rest = held.rpartition(b"\n")[::2]
            if whole and (data or not going):
                yield from screen.last_lines(whole, whole.count(b"\n") + 1)
                held = rest
            if not data and not going:
                yield from screen.last_lines(held, 1)
                return
            if not data:
                clock.sleep(_GLANCE)
    finally:
        file.close()


def _replaced(file: IO[bytes], path: Path) -> bool:
    try:
        return not os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False
