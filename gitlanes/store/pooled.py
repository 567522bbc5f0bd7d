"""How a work tree in the pool is told: by a file in its git directory, where no lane has it."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from typing import Any

from gitlanes.git.replacing import replace_file

STATE = "lanes.json"
_FILE = "lanes-pool.json"


def is_free(git_dir: str) -> bool:
    """Say whether that work tree waits for a lane."""
    there = os.path.exists(os.path.join(git_dir, _FILE))
    return there and not os.path.exists(os.path.join(git_dir, STATE))


def since(git_dir: str) -> float:
    """Return when it was kept, 0 where that is not known."""
    try:
        return os.stat(os.path.join(git_dir, _FILE)).st_mtime
    except OSError:
        return 0.0


def put_in(git_dir: str, made: dict[str, str]) -> None:
    """Make a workspace one of the pool, with what commands made there."""
    replace_file(os.path.join(git_dir, _FILE), json.dumps({"made": made}))
    _unlink(git_dir, STATE)


def put_back(git_dir: str) -> bool:
    """Let no lane have what was about to be taken out; say whether it was of the pool."""
    if not os.path.exists(os.path.join(git_dir, _FILE)):
        return False
    _unlink(git_dir, STATE)
    return True


def made_in(git_dir: str) -> dict[str, str]:
    """Return what commands made there; where that is not known, nothing counts as made."""
    try:
        with open(os.path.join(git_dir, _FILE), "rb") as file:
            found: Any = json.load(file)["made"]
        return {str(path): str(key) for path, key in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def forget(git_dir: str) -> None:
    """Let a work tree be of the pool no more."""
    _unlink(git_dir, _FILE)


def _unlink(git_dir: str, name: str) -> None:
    with suppress(FileNotFoundError):
        os.unlink(os.path.join(git_dir, name))
