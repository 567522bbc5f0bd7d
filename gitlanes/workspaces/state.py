"""What a workspace knows of itself, in ``lanes.json`` of its git directory.

It is state, not a cache: it says which lane the directory belongs to, which commit its
content was based on, and which step was under way. It moves and goes with the work tree.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager

from gitlanes.errors import CorruptRecord
from gitlanes.git import locks
from gitlanes.models.plain import Model, plain, replace

_FILE = "lanes.json"
_LOCK = "lanes.lock"

CHECKOUT = "checkout"
MOVE = "move"
FOLLOW = "follow"
REMOVE = "remove"


class Step(Model):
    """A step under way on the directory, by kind, from one commit to another.

    'checkout': files are being written. 'move': HEAD and index go to an attempt, once
    ``operation`` is in the lane's journal after ``tip``. 'follow': files, index and the branch
    go to the lane's head. 'remove': the directory goes.

    ``locks`` are the lock files that git takes on the way.
    """

    kind: str
    old: str | None = None
    new: str | None = None
    operation: str | None = None
    tip: str | None = None
    base: str | None = None
    branch: str | None = None
    locks: tuple[str, ...] = ()


class WorkspaceState(Model):
    """A workspace's own record: its lane, the commit its content is based on, the open step.

    ``head`` is the commit that gitlanes last put HEAD to: what is beyond it, the agent made.
    """

    lane: str
    name: str
    base: str | None
    head: str | None
    step: Step | None = None


def read(git_dir: str) -> WorkspaceState | None:
    """Return the state kept in a git directory, or None; raises CorruptRecord."""
    path = os.path.join(git_dir, _FILE)
    try:
        with open(path, "rb") as file:
            body = json.load(file)
        step = body.pop("step")
        if step:
            step = Step(**{**step, "locks": tuple(step["locks"])})
        return WorkspaceState(**body, step=step)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptRecord(
            f"'{path}' is damaged", hint="move it away, then run 'git lanes workspace create'"
        ) from error


def write(git_dir: str, state: WorkspaceState) -> None:
    """Replace the state in one step."""
    path = os.path.join(git_dir, _FILE)
    with open(path + ".new", "w") as file:
        json.dump(plain(state), file)
    os.replace(path + ".new", path)


def begin(git_dir: str, state: WorkspaceState, step: Step) -> WorkspaceState:
    """Mark the directory as being changed by `step`."""
    marked = replace(state, step=step)
    write(git_dir, marked)
    return marked


@contextmanager
def hold(git_dir: str, name: str, *, timeout: float = 60) -> Iterator[int]:
    """Hold a workspace's own lock, under which its files, index and HEAD may change.

    Taken before the repository's lock, never after it. Raises Locked.
    """
    with locks.hold(
        os.path.join(git_dir, _LOCK), f"workspace of lane '{name}'", timeout=timeout
    ) as lock:
        yield lock
