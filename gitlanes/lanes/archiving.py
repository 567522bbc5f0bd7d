"""Putting lanes away without deleting them, and bringing them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.errors import Negative, Raced, Refused
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
    repo: LaneRepo,
    lane: str | None = None,
    *,
    force: bool = False,
    saving: bool = False,
    tip: str | None = None,
    expect: str | None = None,
) -> Archived:
    """Put a lane away: listings leave it out, it takes no work, and its workspace goes.

    Without a name it is the lane in whose workspace one stands. Refuses open attempts and
    unsaved work; with ``force`` the attempts stay open, to be decided once the lane is back, and
    the work is snapshotted first; with ``saving`` that alone. Raises Negative where it is archived
    already, Raced if the lane is not at `expect`, or its journal not at `tip`.
    """
    check_expected(expect)
    known = finding.lane_or_present(repo, lane)
    name = known.record.name
    if known.record.away:
        return _finish(repo, known, force=force)
    if known.record.bound or known.record.extra.get("adopted"):
        raise Refused(f"lane '{name}' is the repository's own", hint="other lanes can be archived")
    require_commit(f"lane '{name}'", known.record.head, expect)
    workspace = finding.workspace_of(repo, known.record)
    going = doomed(repo, workspace, force=force, saving=saving)
    with going as saved, transaction(repo, "archive") as tx:
        state = repo.view.lane(name)
        require_unchanged(state, tip)
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
        if not state.record.away:
            raise Negative(f"nothing to unarchive: lane '{name}' is {state.record.status} already")
        record = replace(state.record, status=ACTIVE)
        tx.description = f"unarchive lane {name}"
        tx.lane(state, record)
    return Archived(record)


def require_unchanged(state: LaneState, tip: str | None) -> None:
    """Raise Raced unless a lane's journal is where it was when that was decided; None: anywhere."""
    if tip is not None and state.tip != tip:
        raise Raced(f"lane '{state.record.name}' was changed meanwhile", hint="look at it anew")


def require_away(name: str, state: LaneState | None) -> None:
    """Raise Raced unless a lane is archived, or no lane any more."""
    if state is not None and state.record.live and not state.record.away:
        raise Raced(f"lane '{name}' was brought back meanwhile", hint="look at it anew")


def _finish(repo: LaneRepo, state: LaneState, *, force: bool) -> Archived:
    """Remove the workspace that an interrupted archiving left; raises Negative without one."""
    workspace = finding.workspace_of(repo, state.record)
    if workspace is None:
        raise Negative(
            f"nothing to archive: lane '{state.record.name}' is {state.record.status} already",
            hint="see 'git lanes list --archived'",
        )
    with doomed(repo, workspace, force=force) as saved:
        pass
    return Archived(state.record, saved.id if saved else None)
