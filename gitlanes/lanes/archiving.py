"""Putting lanes away without deleting them, and bringing them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.errors import Negative, Refused
from gitlanes.lanes.lifecycle import doomed, refuse_open
from gitlanes.models.lanes import Archived
from gitlanes.models.plain import replace
from gitlanes.models.records import ACTIVE, ARCHIVED, LaneState
from gitlanes.store.expectation import check_expected, require_commit
from gitlanes.store.transaction import transaction
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def archive(
    repo: LaneRepo, lane: str | None = None, *, force: bool = False, expect: str | None = None
) -> Archived:
    """Put a lane away: listings leave it out, it takes no work, and its workspace goes.

    Without a name it is the lane in whose workspace one stands. Refuses open attempts and
    unsaved work; with ``force`` the attempts stay open, to be decided once the lane is back, and
    the work is snapshotted first. Raises Negative where it is archived already, Raced if the
    lane is not at `expect`.
    """
    check_expected(expect)
    known = finding.lane_or_present(repo, lane)
    name = known.record.name
    if known.record.status == ARCHIVED:
        return _finish(repo, known, force=force)
    if known.record.bound or known.record.extra.get("adopted"):
        raise Refused(f"lane '{name}' is the repository's own", hint="other lanes can be archived")
    require_commit(f"lane '{name}'", known.record.head, expect)
    workspace = finding.workspace_of(repo, known.record)
    with doomed(repo, workspace, force=force) as saved, transaction(repo, "archive") as tx:
        state = repo.view.lane(name)
        require_commit(f"lane '{name}'", state.record.head, expect)
        refuse_open(state, force=force)
        record = replace(state.record, status=ARCHIVED)
        tx.description = f"archive lane {name}"
        tx.lane(state, record)
    return Archived(record, saved.id if saved else None)


def unarchive(repo: LaneRepo, name: str, *, expect: str | None = None) -> Archived:
    """Make an archived lane active again; it has no workspace until one is created.

    Raises Negative where it is not archived, Raced if the lane is not at `expect`.
    """
    check_expected(expect)
    with transaction(repo, "unarchive") as tx:
        state = repo.view.lane(name)
        require_commit(f"lane '{name}'", state.record.head, expect)
        if state.record.status != ARCHIVED:
            raise Negative(f"nothing to unarchive: lane '{name}' is {state.record.status} already")
        record = replace(state.record, status=ACTIVE)
        tx.description = f"unarchive lane {name}"
        tx.lane(state, record)
    return Archived(record)


def _finish(repo: LaneRepo, state: LaneState, *, force: bool) -> Archived:
    """Remove the workspace that an interrupted archiving left; raises Negative without one."""
    workspace = finding.workspace_of(repo, state.record)
    if workspace is None:
        raise Negative(
            f"nothing to archive: lane '{state.record.name}' is archived already",
            hint="see 'git lanes list --archived'",
        )
    with doomed(repo, workspace, force=force) as saved:
        pass
    return Archived(state.record, saved.id if saved else None)
