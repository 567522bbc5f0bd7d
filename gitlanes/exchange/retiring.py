"""Branches that lanes were exported to, taken away when the lanes are done with."""

from __future__ import annotations

import os
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.errors import Refused
from gitlanes.git.refs import RefMove, list_refs
from gitlanes.store import journal, layout
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.transaction import locked, repair_refs
from gitlanes.workspaces import branches, finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitlanes.models.records import Lane, LaneState
    from gitlanes.store.lane_repo import LaneRepo


class Branch(NamedTuple):
    """A branch of this clone that a lane was exported to, where it is, and what keeps it there."""

    name: str
    tip: str
    kept: str


def exported(repo: LaneRepo, state: LaneState, others: Iterable[Lane]) -> list[Branch]:
    """Return the branches that a lane was exported to, as far as they are there.

    One is kept that no export on this machine made, that has other commits than the export left or
    some that its upstream has not, that is in use, or that one of the `others` has to do with.
    Nothing is lost with the rest, for the journal has their commits.
    """
    lane = state.record
    there = {x: finding.branch_use(repo, layout.branch(x)) for x in lane.exports}
    used = {x for other in others if other.uuid != lane.uuid for x in other.exports}
    own = _own(repo, state) if any(tip for tip, _ in there.values()) else set()
    found = []
    for name, (tip, use) in there.items():
        if tip is None:
            continue
        kept = "" if name in own else "no export on this machine made it"
        if tip not in lane.exports[name]["commits"] or not is_ancestor(repo, tip, state.tip):
            kept = kept or "it has commits that no export made"
        kept = kept or (f"it is {use}" if use else "") or _ties(repo, layout.branch(name))
        kept = kept or ("another lane is exported there" if name in used else "")
        found.append(Branch(name, tip, kept))
    return found


def _own(repo: LaneRepo, state: LaneState) -> set[str]:
    """Return the branches that exports on this machine made: neither people nor other clones."""
    every = list(journal.walk(repo.refs, state.tip))
    found = set()
    for entry, before in pairwise(every):
        if entry.verb == "export" and entry.host == repo.host:
            known = before.record.exports
            now = entry.record.exports.items()
            found |= {x for x, about in now if about.get("made") and about != known.get(x)}
    return found


def _ties(repo: LaneRepo, ref: str) -> str:
    """Say what else a branch is, or has and its upstream has not."""
    try:
        branches.require_unowned(repo, ref)
    except Refused as error:
        return error.message
    for name, upstream, track in list_refs(
        repo.git, [ref], "refname upstream:short upstream:track"
    ):
        if name == os.fsencode(ref) and b"ahead" in track:
            return f"'{os.fsdecode(upstream)}' has not all of it"
    return ""


def retire(repo: LaneRepo, branch: Branch) -> None:
    """Delete a branch that is where it was looked at; raises Raced where it moved, Refused."""
    ref = layout.branch(branch.name)
    with locked(repo) as lock:
        tip, use = finding.branch_use(repo, ref)
        if use:
            raise Refused(f"branch '{branch.name}' is {use}", hint="take that directory off it")
        if tip is not None:
            repair_refs(repo, [RefMove(ref, branch.tip, None)], lock)
