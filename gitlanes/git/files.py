"""What lies in a directory, however deep."""

from __future__ import annotations

import os
from collections.abc import Iterator

# The longest path that a system call takes, less the byte that ends it.
LONGEST_PATH = 4095


def files_below(top: bytes, path: bytes) -> Iterator[bytes]:
    """Yield all files below the directory `path` of `top`, as paths from `top`.

    Links to directories are files here. What cannot be read is left out.
    """
    todo = [path]
    while todo:  # no recursion: a tree may be deeper than Python's stack
        at = todo.pop()
        try:
            entries = sorted(os.scandir(os.path.join(top, at)), key=lambda x: x.name)
        except OSError:
            continue
        for entry in entries:
            found = os.path.join(at, entry.name)
            if entry.is_dir(follow_symlinks=False):
                todo.append(found)
            else:
                yield found
