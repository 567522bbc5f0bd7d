"""Scratch workspaces: directories in which gates see a tree, kept and brought up by difference."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.errors import Locked
from gitlanes.git import deep, index, locks, worktrees
from gitlanes.store.transaction import locked, require_locks
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.git.process import Git
    from gitlanes.models.gates import Candidate
    from gitlanes.store.lane_repo import LaneRepo

_DIRECTORY = "scratch"
_NAME = re.compile(r"@gates-[1-9][0-9]*")
_REASON = "scratch workspace of gitlanes' gates"
# Where the index stays as it was left here: what ran in the directory may have changed its own.
_KEPT = "lanes-index"


class Scratch(NamedTuple):
    """A scratch workspace that nobody else uses: ``lock`` is for what runs in it to inherit."""

    path: str
    git: Git
    lock: int

    def bring(self, candidate: Candidate, *, keep_ignored: bool) -> None:
        """Make the files those of a candidate, and nothing else; HEAD is what it would follow.

        So the candidate's changes are what is staged there.
        """
        kept = os.path.join(self.git.git_dir, _KEPT)
        own = os.path.join(self.git.git_dir, "index")
        index.discard(own)
        if os.path.exists(kept):
            shutil.copy2(kept, own)
        index.hold_tree(self.git, candidate.tree, candidate.head, (self.lock,))
        index.clean(self.git, (self.lock,), ignored=not keep_ignored)
        shutil.copy2(own, kept)


def is_scratch(path: str) -> bool:
    """Say whether a work tree's path is that of a scratch workspace: no lane has such a name."""
    return _NAME.fullmatch(os.path.basename(path)) is not None


@contextmanager
def taken(repo: LaneRepo, number: int, commit: str) -> Iterator[list[Scratch]]:
    """Hold so many scratch workspaces, the first that are free; missing ones are made.

    Others that judge at the same time have others. `commit` is any that is there.
    """
    require_locks(repo)
    directory = repo.state_directory / _DIRECTORY
    directory.mkdir(exist_ok=True)
    found: list[Scratch] = []
    with ExitStack() as held:
        for place in count(1):
            lock = _try(held, directory / f"{place}.lock")
            if lock is not None:
                found.append(_made(repo, f"@gates-{place}", commit, lock))
            if len(found) == number:
                break
        yield found


def unused(repo: LaneRepo, before: float) -> list[str]:
    """Return the paths of scratch workspaces that no gate was given since a moment."""
    found = []
    for tree in worktrees.every(repo.place.common_dir):
        if _is_ours(tree):
            with suppress(OSError):
                since = os.stat(os.path.join(tree.git_dir, "index")).st_mtime
                found += [tree.path] if since < before else []
    return found


def drop(repo: LaneRepo, path: str) -> None:
    """Remove a scratch workspace; raises Locked while a gate runs there."""
    name = os.path.basename(path)
    lock = repo.state_directory / _DIRECTORY / f"{name.rpartition('-')[2]}.lock"
    lock.parent.mkdir(exist_ok=True)
    with locks.hold(lock, "a scratch workspace", timeout=0), locked(repo):
        found = _known(repo, name)
        if found is not None and found.path == path and _is_ours(found):
            index.make_writable(path)
            worktrees.remove(found, str(repo.state_directory / "trash"))


def _is_ours(tree: worktrees.WorkTree) -> bool:
    """Say whether gates' work trees were made for is what one is: people may name theirs alike."""
    try:
        said = Path(tree.git_dir, "locked").read_text("utf-8", "replace")
    except OSError:
        return False
    return is_scratch(tree.path) and said.strip() == _REASON


def _try(held: ExitStack, path: Path) -> int | None:
    try:
        return held.enter_context(locks.hold(path, "a scratch workspace", timeout=0))
    except Locked:
        return None


def _made(repo: LaneRepo, name: str, commit: str, lock: int) -> Scratch:
    """Return the work tree of that name, made anew where it is not whole."""
    path = os.path.join(os.path.dirname(finding.default_path(repo, "x")), name)
    found = _known(repo, name)
    if found is None or found.path != path or not _is_whole(found):
        with locked(repo) as repository:
            if os.path.islink(path):  # what it leads to is not ours
                os.unlink(path)
            elif os.path.isdir(path):  # by its name it is ours, whatever became of it
                index.make_writable(path)
                deep.delete(path)
            if found is not None:
                worktrees.remove(found, str(repo.state_directory / "trash"))
            os.makedirs(os.path.dirname(path), exist_ok=True)
            worktrees.add(repo.git, path, commit, _REASON, (repository, lock))
        found = _known(repo, name)
    assert found is not None
    return Scratch(path, repo.git.at(found.git_dir, path), lock)


def _known(repo: LaneRepo, name: str) -> worktrees.WorkTree | None:
    every = worktrees.every(repo.place.common_dir)
    return next((x for x in every if os.path.basename(x.path) == name), None)


def _is_whole(found: worktrees.WorkTree) -> bool:
    has_head = os.path.isfile(os.path.join(found.git_dir, "HEAD"))
    return found.exists and has_head and not os.path.islink(found.path)
