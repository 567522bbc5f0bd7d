"""The changes that a lane has to land on a target, and those that landed there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from gitlanes.errors import NotFound
from gitlanes.git.trailers import change_id_of, subject_of
from gitlanes.models.plain import Model, replace
from gitlanes.models.records import NOT_LANDED, Lane, LaneState
from gitlanes.models.stacks import CHANGE_ID, MESSAGE, Item
from gitlanes.review import commuting, rewriting
from gitlanes.store import codec

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Changes(Model):
    """A lane's changes towards a target, oldest first: those that wait, and those that landed."""

    waiting: tuple[Item, ...]
    landed: tuple[Item, ...]


def changes(repo: LaneRepo, state: LaneState, target: Lane | None) -> Changes:
    """Return what a lane has of its own, as far as its first parents tell."""
    lane = state.record
    landed = lane.landed.get(target.uuid, NOT_LANDED) if target else NOT_LANDED
    known = {lane.fork, landed.source, *landed.bases}
    waiting = list(_walk(repo, lane, lane.head, known))
    since = list(_walk(repo, lane, landed.source, {lane.fork})) if landed.source else []
    attempts = rewriting.standing_in(repo, state, [x.commit for x in waiting])
    told = []
    for item in reversed(waiting):
        attempt = attempts.get(item.commit)
        about = {"attempt": attempt.id, "agent": attempt.agent} if attempt else {}
        told.append(replace(item, **about))
    return Changes(tuple(told), tuple(reversed(since)))


def _walk(
    repo: LaneRepo, lane: Lane, commit: str | None, known: Iterable[str | None]
) -> Iterator[Item]:
    """Yield a lane's commits back to the known ones, the newest first."""
    ends = {*known, lane.fork, None}
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
