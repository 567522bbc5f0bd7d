"""Where a lane starts, and so from where its changes count towards other lanes."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.errors import BadValue
from gitlanes.git.refs import list_refs
from gitlanes.models.plain import Model, replace
from gitlanes.models.records import Landed, Lane, LaneState
from gitlanes.store import layout, namesakes
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.expectation import require_active
from gitlanes.store.histories import merge_base

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo
    from gitlanes.store.transaction import Transaction


class Start(Model):
    """A start: the commit, and the lane whose history it was taken from, if it was one's.

    ``parent`` is the uuid of the lane to be followed.
    """

    commit: str
    origin: LaneState | None
    parent: str | None = None


def resolve(repo: LaneRepo, name: str | None, default: LaneState) -> Start:
    """Return the start that a lane, attempt, snapshot or revision names; None is the default."""
    if name is None:
        return Start(str(default.record.head), default)
    commit = repo.view.commit_of(name)
    if ids.ATTEMPT_ID.fullmatch(name):
        return Start(commit, _maker(repo, name))
    origin = repo.view.find(name)
    if origin is not None and origin.record.live:
        return Start(commit, origin)
    return Start(commit, _holder(repo, commit, default))


def resolve_on(repo: LaneRepo, start: str | None, on: str | None, default: LaneState) -> Start:
    """Return the start that `start` names, or that of a lane which is to be followed.

    Raises BadValue for both, NotFound for what is no lane and of none, Refused for a lane that
    takes no work.
    """
    if on is None:
        return resolve(repo, start, default)
    if start is not None:
        raise BadValue("a lane starts either from something or on it", hint="give one of them")
    of = ids.ATTEMPT_ID.fullmatch(on) or ids.SNAPSHOT_ID.fullmatch(on)
    parent = _maker(repo, on) if ids.ATTEMPT_ID.fullmatch(on) else None
    parent = parent or repo.view.lane(of["lane"] if of else on)
    require_active(parent.record)
    commit = repo.view.commit_of(on) if of else str(parent.record.head)
    return Start(commit, parent, parent.record.uuid)


def _maker(repo: LaneRepo, attempt_id: str) -> LaneState:
    """Return the lane that made an attempt, which may be gone and another one have its name."""
    attempt, state = repo.view.attempt_in(attempt_id)
    return namesakes.maker_of(repo, attempt, state)


def _holder(repo: LaneRepo, commit: str, default: LaneState) -> LaneState | None:
    """Return the lane whose accepted history has a commit; the adopted one comes first."""
    if is_ancestor(repo, commit, str(default.record.head)):
        return default
    rows = list_refs(repo.git, [f"--contains={commit}", "--count=1", layout.HEADS], "refname")
    return repo.view.find(os.fsdecode(rows[0][0]).removeprefix(layout.HEADS)) if rows else None


def met(tx: Transaction, state: LaneState | None) -> None:
    """Record that another lane has some of a lane's work by now, without having landed it.

    The adopted lane's is everybody's anyway.
    """
    if state is not None and (record := mingled(state.record)) != state.record:
        tx.lane(state, record)


def mingled(lane: Lane) -> Lane:
    """Return the record of a lane some of whose work another one has by now."""
    return lane if lane.extra.get("adopted") else replace(lane, mingled=True)


def landed_from(repo: LaneRepo, start: Start, default: LaneState) -> dict[str, Landed]:
    """Return the fork points of a lane with that start, by target.

    Found once, here: computed later, from the target's new head, they would move with it.
    What the origin landed before the start counts as known to those targets, too.
    """
    found: dict[str, Landed] = {}
    origin = start.origin
    if origin is not None:
        for uuid, landed in origin.record.landed.items():
            newest = landed.bases[-1]
            if start.commit == origin.record.head or is_ancestor(repo, newest, start.commit):
                found[uuid] = replace(landed, at=None, source=None)
    for target in filter(None, (origin, default)):
        fork = fork_point(repo, start.commit, target.record)
        if fork is not None and target.record.uuid not in found:
            found[target.record.uuid] = Landed((fork,))
    return found


def fork_point(repo: LaneRepo, start: str, target: Lane) -> str | None:
    """Return where a start left a lane's history, or None if it never was part of it."""
    if start in (target.head, target.fork):
        return start
    return merge_base(repo, start, target.head, [target]) if target.head else None
