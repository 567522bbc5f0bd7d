"""Giving a lane another name; its identity, its history and its old ids stay."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitlanes.errors import Negative, Refused
from gitlanes.git.process import uninterrupted
from gitlanes.models.lanes import Renamed
from gitlanes.models.plain import NOTHING, replace
from gitlanes.models.records import RENAMED, Lane, LaneState
from gitlanes.models.workspaces import Workspace
from gitlanes.store import layout
from gitlanes.store.expectation import check_expected, require_commit
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.workspaces import capture, finding, mending
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def rename(repo: LaneRepo, old: str, new: str, *, expect: str | None = None) -> Renamed:
    """Call lane `old` by the name `new`.

    Ids of attempts and snapshots stay what they are and are found as before; the next attempt
    is numbered on under the new name. The workspace stays where it is. Raises BadName, Refused
    for a name that another lane has or had, Raced if the lane is not at `expect`.
    """
    layout.check_lane_name(new)
    check_expected(expect)
    lane = repo.view.lane(old).record
    if old == new:
        raise Negative(f"nothing to rename: lane '{old}' has that name already")
    workspace = finding.workspace_of(repo, lane)
    with named(repo, workspace), transaction(repo, "rename") as tx:
        state = repo.view.lane(old)
        require_commit(f"lane '{old}'", state.record.head, expect)
        record = renamed(tx, state, new)
    return Renamed(record, old, workspace.path if workspace else None)


def renamed(tx: Transaction, state: LaneState, new: str, also: Mapping[str, Any] = NOTHING) -> Lane:
    """Let the journal of the new name go on where the old one ends in a tombstone.

    ``also`` is what else the entries say. Raises Refused for a name that another lane has or had.
    """
    old, earlier = state.record.name, tx.repo.view.find(new)
    _refuse_taken(new, earlier, state.record)
    tx.repo.redactor.require_none(new, "a lane's name")
    record = replace(state.record, name=new)
    details = {"renamed": {"from": old, "to": new, "uuid": record.uuid}, **also}
    tx.description = f"rename lane {old} to {new}"
    tx.lane(earlier, record, continues=state, details=details)
    tx.lane(state, replace(state.record, status=RENAMED, open=()), details=details)
    tx.drop(layout.head(old))
    seen = tx.repo.refs.target(layout.seen(old))
    if seen is not None:
        tx.move(layout.seen(new), tx.repo.refs.target(layout.seen(new)), seen)
        tx.drop(layout.seen(old))
    return record


def _refuse_taken(name: str, earlier: LaneState | None, lane: Lane) -> None:
    """Raise Refused unless the name is free, or this lane's own of before."""
    if earlier is None:
        return
    record = earlier.record
    if record.live:
        raise Refused(f"lane '{name}' exists already", hint=f"see 'git lanes show {name}'")
    if record.uuid != lane.uuid:
        raise Refused(
            f"name '{name}' was another lane's, which is {record.status}",
            hint="its records are kept under that name: choose another",
        )


@contextmanager
def named(repo: LaneRepo, workspace: Workspace | None) -> Iterator[None]:
    """Hold the lane's workspace, and note its lane's name there afterwards."""
    if workspace is None:
        yield
    elif workspace.root or Path(workspace.path).is_dir():
        with capture.held(repo, workspace), _noted(repo, workspace):
            yield
    else:
        with states.hold(workspace.git_dir, workspace.lane), _noted(repo, workspace):
            yield


@contextmanager
def _noted(repo: LaneRepo, workspace: Workspace) -> Iterator[None]:
    try:
        yield
    finally:  # a Ctrl-C comes just when the renaming is done
        with uninterrupted():
            mending.named(repo, workspace)
