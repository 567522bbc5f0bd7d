"""What a lane's own history holds already: changes by id, other lanes' heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from gitlanes.git.trailers import change_id_of, without_trailer
from gitlanes.lanes import forks
from gitlanes.models.records import NOT_LANDED, Attempt, Lane
from gitlanes.models.workspaces import Capture
from gitlanes.store import codec
from gitlanes.store.ancestry import is_ancestor, merge_base

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo
    from gitlanes.store.transaction import Transaction


def has_change(repo: LaneRepo, lane: Lane, change: str) -> bool:
    """Say whether a commit of the lane since it began, or last landed, has that id."""
    ends = {*lane.begins, *(landed.source for landed in lane.landed.values())}
    commit = lane.head
    while commit is not None and commit not in ends:
        found = repo.objects.commit(commit)
        if change.encode() in found.message and change_id_of(found.message) == change:
            return True
        commit = found.parents[0] if found.parents else None
    return False


def without_change_id(text: str) -> str:
    """Return a message without its Change-Id trailers, however they are spelled."""
    return without_trailer(text, "Change-Id").strip() or codec.one_line(text)


def merged_heads(
    repo: LaneRepo, lane: Lane, captured: Capture, earlier: Sequence[Attempt] = ()
) -> dict[str, str]:
    """Return {lane uuid: commit} of other lanes' work that the agent itself merged in.

    The lane as another clone has it is one of them, under the same uuid.

    Asked only where the agent moved HEAD or is merging: the newest commit of each lane's
    history that is part of that, where that is beyond what the workspace was based on. What
    `earlier` attempts had merged counts as long as HEAD stands on them.
    """
    found = {}
    for attempt in earlier:
        if attempt.merged and is_ancestor(repo, attempt.commit, captured.head):
            found.update(attempt.merged)
    brought = [captured.head] if captured.moved else []
    brought += [captured.merging] if captured.merging and captured.whole else []
    if not brought:
        return found
    others = [x.record for x in repo.view.lanes() if x.record.uuid != lane.uuid]
    for other in (*others, *repo.view.twins(lane).values()):
        if other.head is None or repo.refs.kind(other.head) != "commit":
            continue
        known = merge_base(repo, captured.base, other.head)
        for commit in brought:
            shared = merge_base(repo, commit, other.head)
            if shared and shared != known:
                found[other.uuid] = shared
    return found


def note_met(tx: Transaction, merged: Mapping[str, str], own: str) -> None:
    """Let lanes know that another one, `own`, has their work up to a commit: ``{uuid: commit}``.

    Not where they have landed it themselves, on the lane that they came from.
    """
    for uuid, commit in merged.items():
        if uuid == own:
            continue
        state = tx.repo.view.by_uuid(uuid)
        there = state and state.record.landed.get(str(state.record.origin), NOT_LANDED).source
        if not (there and is_ancestor(tx.repo, commit, there)):
            forks.met(tx, state)
