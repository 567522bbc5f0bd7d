"""How an agent's work begins: what it was ordered to do, the claim, the files."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitlanes.errors import NotFound
from gitlanes.git.processes import ancestors
from gitlanes.models.plain import Model
from gitlanes.models.watching import Rejection

if TYPE_CHECKING:
    from gitlanes.sdk.repo import Repo


class Order(Model):
    """What work is begun with; see `AgentSession.work` and `AgentSession.retry`."""

    lane: str
    prompt: str | None = None
    message: str | None = None
    tags: tuple[str, ...] = ()
    auto_accept: bool = False
    from_state: str | None = None
    fresh: bool = False
    rejection: Rejection | None = None


def claim(repo: Repo, lane: str, agent: str) -> bool:
    """Claim a lane's workspace; False where whoever started this process did so in that name.

    Raises Refused where anybody else has, another session of the same agent included.
    """
    (held,) = repo.who(lane).workspaces
    mine = held.owner is not None and held.stale is None and held.owner.agent == agent
    if mine and held.owner and held.owner.pid in (None, *ancestors(os.getpid())):
        return False
    repo.claim(lane, agent=agent, pid=os.getpid(), renew=False)
    return True


def bring(repo: Repo, order: Order) -> None:
    """Bring the files of a workspace that was there to where the work begins."""
    lane = order.lane
    if order.from_state is not None:
        repo.restore(order.from_state, lane, force=order.fresh)
        return
    place = repo.workspace(lane)
    if order.fresh:
        repo.restore(lane if place.root else str(place.base), lane, force=True)
    elif order.rejection and not place.root and not repo.status(lane).unsaved:
        # Counted from where it was made, so that what landed since is not taken back.
        repo.update_workspace(lane, to=order.rejection.attempt.base)
        repo.update_workspace(lane, to=order.rejection.attempt.commit)
    repo.update_workspace(lane)


def retried(repo: Repo, lane: str) -> Rejection:
    """Return what a retry in a lane is to do better; raises NotFound where nothing waits for it."""
    found = repo.last_rejection(lane)
    if found is None or not found.waiting:
        raise NotFound("rejected attempt of lane", lane, hint="there is nothing to retry")
    return found
