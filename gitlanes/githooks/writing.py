"""Putting a script in its place in one step, with what was there kept."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress

from gitlanes.githooks import places, scripts


def put(path: str, script: str, *, aside: bool = False) -> None:
    """Put a script at a path; with `aside`, what is there is kept beside it.

    That has two names until ours takes its place, so that git has a hook at every moment.
    """
    os.makedirs(os.path.dirname(path), exist_ok=True)
    kept = places.before(path)
    if aside and os.path.lexists(path) and not os.path.lexists(kept):
        _put_aside(path, kept)
    written = f"{path}.new-lanes"
    try:
        with open(written, "wb") as file:
            file.write(scripts.sealed(script))
        os.chmod(written, 0o755)
        os.replace(written, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(written)
        raise


def _put_aside(path: str, kept: str) -> None:
    try:
        os.link(path, kept, follow_symlinks=False)
    except (OSError, NotImplementedError):  # a file system without links
        shutil.copy2(path, kept, follow_symlinks=False)
