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
_USUAL = 6700


def start_if_due(git: Git, settings: Settings) -> bool:
    """Start git's own upkeep if git would find it due; say whether. Nobody waits for it.

    To ask costs one listing of a directory. ``gc.auto`` and ``maintenance.auto`` hold as for git.
    """
    most = as_size(settings.text("gc.auto", str(_USUAL))) or 0
    if most <= 0 or as_flag(settings.text("maintenance.auto", "true")) is False:
        return False
    try:
        loose = len(os.listdir(os.path.join(git.git_dir, "objects", _SAMPLE)))
    except OSError:
        return False
    if loose <= -(-most // _SAMPLES):
        return False
    git.start_alone("maintenance", "run", "--auto", "--quiet")
    return True
