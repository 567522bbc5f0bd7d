"""Check of heads against journals: the journal is the truth, heads are its projection."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING

from gitlanes.errors import Raced
from gitlanes.git.refs import RefMove, list_refs
from gitlanes.lanes import oddities
from gitlanes.models.records import Lane
from gitlanes.store import foreign, layout, pending
from gitlanes.store.transaction import locked, settled
from gitlanes.store.unrecorded import repair_refs
from gitlanes.upkeep.survey import Problem, Survey, problem, saying

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# What the next command on the lane would see to by itself, and so does a mend.
_SETTLED = {
    f"head-{how}": mend
    for how, mend in {
        foreign.FORWARD: "import what it has as an attempt",
        foreign.BACK: "put it back",
        foreign.DELETED: "bring it back from the journal",
        foreign.DIVERGED: "put it back, and keep what it was moved to as an attempt",
        foreign.NO_COMMIT: "put it back",
    }.items()
}


def heads(survey: Survey) -> Iterator[Problem]:
    """Find heads that are not where their journal has them, or have none."""
    repo = survey.repo
    if pending.exists(repo.state_directory):
        return  # they are on their way
    rows = list_refs(repo.git, [layout.HEADS], "refname objectname")
    there = {os.fsdecode(ref).removeprefix(layout.HEADS): oid.decode() for ref, oid in rows}
    sound, damaged = survey.journals
    names = {x.record.name for x in sound} | {
        ref.removeprefix(layout.JOURNALS) for ref, _ in damaged
    }
    live = [x for x in sound if x.record.live]
    for found in oddities.findings(repo, live, there, names, None):
        if found.kind.startswith(("head-", "journal-")) and found.lane is not None:
            mend = _SETTLED.get(found.kind)
            action = partial(_settle, repo, found.lane) if mend else None
            yield problem(found.message, layout.head(found.lane), mend or found.hint, action)
    for entry in sound:
        if not entry.record.live and entry.record.name in there:
            yield _of_tombstone(repo, entry.record, there[entry.record.name])


def _settle(repo: LaneRepo, name: str) -> str:
    with saying(repo) as said:
        settled(repo, name)
    return said[0] if said else "somebody else did meanwhile"


def _of_tombstone(repo: LaneRepo, lane: Lane, actual: str) -> Problem:
    ref = layout.head(lane.name)
    if actual == lane.head:
        delete = partial(_delete, repo, lane.name, actual)
        return problem(f"lane '{lane.name}' is gone, but not its head", ref, "delete it", delete)
    return problem(
        f"'{ref}' is the head of a lane that is gone, and is at {actual[:12]}",
        ref,
        f"keep it with 'git branch NAME {ref}' if it is of use, then: git update-ref -d {ref}",
    )


def _delete(repo: LaneRepo, name: str, head: str) -> str:
    with locked(repo) as lock:
        state = repo.view.find(name)
        if state is None or state.record.live:
            raise Raced(f"lane '{name}' was made anew meanwhile", hint="run it again")
        repair_refs(repo, [RefMove(layout.head(name), head, None)], lock)
    return "deleted it"
