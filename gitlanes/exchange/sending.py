"""An exported branch in other repositories: a remote's, or one in another directory."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitlanes.errors import Raced, Refused
from gitlanes.exchange import sides
from gitlanes.exchange.exporting import was_left_at
from gitlanes.git import remotes
from gitlanes.git.remotes import Update
from gitlanes.models.exporting import Exported
from gitlanes.models.plain import replace
from gitlanes.store import codec, layout
from gitlanes.store.ancestry import is_ancestor

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def push(repo: LaneRepo, made: Exported, remote: str) -> Exported:
    """Push an exported branch to a remote.

    It goes forward there, or from where an export left it. Raises Refused where the remote's has
    other commits or does not take it, Raced where somebody else was first.
    """
    _send(repo, made, remote, f"on '{remote}'")
    return replace(made, remote=remote)


def put_into(repo: LaneRepo, made: Exported, place: str) -> Exported:
    """Put an exported branch into the repository in another directory; raises as `push` does."""
    _send(repo, made, place, f"in '{codec.one_line(place, 100)}'")
    return replace(made, repository=os.path.abspath(place))


def _send(repo: LaneRepo, made: Exported, place: str, where: str) -> None:
    git, ref = sides.network(repo), layout.branch(str(made.branch))
    old = remotes.at(git, place, ref, pushing=True)
    if old == made.commit:
        return
    if old is not None and not _is_ours(repo, made, old):
        raise Refused(
            f"branch '{made.branch}' {where} has commits that the lane has not",
            hint="choose another branch with --branch",
        )

    def tell(done: int, total: int) -> None:
        repo.progress(f"pushing {made.branch}", done, total)

    answer = remotes.push(git, place, [Update(ref, made.commit, old, lease=True)], (), tell)
    if answer.raced:
        raise Raced(
            f"branch '{made.branch}' {where} was moved meanwhile", hint="repeat the command"
        )
    if not answer.done:
        why = codec.one_line(answer.refused.get(ref, "no reason given"), 200)
        raise Refused(f"branch '{made.branch}' {where} was not taken: {why}")


def _is_ours(repo: LaneRepo, made: Exported, old: str) -> bool:
    """Say whether a branch elsewhere is where an export left it, or only behind."""
    if repo.refs.kind(old) == "commit" and is_ancestor(repo, old, made.commit):
        return True
    return was_left_at(repo, repo.view.lane(made.lane), str(made.branch), old)
