"""Paths as people write them, from the top of the work tree."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitlanes.errors import Refused

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def of_revision(repo: LaneRepo, text: str) -> bytes:
    """Return the path in `git show REVISION:path`: from the top, or from here if it begins with
    ``./`` or ``../``.
    """
    if text in (".", "..") or text.startswith(("./", "../")):
        return from_here(repo, text)
    return os.fsencode(text.rstrip("/"))


def from_here(repo: LaneRepo, text: str) -> bytes:
    """Return a path relative to the directory that one stands in; b'' for the top itself.

    Outside of any work tree it is from the top. Raises Refused for one that leads out of it.
    """
    top = repo.place.work_tree
    here = os.path.realpath(os.getcwd())
    if top is None or not (here == top or here.startswith(top + os.sep)):
        top = here = os.sep
    place = os.path.normpath(os.path.join(here, text))
    if place != top and not place.startswith(top.rstrip(os.sep) + os.sep):
        raise Refused(f"'{text}' is outside the work tree '{top}'", hint="name files in it")
    return os.fsencode("" if place == top else os.path.relpath(place, top))
