"""The pending operation: written before refs move, removed after, read by recovery."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from gitlanes.errors import CorruptRecord
from gitlanes.git.refs import RefMove
from gitlanes.git.replacing import replace_file

_FILE = "pending"


class Pending(NamedTuple):
    """One operation under way: the refs that it moves and the work tree that it makes.

    ``drops`` are refs that go once the others have moved. ``locks`` are files of git's, named
    from the common directory, that git takes on the way besides the locks of these refs. ``keep``,
    named likewise, keeps `git repack` from the pack of its objects until refs name them.
    """

    operation: str
    moves: tuple[RefMove, ...]
    worktree: str | None = None
    drops: tuple[RefMove, ...] = ()
    locks: tuple[str, ...] = ()
    keep: str | None = None


class Cut(CorruptRecord):
    """A record that is no JSON. A killed process leaves none: only a power failure does."""


def exists(directory: Path) -> bool:
    """Say whether an operation is under way, or was interrupted."""
    return (directory / _FILE).exists()


def write(directory: Path, pending: Pending, *, durable: bool = False) -> None:
    """Record an operation in one step: readers see all of it or none."""
    body = {
        "operation": pending.operation,
        "refs": [[move.name, move.old, move.new] for move in pending.moves],
        "worktree": pending.worktree,
        "drops": [[move.name, move.old, move.new] for move in pending.drops],
        "locks": pending.locks,
        "keep": pending.keep,
    }
    replace_file(directory / _FILE, json.dumps(body), durable=durable)


def read(directory: Path) -> Pending | None:
    """Return the recorded operation, or None; raises CorruptRecord if it makes no sense."""
    path = directory / _FILE
    try:
        body = json.loads(path.read_bytes())
    except FileNotFoundError:
        return None
    except ValueError as error:
        raise Cut(f"'{path}' is damaged") from error
    try:
        moves, drops = (
            tuple(RefMove(*_texts(row)) for row in rows)
            for rows in (body["refs"], body.get("drops", ()))
        )
        locks = tuple(map(_inside, body.get("locks", ())))
        keep = body.get("keep") and _inside(body["keep"])
        return Pending(body["operation"], moves, body.get("worktree"), drops, locks, keep)
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptRecord(
            f"'{path}' is damaged", hint="'git lanes doctor --fix' sets it aside and looks further"
        ) from error


def set_aside(directory: Path) -> None:
    """Keep a record that cannot be read as ``pending.damaged``, out of the way."""
    (directory / _FILE).replace(set_aside_at(directory))


def set_aside_at(directory: Path) -> Path:
    """Return where a record that cannot be read is kept."""
    return directory / f"{_FILE}.damaged"


def clear(directory: Path) -> None:
    """Forget the operation: it is done, or it never happened."""
    (directory / _FILE).unlink(missing_ok=True)


def _texts(row: Sequence[str | None]) -> tuple[str, str | None, str | None]:
    name, old, new = row
    return _inside(name), old, new


def _inside(name: str | None) -> str:
    if not isinstance(name, str) or os.path.isabs(name) or ".." in name.split("/"):
        raise TypeError(name)
    return name
