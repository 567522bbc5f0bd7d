"""What lies between two states, or between a lane and the files in its workspace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes.models.history import Diff, FileChange
from gitlanes.workspaces import capture, finding, intake

if TYPE_CHECKING:
    from gitlanes.git.trees import Change
    from gitlanes.store.lane_repo import LaneRepo

CONTENT = ("--patch", "--binary")
PATCH = ("--patch",)
STAT = ("--stat=100",)


def diff(
    repo: LaneRepo,
    old: str | None = None,
    new: str | None = None,
    *,
    paths: Sequence[bytes] = (),
    rendering: tuple[str, ...] = (),
) -> Diff:
    """Return the files that differ between two states: lanes, attempts, snapshots, revisions.

    Without ``new`` it is what a workspace holds now, untracked files included: the workspace of
    lane ``old``, else the one that one stands in. Without either it is that lane's head. With
    ``paths``, files and directories from the top, only what lies there. ``rendering`` are options
    of `git diff` (`CONTENT`, `STAT`) for the text beside the list.
    """
    workspace = None
    if old is None:
        old = finding.lane_or_present(repo, None).record.name
    if new is None:
        workspace, before, after = _present(repo, old)
        new = after
    else:
        before, after = (repo.view.tree_of(x) for x in (old, new))
    text = None
    if rendering:
        options = ("-r", "--no-color", "--no-ext-diff", *rendering)
        where = ("--", *_as_arguments(paths)) if paths else ()
        done = repo.git.run("diff-tree", *options, before, after, *where)
        text = done.out.decode("utf-8", "surrogateescape")
    files = files_between(repo, before, after)
    inside = tuple(x for x in files if not paths or _within(x.path, paths))
    return Diff(old, new, inside, text, workspace)


def files_between(repo: LaneRepo, old: str, new: str) -> tuple[FileChange, ...]:
    """Return the files that differ between two trees, by path."""
    from gitlanes.git.trees import changed_paths

    changes = changed_paths(repo.objects, repo.git, old, new)
    return tuple(_file_change(path, change) for path, change in changes.items())


def _present(repo: LaneRepo, state: str) -> tuple[str, str, str]:
    """Return a workspace's directory, the state's tree, and the files as one that no ref holds."""
    named = repo.view.find(state)
    if named is not None and named.record.live:
        workspace = finding.require_workspace(repo, named.record)
        # What people committed on its branch is the lane's, only not taken in yet.
        before = repo.view.tree_of(str(intake.foreseen(repo, named).record.head))
    else:
        workspace = finding.present(repo)
        before = repo.view.tree_of(state)
    with capture.held(repo, workspace) as hold:
        return workspace.path, before, hold.stage(())


def _as_arguments(paths: Sequence[bytes]) -> list[str]:
    return [path.decode("utf-8", "surrogateescape") for path in paths]


def _within(path: bytes, places: Sequence[bytes]) -> bool:
    """Say whether a path is one of these files, or in one of these directories."""
    return any(x in (b"", b".", path) or path.startswith(x + b"/") for x in places)


def _file_change(path: bytes, change: Change) -> FileChange:
    old, new = change
    action = "modified" if old and new else "added" if new else "deleted"
    return FileChange(path, action, *(old or (None, None)), *(new or (None, None)))
