"""Bringing files of the repository's own directory into a workspace: copied, cloned, linked.

No link is followed, neither there nor here, and nothing that is here is overwritten. What comes
gets another name until it is whole, so that a kill leaves nothing half.
"""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from gitlanes.git import deep, index, reflinks

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitlanes.models.workspaces import Given

# What stands behind the name of something that is not whole yet.
HALF = b".lanes~"


def paths_of(given: Given | None) -> tuple[bytes, ...]:
    """Return the paths that were brought, and those that they have until they are whole."""
    paths = [os.fsencode(x) for x in given.brought] if given is not None else []
    return (*paths, *(x + HALF for x in paths))


def hindrance(top: bytes, path: bytes) -> str | None:
    """Say what keeps a path from being reached from the top, None where nothing does."""
    above = path
    while above := os.path.dirname(above):
        place = os.path.join(top, above)
        if os.path.islink(place):
            return f"'{os.fsdecode(above)}' is a link"
        if os.path.lexists(place) and not os.path.isdir(place):
            return f"'{os.fsdecode(above)}' is no directory"
    return None


def copy(source: bytes, target: bytes) -> None:
    """Copy a file to where nothing is."""
    _whole(target, lambda half: reflinks.copy_file(source, half))


def clone(source: bytes, target: bytes) -> None:
    """Copy a file or a directory with all that is in it to where nothing is."""
    make = reflinks.copy_tree if os.path.isdir(source) else reflinks.copy_file
    _whole(target, lambda half: make(source, half))


def link(source: bytes, target: bytes) -> None:
    """Link to a directory from where nothing is."""
    _whole(target, lambda half: os.symlink(source, half))


def _whole(target: bytes, make: Callable[[bytes], None]) -> None:
    half = target + HALF
    discard(half)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    try:
        make(half)
        os.rename(half, target)
    except BaseException:
        discard(half)
        raise


def discard(place: bytes) -> None:
    """Delete a file, a link, or a directory with all that is in it; nothing may be there."""
    if os.path.isdir(place) and not os.path.islink(place):
        name = os.fsdecode(place)
        os.chmod(name, 0o700)
        index.make_writable(name)
        deep.delete(name)
    else:
        with suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(place)


def digest(place: bytes) -> str | None:
    """Return the SHA-256 of a plain file, None where none is."""
    import hashlib  # 3 ms, for those who copy alone

    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return None
    with open(descriptor, "rb") as file:
        try:
            return hashlib.file_digest(file, "sha256").hexdigest()
        except OSError:  # a directory
            return None


def changed(top: str, copies: Mapping[str, str]) -> list[bytes]:
    """Return which copies are there and are not what they were: they are the user's now."""
    places = {os.fsencode(path): known for path, known in copies.items()}
    now = {path: os.path.join(os.fsencode(top), path) for path in places}
    return [
        path
        for path, known in places.items()
        if os.path.lexists(now[path]) and digest(now[path]) != known
    ]
