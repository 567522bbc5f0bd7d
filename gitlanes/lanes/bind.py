"""Binding a lane to one of the user's own branches, and letting them part."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitlanes.errors import Negative, Raced, Refused
from gitlanes.git.refs import RefMove, list_refs
from gitlanes.models.lanes import Bound
from gitlanes.models.plain import replace
from gitlanes.models.records import Lane
from gitlanes.store import codec, layout
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.expectation import check_expected, require_active, require_commit
from gitlanes.store.transaction import transaction
from gitlanes.store.unrecorded import agree
from gitlanes.workspaces import binding, branches, finding, intake

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def bind(repo: LaneRepo, lane: str | None, branch: str, *, expect: str | None = None) -> Bound:
    """Tie a lane to a branch: what lands comes to the branch, what people commit to the lane.

    A branch that does not exist is made at the lane's head. One of the two must have all of the
    other: the branch is brought along, or its commits are taken in. Without a name it is the
    lane in whose workspace one stands. Raises Refused where both went on, or another lane has
    the branch, Raced if the lane is not at `expect`, BadValue for a name that no branch can have.
    """
    check_expected(expect)
    name = finding.lane_or_present(repo, lane).record.name
    ref = branches.checked(repo, branch)
    with transaction(repo, "bind") as tx:
        state = repo.view.lane(name)
        record = state.record
        require_commit(f"lane '{name}'", record.head, expect)
        require_active(record)
        _refuse_second(repo, record, ref)
        tip = repo.refs.target(ref)
        agreed = _agreed(repo, record, branch, tip)
        if tip is None:
            _refuse_in_the_way(repo, ref)
        if record.branch != ref:
            seen = layout.seen(name)
            if (old := repo.refs.target(seen)) != agreed:
                tx.move(seen, old, agreed)
            tx.description = f"bind lane {name} to branch {codec.one_line(branch, 100)}"
            tx.lane(state, replace(record, branch=ref))
    if tip is None:
        _make(repo, name, ref, agreed)
    after, how = intake.take_in(repo, name)
    following = binding.follow(repo, name)
    imported = how == branches.IMPORTED
    return Bound(after.record, branch, created=tip is None, imported=imported, following=following)


def unbind(repo: LaneRepo, lane: str | None = None, *, expect: str | None = None) -> Bound:
    """Let a lane and its branch part; both stay where they are.

    Raises Negative where the lane is not bound, Raced if it is not at `expect`.
    """
    check_expected(expect)
    name = finding.lane_or_present(repo, lane).record.name
    with transaction(repo, "bind") as tx:
        state = repo.view.lane(name)
        require_commit(f"lane '{name}'", state.record.head, expect)
        if state.record.branch is None:
            raise Negative(f"lane '{name}' is not bound", hint=f"see 'git lanes show {name}'")
        before = layout.short_branch(state.record.branch)
        tx.description = f"let lane {name} and branch {codec.one_line(before, 100)} part"
        record = replace(state.record, branch=None)
        tx.lane(state, record)
        tx.drop(layout.seen(name))
    return Bound(record, None, before=before)


def _refuse_second(repo: LaneRepo, lane: Lane, ref: str) -> None:
    others = (x.record for x in repo.view.lanes() if x.record.uuid != lane.uuid)
    other = next((x for x in others if x.branch == ref), None)
    if other is not None:
        branch = layout.short_branch(ref)
        raise Refused(
            f"lane '{other.name}' is bound to branch '{branch}'",
            hint=f"let them part first with 'git lanes bind {other.name} --unset'",
        )


def _refuse_in_the_way(repo: LaneRepo, ref: str) -> None:
    """Refuse a branch to be made where git has no place for it."""
    rows = list_refs(repo.git, [layout.branch(layout.short_branch(ref).split("/")[0])], "refname")
    names = (os.fsdecode(row[0]) for row in rows)
    other = next((x for x in names if f"{x}/".startswith(f"{ref}/") or ref.startswith(x + "/")), "")
    if other:
        raise Refused(
            f"branch '{layout.short_branch(other)}' is in the way of "
            f"branch '{layout.short_branch(ref)}'",
            hint="choose another name",
        )


def _agreed(repo: LaneRepo, lane: Lane, branch: str, tip: str | None) -> str:
    """Return the commit that branch and lane both have: one of them, or they are refused."""
    head = str(lane.head)
    if tip is None or is_ancestor(repo, head, tip):
        return head
    if is_ancestor(repo, tip, head):
        return tip
    ref = layout.head(lane.name)
    raise Refused(
        f"branch '{branch}' and lane '{lane.name}' both have commits that the other has not",
        hint=f"join them first: 'git merge {ref}' or 'git rebase {ref}' on the branch",
    )


def _make(repo: LaneRepo, name: str, ref: str, commit: str) -> None:
    try:
        agree(repo, name, commit, RefMove(ref, None, commit))
    except Raced:
        if repo.refs.target(ref) is None:
            raise
