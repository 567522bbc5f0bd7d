"""Branches that lanes were exported to, taken away when the lanes are done with."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.errors import Raced, Refused
from gitlanes.exchange.exporting import MADE, said
from gitlanes.git.refs import RefMove, list_refs
from gitlanes.store import layout
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.transaction import locked
from gitlanes.store.unrecorded import repair_refs
from gitlanes.workspaces import branches, finding

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlanes.lanes.resting import Known
    from gitlanes.models.records import LaneState
    from gitlanes.store.lane_repo import LaneRepo


class Branch(NamedTuple):
    """A branch of this clone that a lane was exported to, where it is, and what keeps it there."""

    name: str
    tip: str
    kept: str


def exported(repo: LaneRepo, state: LaneState, known: Known) -> list[Branch]:
    """Return the branches that a lane was exported to, as far as they are there.

    One is kept that anybody else than an export in this clone made or moved, that has other
    commits than the export left or some that its upstream has not, that is in use, or that
    another lane has to do with. Nothing is lost with the rest, for the journal has their commits.
    """
    found = []
    used = {x for other in known.live if other.uuid != state.record.uuid for x in other.exports}
    for name in state.record.exports:
        tip, use = finding.branch_use(repo, layout.branch(name))
        if tip is not None:
            kept = "another lane is exported there" if name in used else ""
            kept = kept or (f"it is {use}" if use else _kept(repo, state, name, tip))
            found.append(Branch(name, tip, kept))
    return found


def _kept(repo: LaneRepo, state: LaneState, name: str, tip: str) -> str:
    """Say what keeps a branch: its commits, who made it, what it is, or what its upstream lacks."""
    if tip not in state.record.exports[name]["commits"] or not is_ancestor(repo, tip, state.tip):
        return "it has commits that no export made"
    ref = layout.branch(name)
    if not _is_own(repo, ref):
        return "its reflog does not say that exports alone made and moved it"
    if repo.git.run("symbolic-ref", "--quiet", "HEAD", check=False).text == ref:
        return "HEAD is on it"
    try:
        branches.require_unowned(repo, ref)
    except Refused as error:
        return error.message
    for found, upstream, track in list_refs(
        repo.git, [ref], "refname upstream:short upstream:track"
    ):
        if found == os.fsencode(ref) and b"ahead" in track:
            return f"'{os.fsdecode(upstream)}' has not all of it"
    return ""


def _is_own(repo: LaneRepo, ref: str) -> bool:
    """Say whether exports made a branch, and nobody else moved it: by what no other clone writes.

    Records come from other clones, too, which have branches of the same name.
    """
    asked = ("log", "--walk-reflogs", "--format=%gs", ref, "--")
    lines = repo.git.run(*asked, check=False).text.splitlines()
    ours = all(x.startswith(said("", "moved")) for x in lines)
    return bool(lines) and ours and lines[-1].endswith(MADE)


def retire(
    repo: LaneRepo, name: str, branch: Branch, known: Known, still: Callable[[LaneState], None]
) -> None:
    """Delete a branch of a lane that is as it was looked at; raises Raced where it is not.

    ``still`` is called under the lock, and raises where it is to stay after all.
    """
    with locked(repo) as lock:
        state = repo.view.lane(name)
        still(state)
        now = next((x for x in exported(repo, state, known) if x.name == branch.name), None)
        if now is None:
            return
        if now != branch:
            why = now.kept or f"it is at {now.tip[:12]} now"
            raise Raced(f"branch '{branch.name}' was changed meanwhile: {why}", hint="look anew")
        repair_refs(repo, [RefMove(layout.branch(branch.name), branch.tip, None)], lock)
