"""Letting git pack what has become loose: beside the work, and only when git itself would."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitlanes.git.settings import as_flag, as_size

if TYPE_CHECKING:
    from gitlanes.git.process import Git
    from gitlanes.git.settings import Settings

# Git's own guess: so many loose objects begin with these two digits when there are too many.
_SAMPLE = "17"
_SAMPLES = 256
_USUAL, _USUAL_PACKS = 6700, 50


def start_if_due(git: Git, settings: Settings) -> bool:
    """Start git's own upkeep if git would find it due; say whether. Nobody waits for it.

    To ask costs two listings of a directory. ``gc.auto``, ``gc.autoPackLimit`` and
    ``maintenance.auto`` hold as for git.
    """
    most = as_size(settings.text("gc.auto", str(_USUAL))) or 0
    if most <= 0 or as_flag(settings.text("maintenance.auto", "true")) is False:
        return False
    packs = as_size(settings.text("gc.autoPackLimit", str(_USUAL_PACKS))) or 0
    loose = len(_names(git, _SAMPLE))
    if loose <= -(-most // _SAMPLES) and not 0 < packs < _packs(git):
        return False
    git.start_alone("maintenance", "run", "--auto", "--quiet")
    return True


def _packs(git: Git) -> int:
    """Return how many packs may become one."""
    names = _names(git, "pack")
    kept = {x.removesuffix(".keep") for x in names if x.endswith(".keep")}
    return sum(x.endswith(".pack") and x.removesuffix(".pack") not in kept for x in names)


def _names(git: Git, directory: str) -> list[str]:
    try:
        return os.listdir(os.path.join(git.git_dir, "objects", directory))
    except OSError:
        return []
