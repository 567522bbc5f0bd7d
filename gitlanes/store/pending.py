"""The pending operation: written before refs move, removed after, read by recovery."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gitlanes.errors import CorruptRecord
from gitlanes.git.refs import RefMove

_FILE = "pending"


class Pending(NamedTuple):
    """One operation under way: the refs that it moves and the work tree that it makes."""

    operation: str
    moves: tuple[RefMove, ...]
    worktree: str | None = None


def exists(directory: Path) -> bool:
    """Say whether an operation is under way, or was interrupted."""
    return (directory / _FILE).exists()


def write(directory: Path, pending: Pending) -> None:
    """Record an operation in one step: readers see all of it or none."""
    body = {
        "operation": pending.operation,
        "refs": [[move.name, move.old, move.new] for move in pending.moves],
        "worktree": pending.worktree,
    }
    fresh = directory / (_FILE + ".new")
    fresh.write_text(json.dumps(body))
    fresh.replace(directory / _FILE)


def read(directory: Path) -> Pending | None:
    """Return the recorded operation, or None; raises CorruptRecord if it makes no sense."""
    path = directory / _FILE
    try:
        body = json.loads(path.read_bytes())
        moves = tuple(RefMove(*_texts(row)) for row in body["refs"])
        return Pending(body["operation"], moves, body.get("worktree"))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptRecord(
            f"'{path}' is damaged", hint="compare heads and journals, then remove that file"
        ) from error


def clear(directory: Path) -> None:
    """Forget the operation: it is done, or it never happened."""
    (directory / _FILE).unlink(missing_ok=True)


def _texts(row: Sequence[str | None]) -> tuple[str, str | None, str | None]:
    name, old, new = row
    if not isinstance(name, str) or os.path.isabs(name):
        raise TypeError(name)
    return name, old, new
