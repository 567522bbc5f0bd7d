"""The changes that a lane has to land on a target, and those that landed there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from gitlanes.errors import NotFound
from gitlanes.git.trailers import change_id_of, subject_of
from gitlanes.models.plain import replace
from gitlanes.models.records import NOT_LANDED, Landed, Lane, LaneState
from gitlanes.models.stacks import CHANGE_ID, MESSAGE, Item
from gitlanes.review import commuting, rewriting
from gitlanes.store import codec

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def waiting(repo: LaneRepo, state: LaneState, target: Lane | None) -> tuple[Item, ...]:
    """Return what a lane has of its own and a target has not, oldest first.

    It is told as far as the lane's first parents tell.
    """
    where = _towards(state.record, target)
    return _told(repo, state, state.record.head, (where.source, *where.bases))


def landed(
    repo: LaneRepo, state: LaneState, target: Lane | None, since: str | None
) -> tuple[Item, ...]:
    """Return what of it landed there after one of the lane's commits, oldest first."""
    return _told(repo, state, _towards(state.record, target).source, (since,))


def _towards(lane: Lane, target: Lane | None) -> Landed:
    return lane.landed.get(target.uuid, NOT_LANDED) if target else NOT_LANDED


def _told(
    repo: LaneRepo, state: LaneState, head: str | None, known: Iterable[str | None]
) -> tuple[Item, ...]:
    """Return the changes from a head down to known commits, with their attempts."""
    found = list(_walk(repo, state.record, head, known))[::-1]
    attempts = rewriting.standing_in(repo, state, [x.commit for x in found])
    told = ((x, attempts.get(x.commit)) for x in found)
    return tuple(replace(x, attempt=a.id, agent=a.agent) if a else x for x, a in told)


def _walk(
    repo: LaneRepo, lane: Lane, commit: str | None, known: Iterable[str | None]
) -> Iterator[Item]:
    """Yield a lane's commits back to the known ones, the newest first."""
    ends = {*known, *lane.begins, None}
    while commit not in ends:
        found = repo.refs.commit(str(commit))
        title = codec.one_line(subject_of(found.message))
        change = change_id_of(found.message)
        yield Item(lane.uuid, str(commit), change, title, lane.name)
        commit = found.parents[0] if found.parents else None


def key_of(repo: LaneRepo, match: str, item: Item) -> str:
    """Return by what a change is known again, as a stack is configured."""
    if match == CHANGE_ID:
        return item.change_id or item.commit
    if match == MESSAGE:
        return item.title
    try:
        return repr(sorted(commuting.changes_of(repo, item.commit).items()))
    except NotFound:  # it was made in another clone, and never came here
        return item.commit


def same_content(repo: LaneRepo, one: str, other: str) -> bool:
    """Say whether two commits say and change the same, whatever they stand on."""
    if one == other:
        return True
    try:
        messages = {repo.refs.commit(x).message for x in (one, other)}
        if len(messages) > 1:
            return False
        return commuting.changes_of(repo, one) == commuting.changes_of(repo, other)
    except NotFound:
        return False
