"""Paths as people write them, from the top of the work tree."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitlanes.cli.output import here
from gitlanes.errors import BadValue, Refused
from gitlanes.git.process import require_paths

if TYPE_CHECKING:
    from pathlib import Path

    from gitlanes.store.lane_repo import LaneRepo


def of_revision(repo: LaneRepo, text: str) -> bytes:
    """Return the path in `git show REVISION:path`: from the top, or from here if it begins with
    ``./`` or ``../``.
    """
    if text in (".", "..") or text.startswith(("./", "../")):
        return from_here(repo, text)
    require_paths([text])
    return os.fsencode(text.rstrip("/"))


def from_here(repo: LaneRepo, text: str) -> bytes:
    """Return a path relative to the directory that one stands in; b'' for the top itself.

    Outside of any work tree it is from the top. Raises as `below` does.
    """
    return below(repo.place.work_tree, text, "work tree")


def directory(text: str | None) -> Path | None:
    """Return the place that ``--path`` names, None without it; raises BadValue for an empty one."""
    if text == "":
        raise BadValue("empty path", hint="name a directory")
    from pathlib import Path  # 5 ms, and listings take no places

    return None if text is None else Path(text)


def below(top: str | None, text: str, what: str) -> bytes:
    """Return a path relative to `top`: from here if one stands in it, else from there.

    It is b'' for the top itself. Raises BadValue for an empty path, and Refused for one that
    leads out of the top, named as `what` it is.
    """
    require_paths([text])
    place = os.path.realpath(here())
    start = place if top and _is_in(place, top) else top or os.sep
    found = os.path.normpath(os.path.join(start, text))
    if not _is_in(found, top or os.sep):
        raise Refused(f"'{text}' is outside the {what} '{top}'", hint="name files in it")
    relative = os.path.relpath(found, top or os.sep)
    return b"" if relative == "." else os.fsencode(relative)


def _is_in(path: str, top: str) -> bool:
    return f"{path}/".startswith(f"{top.rstrip(os.sep)}/")
