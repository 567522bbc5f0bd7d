"""What a workspace knows of itself, in ``lanes.json`` of its git directory.

It is state, not a cache: it says which lane the directory belongs to, which commit its
content was based on, and which step was under way. It moves and goes with the work tree.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from gitlanes.errors import CorruptRecord
from gitlanes.git import locks, worktrees
from gitlanes.git.replacing import replace_file
from gitlanes.models.plain import NOTHING, Model, plain
from gitlanes.models.workspaces import Given, Owner, given_of
from gitlanes.store.claims import owner_of

_FILE = "lanes.json"
_LOCK = "lanes.lock"

CHECKOUT = "checkout"
REUSE = "reuse"
MOVE = "move"
SHIFT = "shift"
FOLLOW = "follow"
UPDATE = "update"
RESTORE = "restore"
REMOVE = "remove"


class Step(Model):
    """A step under way on the directory, by kind, from one commit to another.

    'checkout': files are being written. 'reuse': those of a pooled directory become ``new``'s.
    'move': HEAD and index go to an attempt, once
    ``operation`` is in the lane's journal after ``tip``. 'shift': the same, to a commit that was
    not made of all that is there, so what is staged besides stays staged. 'follow': files, index
    and the branch go to the lane's head. 'update': files and index take what lies between ``old``
    and ``new``, edits elsewhere stay. 'restore': they become tree ``new``; all of ``old`` is kept
    elsewhere, and where there is an ``operation``, it waits for that as 'move' does. Both put HEAD
    and base to ``base`` where they have one. 'remove': the directory goes.

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
    ``detached`` is the id of a workspace that is for looking only, None for the lane's own.
    ``owner`` is who claimed it (`claims`), ``given`` what it was given beside the lane's files.
    ``extra`` are members that this version does not know.
    """

    lane: str
    name: str
    base: str | None
    head: str | None
    step: Step | None = None
    detached: str | None = None
    owner: Owner | None = None
    given: Given | None = None
    extra: dict[str, Any] = NOTHING


def read(git_dir: str) -> WorkspaceState | None:
    """Return the state kept in a git directory, or None; raises CorruptRecord."""
    path = os.path.join(git_dir, _FILE)
    try:
        with open(path, "rb") as file:
            body = json.load(file)
        step = body["step"]
        if step:
            step = Step(**{**_known(Step, step), "locks": tuple(step["locks"])})
        apart = {"owner": owner_of(body.get("owner")), "given": given_of(body.get("given"))}
        known = {**_known(WorkspaceState, body), "step": step, **apart}
        extra = {key: value for key, value in body.items() if key not in known}
        return WorkspaceState(**{**known, "extra": extra})
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CorruptRecord(f"'{path}' is damaged", hint=_when_damaged(git_dir)) from error


def is_begun(state: WorkspaceState) -> bool:
    """Say whether a workspace is being made, or its making was interrupted."""
    checkout = state.step is not None and state.step.kind in (CHECKOUT, REUSE)
    return checkout or (state.given is not None and state.given.begun)


def touched(git_dir: str) -> float:
    """Return when the workspace was last given to a lane or moved, or git wrote its index."""
    found = [0.0]
    for name in ("index", _FILE):
        with suppress(OSError):
            found.append(os.stat(os.path.join(git_dir, name)).st_mtime)
    return max(found)


def _when_damaged(git_dir: str) -> str:
    """Return what helps: nobody knows what a linked work tree without its record was based on."""
    places, name = os.path.split(git_dir)
    tree = worktrees.at(os.path.dirname(places), name)
    if os.path.basename(places) != "worktrees" or tree is None:
        return "move it away, then run 'git lanes init'"
    return (
        "keep what you need of the workspace, run "
        f"'git worktree remove --force --force {tree.path}', then 'git lanes workspace create'"
    )


def _known(model: type[Model], body: dict[str, Any]) -> dict[str, Any]:
    """Return those members that a model has: a newer version may write others."""
    return {key: body[key] for key in model.fields if key in body and key != "extra"}


def write(git_dir: str, state: WorkspaceState, *, durable: bool = False) -> None:
    """Replace the state in one step."""
    body = plain(state)
    text = json.dumps({**body.pop("extra"), **body})
    replace_file(os.path.join(git_dir, _FILE), text, durable=durable)


@contextmanager
def hold(git_dir: str, name: str, *, timeout: float = 60) -> Iterator[int]:
    """Hold a workspace's own lock, under which its files, index and HEAD may change.

    Taken before the repository's lock, never after it. Raises Locked.
    """
    with locks.hold(
        os.path.join(git_dir, _LOCK), f"workspace of lane '{name}'", timeout=timeout
    ) as lock:
        yield lock
