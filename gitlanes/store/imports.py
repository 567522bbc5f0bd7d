"""Commits made with plain git, as attempts of the lane that they became part of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.git.trailers import change_id_of, subject_of
from gitlanes.models.plain import replace
from gitlanes.models.records import ACCEPTED, Attempt, Landed, Lane, LaneState
from gitlanes.store import codec

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo
    from gitlanes.store.transaction import Transaction


def imported(
    tx: Transaction, lane: Lane, tip: str, base: str | None, *, landed: str | None = None
) -> Attempt:
    """Return the attempt that a commit of somebody's becomes: accepted if it `landed`."""
    commit = tx.repo.objects.commit(tip)
    attempt = Attempt(
        id=ids.attempt_id(lane.name, lane.next),
        lane=lane.name,
        number=lane.next,
        uuid=tx.operation,
        kind="import",
        status="proposed",
        commit=tip,
        base=base,
        tree=commit.tree,
        change_id=change_id_of(commit.message),
        title=codec.one_line(subject_of(commit.message)),
        agent=None,
        time=tx.time,
    )
    return accepted(tx, attempt, landed) if landed else attempt


def accepted(tx: Transaction, attempt: Attempt, landed: str) -> Attempt:
    """Return an attempt that stands in its lane's history as `landed` now."""
    return replace(attempt, status=ACCEPTED, landed=landed, decided=tx.time)


def bring_along(tx: Transaction, lane: Lane, tip: str, head: str) -> None:
    """Note for other lanes whose accepted work a person merged into `tip` that it landed.

    An exported lane comes back like this, and so does a collision resolved by hand.
    """
    for other, landed in _brought_along(tx.repo, lane, tip):
        known = {**other.record.landed, lane.uuid: Landed((landed,), head, landed)}
        tx.lane(other, replace(other.record, landed=known))


def _brought_along(repo: LaneRepo, lane: Lane, tip: str) -> Iterator[tuple[LaneState, str]]:
    """Yield the lanes whose accepted work is new in `tip`, and how far."""
    new = set(repo.git.run("rev-list", tip, f"^{lane.head}").text.split())
    for other in repo.view.lanes():
        commit, ends = other.record.head, {other.record.fork, None}
        while commit not in ends and commit not in new:
            parents = repo.objects.commit(str(commit)).parents
            commit = parents[0] if parents else None
        if commit in new and commit is not None and other.record.uuid != lane.uuid:
            yield other, commit
