"""Export: a lane as an ordinary branch, for CI and for review."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, ClassVar

from gitlanes.errors import Refused
from gitlanes.git.refs import Mover, RefMove, move_refs
from gitlanes.models.plain import Result
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.expectation import require_commit
from gitlanes.workspaces import branches, finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Exported(Result):
    """A branch that is at a lane's head; ``old`` is where it was, None if it was made."""

    lane: str
    branch: str
    commit: str
    old: str | None

    schema: ClassVar[str] = "export"


def export(
    repo: LaneRepo,
    name: str | None = None,
    *,
    branch: str | None = None,
    expect: str | None = None,
) -> Exported:
    """Put a branch at a lane's accepted head; it is made, or fast-forwarded.

    The branch is named as the lane unless told. Raises Refused where the branch has commits
    that the lane has not, or is checked out, Raced if the lane is not at `expect`.
    """
    lane = finding.lane_or_present(repo, name).record
    require_commit(f"lane '{lane.name}'", lane.head, expect)
    short = lane.name if branch is None else branch
    ref = branches.checked(repo, short)
    (old, use), head = finding.branch_use(repo, ref), str(lane.head)
    if old != head:
        if old is not None:
            _require_free(repo, short, old, use, head)
        with closing(Mover(repo.git, message=f"lanes: export {lane.name}")) as mover:
            move_refs(repo.git, [RefMove(ref, old, head)], mover=mover)
    return Exported(lane.name, short, head, old)


def _require_free(repo: LaneRepo, branch: str, old: str, use: str, head: str) -> None:
    if use:
        raise Refused(
            f"branch '{branch}' is {use}",
            hint="choose another with --branch, or take that directory off it first",
        )
    if not is_ancestor(repo, old, head):
        raise Refused(
            f"branch '{branch}' has commits that the lane has not",
            hint="choose another branch with --branch",
        )
