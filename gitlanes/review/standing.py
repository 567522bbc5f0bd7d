"""What an attempt stands on: open ones made on top of each other, and who takes whose place."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.errors import NotFound, NothingToPropose, Refused, line
from gitlanes.models.plain import replace
from gitlanes.models.records import ACCEPTED, REJECTED, SUPERSEDED, Attempt, Lane, LaneState
from gitlanes.models.workspaces import Capture
from gitlanes.store.ancestry import is_ancestor

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def require_open(repo: LaneRepo, state: LaneState, attempt_id: str) -> Attempt:
    """Return an open attempt of the lane; raises Refused with what became of it, or NotFound."""
    found = next((x for x in state.record.open if x.id == attempt_id), None)
    if found is not None:
        return found
    known = repo.view.attempt(attempt_id)
    if known.open:
        raise NotFound("open attempt", attempt_id)
    who = known.superseded_by or known.by
    raise Refused(
        f"{attempt_id} is {known.status} already{f' by {who}' if who else ''}",
        hint=(
            f"look at what took its place: git lanes show {known.superseded_by}"
            if known.superseded_by
            else "only proposed attempts can be decided; propose the work again"
        ),
        data={"attempt": attempt_id, "status": known.status},
    )


def below(repo: LaneRepo, state: LaneState, name: str | None, base: str | None) -> Attempt | None:
    """Return the open attempt that new work is made on top of, None if that is the lane's head.

    It is the one named, or the one that the workspace is based on anyway. One that is accepted
    by now is part of the lane. Raises NotFound, Refused for any other.
    """
    lane = state.record
    if name is None:
        return next((x for x in lane.open if x.commit == base), None)
    known, of = repo.view.attempt_in(name)
    if of.record.uuid != lane.uuid:
        raise Refused(
            f"{name} is an attempt of lane '{of.record.name}', not of '{lane.name}'",
            hint="name an open attempt of the lane itself",
        )
    if known.status == ACCEPTED:
        return None
    if not known.open:
        return require_open(repo, state, name)
    return known


def chain(lane: Lane, attempt: Attempt | None) -> list[Attempt]:
    """Return an open attempt and the open ones that it stands on, the lowest last."""
    found: list[Attempt] = []
    while attempt is not None and attempt not in found:
        found.append(attempt)
        attempt = next((x for x in lane.open if x.id == found[-1].on), None)
    return found


def require_held(repo: LaneRepo, lane: Lane, attempt: Attempt, base: str, made: Capture) -> None:
    """Raise Refused unless a workspace based on `base` holds an open attempt.

    Otherwise what it lacks, be it of the attempt or of others' work below that, would be taken
    back by whatever is made on top.
    """
    under = str(chain(lane, attempt)[-1].base)
    if holds(repo, lane, attempt, made) and (
        is_ancestor(repo, under, base) or is_ancestor(repo, attempt.commit, made.head)
    ):
        return
    raise Refused(
        f"the workspace of lane '{lane.name}' does not hold {attempt.id}",
        hint=f"bring it there first: git lanes workspace update {lane.name} --to {attempt.id}",
        data={"attempt": attempt.id},
    )


def holds(repo: LaneRepo, lane: Lane, attempt: Attempt, made: Capture) -> bool:
    """Say whether a workspace has an open attempt: in its HEAD, or in its files.

    There a path may have gone on, but not be what it was below the attempt.
    """
    from gitlanes.git.trees import changed_paths

    if is_ancestor(repo, attempt.commit, made.head):
        return True
    below = repo.objects.commit(str(chain(lane, attempt)[-1].base)).tree
    offered, found = (
        changed_paths(repo.objects, repo.git, below, x) for x in (attempt.tree, made.tree)
    )
    return offered.keys() <= found.keys()


def require_decided(repo: LaneRepo, attempt: Attempt) -> None:
    """Raise Refused while what an attempt was made on top of is open.

    Where that was turned down, the attempt's own changes can be accepted without it.
    """
    if attempt.on is None:
        return
    under = repo.view.attempt(attempt.on)
    if under.open:
        raise Refused(
            f"{attempt.id} stands on {under.id}, which is not decided yet",
            hint=f"accept that first: git lanes accept {under.id}",
            data={"attempt": attempt.id, "on": under.id},
        )
    if under.status != ACCEPTED:
        repo.warnings.append(
            f"{attempt.id} was made on top of {under.id}, which is {under.status}: "
            f"only its own changes take part"
        )


def replaced(attempts: Sequence[Attempt], by: Attempt | None, time: str) -> tuple[Attempt, ...]:
    """Return the attempts as they are once another one has taken their place."""
    name = by.id if by else None
    return tuple(replace(x, status=SUPERSEDED, decided=time, superseded_by=name) for x in attempts)


def rivals(lane: Lane, accepted: Attempt) -> tuple[Attempt, ...]:
    """Return the other open attempts of an accepted one's change."""
    change = accepted.change_id
    return tuple(x for x in lane.open if change and x.change_id == change and x.id != accepted.id)


def require_news(repo: LaneRepo, name: str, captured: Capture, offered: Sequence[Attempt]) -> None:
    """Raise NothingToPropose where the content is the base's, or that of an open attempt."""
    if repo.objects.commit(captured.base).tree == captured.tree:
        raise NothingToPropose(
            f"nothing to propose: workspace of lane '{name}' has no changes",
            hint=_left_out(captured) or "edit files there first",
        )
    same = next((x for x in offered if x.tree == captured.tree), None)
    if same is not None:
        raise NothingToPropose(
            f"nothing to propose: {same.id} has this content already",
            hint=f"accept or reject it: git lanes accept {same.id}",
        )


def _left_out(captured: Capture) -> str:
    """Name the files that are new, and are not taken in for their secrets."""
    names = ", ".join(f"'{line(os.fsdecode(x), 100)}'" for x in captured.secret[:5])
    return f"{names} may hold secrets: not taken in (lanes.secretFiles)" if names else ""


def require_other(repo: LaneRepo, lane: Lane, attempt: Attempt) -> None:
    """Raise NothingToPropose where the lane's last attempt is the same work, rejected already."""
    try:
        last = repo.view.attempt(ids.attempt_id(lane.name, attempt.number - 1))
    except NotFound:  # there is none, or the lane was called otherwise
        return
    if last.status == REJECTED and (last.tree, last.base) == (attempt.tree, attempt.base):
        raise NothingToPropose(
            f"nothing to propose: {last.id} has this content, and is rejected already",
            hint="edit files first",
        )
