"""What git is in the middle of in a workspace, and what has to be finished there first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.errors import Refused
from gitlanes.git import worktrees
from gitlanes.store import layout

if TYPE_CHECKING:
    from gitlanes.workspaces.capture import Held


def refuse_unmerged(hold: Held) -> None:
    """Raise Refused while files hold conflict markers, or git is to go on from where they are.

    A merge that is resolved may be taken: its commit is the attempt.
    """
    doing = worktrees.in_progress(hold.git_dir)
    if doing is None:
        return
    name = hold.workspace.lane
    if hold.workspace.root:
        raise Refused(
            f"the repository's directory is in the middle of a {doing}",
            hint=f"finish it, or run '{worktrees.way_out(doing)}'",
        )
    if doing != "merge":
        raise Refused(
            f"workspace of lane '{name}' is in the middle of a {doing}",
            hint=f"finish it there, or run '{worktrees.way_out(doing)}' there",
        )
    if hold.git.run("ls-files", "--unmerged", "-z").out:
        raise Refused(
            f"workspace of lane '{name}' has unmerged files from a {doing}",
            hint=f"resolve and 'git add' them, or run '{worktrees.way_out(doing)}' there",
        )


def require_branch(hold: Held, branch: str) -> None:
    """Raise Refused unless the repository's directory is on that branch, amid nothing else."""
    refuse_unmerged(hold)
    present = worktrees.attached_branch(hold.git)
    if present == branch:
        return
    where = f"on branch '{layout.short_branch(present)}'" if present else "on no branch"
    name = layout.short_branch(branch)
    raise Refused(
        f"the repository's directory is {where}, not on '{name}'",
        hint=f"run 'git switch {name}' first",
    )
