"""What lies between two states."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.models.history import Diff, FileChange

if TYPE_CHECKING:
    from gitlanes.git.trees import Change
    from gitlanes.store.lane_repo import LaneRepo

CONTENT = ("--patch", "--binary")
STAT = ("--stat=100",)


def diff(repo: LaneRepo, old: str, new: str, *, rendering: tuple[str, ...] = ()) -> Diff:
    """Return the files that differ between two states: lanes, attempts, snapshots, revisions.

    ``rendering`` are options of `git diff` (`CONTENT`, `STAT`) for the text beside the list.
    """
    trees = repo.view.tree_of(old), repo.view.tree_of(new)
    text = None
    if rendering:
        done = repo.git.run("diff-tree", "-r", "--no-color", "--no-ext-diff", *rendering, *trees)
        text = done.out.decode("utf-8", "surrogateescape")
    return Diff(old, new, files_between(repo, *trees), text)


def files_between(repo: LaneRepo, old: str, new: str) -> tuple[FileChange, ...]:
    """Return the files that differ between two trees, by path."""
    from gitlanes.git.trees import changed_paths

    changes = changed_paths(repo.objects, repo.git, old, new)
    return tuple(_file_change(path, change) for path, change in changes.items())


def _file_change(path: bytes, change: Change) -> FileChange:
    old, new = change
    action = "modified" if old and new else "added" if new else "deleted"
    return FileChange(path, action, *(old or (None, None)), *(new or (None, None)))
