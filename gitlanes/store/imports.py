"""Commits made with plain git, as attempts of the lane that they became part of."""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.git.trailers import change_id_of, subject_of
from gitlanes.models.plain import replace
from gitlanes.models.records import ACCEPTED, NOT_LANDED, Attempt, Landed, Lane, LaneState
from gitlanes.store import codec
from gitlanes.store.ancestry import beyond, is_ancestor, newest_in

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
        title=codec.one_line(tx.repo.redactor.text(subject_of(commit.message))),
        agent=None,
        time=tx.time,
    )
    return accepted(tx, attempt, landed) if landed else attempt


def accepted(tx: Transaction, attempt: Attempt, landed: str) -> Attempt:
    """Return an attempt that stands in its lane's history as `landed` now."""
    return replace(attempt, status=ACCEPTED, landed=landed, decided=tx.time)


def bring_along(tx: Transaction, lane: Lane, tip: str, head: str, but: Container[str] = ()) -> bool:
    """Note for other lanes whose work a person merged into `tip` that it landed; say if any was.

    An exported lane comes back like this, and so does a collision resolved by hand. Nothing is
    noted for the lanes `but`, by their uuids.
    """
    found = [x for x in _brought_along(tx.repo, lane, tip) if x[0].record.uuid not in but]
    for other, landed in found:
        known = {**other.record.landed, lane.uuid: Landed((landed,), head, landed)}
        tx.lane(other, replace(other.record, landed=known))
    return bool(found)


def brought(repo: LaneRepo, source: LaneState, lane: Lane, tip: str) -> LaneState:
    """Return a lane as `bring_along` would leave it, once what people merged is in another one."""
    for other, landed in _brought_along(repo, lane, tip):
        if other.record.uuid == source.record.uuid:
            known = {**source.record.landed, lane.uuid: Landed((landed,), tip, landed)}
            return replace(source, record=replace(source.record, landed=known))
    return source


def _brought_along(repo: LaneRepo, lane: Lane, tip: str) -> Iterator[tuple[LaneState, str]]:
    """Yield the lanes whose history is new in `tip`, and how far."""
    new = beyond(repo, [tip], str(lane.head))
    others = [x for x in repo.view.lanes() if x.record.uuid != lane.uuid and x.record.head]
    graph = beyond(repo, [str(x.record.head) for x in others], str(lane.head))
    for other in others:
        commit = newest_in(graph, str(other.record.head), new)
        known = other.record.landed.get(lane.uuid, NOT_LANDED).source
        if commit and not (known and is_ancestor(repo, commit, known)):
            yield other, commit
