"""Finishing what a killed process left half done; always under the repository's lock."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes.git import lock_files, worktrees
from gitlanes.git.processes import any_git_process
from gitlanes.git.refs import RefMove, move_refs
from gitlanes.store import layout, pending, pooled

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def recover(repo: LaneRepo, lock: int) -> bool:
    """Finish or forget the pending operation; say whether its refs now have their new values.

    If no ref has its new value, nothing happened. Otherwise every ref that is still at its
    old value is moved, and notes that went on meanwhile get the lines that are missing. Of an
    operation whose record was cut short nothing is known, and it is let be.
    """
    directory = repo.state_directory
    try:
        operation = pending.read(directory)
    except pending.Cut as cut:
        # No correctness rests on it: whoever works on a lane sees to a head that had moved.
        pending.set_aside(directory)
        repo.warn(
            f"{cut.message}, as by a power failure: set aside as 'pending.damaged'; "
            "'git lanes doctor' tells what an operation left half done"
        )
        return False
    if operation is None:
        return False
    for move in (*operation.moves, *operation.drops):
        _remove_stale_lock(repo, move)
    for name in operation.locks:
        lock_files.remove_settled(Path(repo.place.common_dir, name), repo.place.common_dir)
    now = {move.name: repo.refs.target(move.name) for move in operation.moves}
    happened = any(now[move.name] == move.new for move in operation.moves)
    if happened:
        rest = [x for x in operation.moves if now[x.name] != x.new]
        finish = [x for m in rest if (x := _finishing(repo, m, now[m.name])) is not None]
        if finish:
            move_refs(repo.git, finish, mover=repo.mover(lock))
        drop(repo, operation.drops, lock)
    elif operation.worktree is not None:
        remove_empty_worktree(repo, operation.worktree)
    if operation.keep is not None:
        Path(repo.place.common_dir, operation.keep).unlink(missing_ok=True)
    pending.clear(directory)
    return happened


def drop(repo: LaneRepo, drops: Sequence[RefMove], lock: int) -> None:
    """Delete the refs that an operation leaves behind, where nobody moved them meanwhile."""
    there = [x for x in drops if repo.refs.target(x.name) == x.old]
    if there:
        move_refs(repo.git, there, mover=repo.mover(lock))


def _finishing(repo: LaneRepo, move: RefMove, now: str | None) -> RefMove | None:
    """Return the move that completes an interrupted one, or None where that is not ours."""
    if now == move.old:
        return move
    if move.name in layout.NOTES.values() and now is not None and move.new is not None:
        return RefMove(move.name, now, _merged_notes(repo, move, now, move.new))
    repo.warnings.append(
        f"'{move.name}' was moved by someone else while an operation was interrupted: "
        f"it is at {now}, the operation meant {move.new}"
    )
    return None


def _merged_notes(repo: LaneRepo, move: RefMove, ours: str, theirs: str) -> str:
    from gitlanes.git.notes import merge_notes

    store, who = repo.objects, repo.identity()
    tree = merge_notes(store, store.commit(ours).tree, store.commit(theirs).tree)
    message = f"merge notes of an interrupted operation into {move.name}\n"
    return store.write_commit(
        tree, (ours, theirs), message, author=who.author, committer=who.committer
    )


def _remove_stale_lock(repo: LaneRepo, move: RefMove) -> None:
    """Remove the ref's lock file if the killed `git update-ref` of this operation left it.

    It is ours for certain when it holds the value that was to be written. An empty one might
    be a live `git pack-refs`, whose updates would be lost without it; on a branch, even the
    right value might be a person's own command.
    """
    lock = Path(repo.place.common_dir, move.name + ".lock")
    try:
        held = os.fsdecode(lock.read_bytes()).strip()
    except (OSError, ValueError):
        return  # there is none, or none that anybody could have made
    if held == move.new and move.name.startswith(layout.OURS):
        lock.unlink(missing_ok=True)
    elif held in ("", move.new):
        lock_files.remove_settled(lock, repo.place.common_dir)


def remove_abandoned_locks(repo: LaneRepo, below: str) -> bool:
    """Remove the locks that a killed git left on refs below a prefix; say whether there were any.

    Only those of which no git that runs here can be the owner.
    """
    directory = Path(repo.place.common_dir, below)
    found = [x for x in directory.rglob("*.lock") if x.is_file()]
    for lock in found:
        lock_files.remove_settled(lock, repo.place.common_dir)
    return any(not x.exists() for x in found)


def remove_empty_worktree(repo: LaneRepo, path: str) -> None:
    """Remove a work tree that was being made, if it has no files yet; one of the pool is let be."""
    if not worktrees.can_be(path):
        return  # no work tree was ever made there
    import shutil  # 2 ms, and hardly ever needed

    directory = Path(path)
    owner = worktrees.owner_of(path)
    if owner is not None and pooled.put_back(os.path.join(path, owner)):
        return
    if directory.is_dir() and any(x.name != ".git" for x in directory.iterdir()):
        return
    real = os.path.realpath(path)
    for tree in worktrees.every(repo.place.common_dir):
        if os.path.realpath(tree.path) == real:
            shutil.rmtree(tree.git_dir)
    beginnings = worktrees.beginnings(repo.place.common_dir, directory.name)
    if beginnings and not any_git_process(repo.place.common_dir):
        for beginning in beginnings:
            shutil.rmtree(beginning)
    if directory.is_dir():
        (directory / ".git").unlink(missing_ok=True)
        directory.rmdir()
