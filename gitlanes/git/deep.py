"""Directories of any depth: Python's own ways to walk and delete them recurse."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from itertools import count

# Paths that are longer cannot be in a work tree: git itself stops short of what the system takes.
LONGEST_PATH = 4094


def files_below(top: bytes, path: bytes) -> Iterator[bytes]:
    """Yield, from `top`, all files in the directory at `path`, links to directories among them.

    Directories that cannot be read have none. Only the way from `top` must fit into a path.
    """
    base = os.open(top, os.O_RDONLY | os.O_DIRECTORY)
    try:
        waiting = [path]
        while waiting:
            here = waiting.pop()
            for name, inside in _entries(base, here):
                found = os.path.join(here, name)
                if inside:
                    waiting.append(found)
                else:
                    yield found
    finally:
        os.close(base)


def delete(place: str) -> None:
    """Delete a directory with all that is in it.

    What lies deeper is moved up on the way, so every path stays short. Killed half-way, it can be
    called again.
    """
    numbers = count()
    while entries := list(os.scandir(place)):
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                _dissolve(place, entry.path, numbers)
            else:
                os.unlink(entry.path)
    os.rmdir(place)


def _dissolve(top: str, directory: str, numbers: Iterator[int]) -> None:
    """Delete a directory, with the directories in it moved to the top."""
    for entry in list(os.scandir(directory)):
        if not entry.is_dir(follow_symlinks=False):
            os.unlink(entry.path)
            continue
        with suppress(OSError):  # it is not empty
            os.rmdir(entry.path)
            continue
        while os.path.lexists(aside := os.path.join(top, f"{next(numbers)}.removing~")):
            pass
        os.rename(entry.path, aside)
    os.rmdir(directory)


def _entries(base: int, path: bytes) -> list[tuple[bytes, bool]]:
    """Return (name, whether it is a directory) of what is in a directory."""
    found: list[tuple[bytes, bool]] = []
    with suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=base)
        try:
            with os.scandir(descriptor) as entries:
                for entry in entries:
                    inside = entry.is_dir(follow_symlinks=False)
                    found.append((os.fsencode(entry.name), inside))
        finally:
            os.close(descriptor)
    return found
