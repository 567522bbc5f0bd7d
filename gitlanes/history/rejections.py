"""A lane's last attempt that was turned down: why, what it had changed, which retry is next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.history import diff, log
from gitlanes.models.records import REJECTED
from gitlanes.models.watching import Rejection

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def last_rejection(repo: LaneRepo, lane: str) -> Rejection | None:
    """Return the newest rejected attempt of work in a lane, None where there is none.

    If the next proposal is to carry a Change-Id on, it is the newest one of that change.
    """
    carried = repo.view.lane(lane).record.change
    turned_down = [
        x
        for x in log.each(repo, log.Filter(lane, status=REJECTED))
        if x.attempt.kind == "work" and carried in (None, x.attempt.change_id)
    ]
    if not turned_down:
        return None
    found = max(turned_down, key=lambda x: x.attempt.number)
    attempt = found.attempt
    same = [x for x in turned_down if x.attempt.change_id == attempt.change_id]
    changed = diff.diff(repo, str(attempt.base), attempt.commit, rendering=diff.CONTENT)
    own = (x for x in found.notes.evaluations if x.get("attempt_uuid") == attempt.uuid)
    return Rejection(
        attempt,
        attempt.reason,
        attempt.by,
        found.intent.get("prompt"),
        tuple(own),
        changed,
        len(same),
        waiting=carried is not None,
    )
