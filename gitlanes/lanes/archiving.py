"""Putting lanes away without deleting them, and bringing them back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.errors import Negative
from gitlanes.lanes.lifecycle import doomed, refuse_open
from gitlanes.models.lanes import Archived
from gitlanes.models.plain import replace
from gitlanes.models.records import ACTIVE, ARCHIVED, LaneState
from gitlanes.store.expectation import check_expected, require_commit, require_unbound
from gitlanes.store.transaction import transaction
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Unasked(NamedTuple):
    """That a lane is archived by a rule, not by somebody who named it.

    ``still`` is called under the repository's lock, and raises where it is not to be any more.
    With ``saving`` unsaved work is snapshotted; else that, and ignored files always, refuse.
    """

    still: Callable[[LaneState], None]
    saving: bool = False


def archive(
    repo: LaneRepo,
    lane: str | None = None,
    *,
    force: bool = False,
    expect: str | None = None,
    unasked: Unasked | None = None,
) -> Archived:
    """Put a lane away: listings leave it out, it takes no work, and its workspace goes.

    Without a name it is the lane in whose workspace one stands. Refuses open attempts and
    unsaved work; with ``force`` the attempts stay open, to be decided once the lane is back, and
    the work is snapshotted first. Raises Negative where it is archived already, Raced if the lane
    is not at `expect`.
    """
    check_expected(expect)
    known = finding.lane_or_present(repo, lane)
    name = known.record.name
    if known.record.away:
        return _finish(repo, known, force=force, unasked=unasked is not None)
    require_unbound(known.record, "archived")
    require_commit(f"lane '{name}'", known.record.head, expect)
    workspace = finding.workspace_of(repo, known.record)
    saving, careful = bool(unasked and unasked.saving), unasked is not None
    going = doomed(repo, workspace, force=force, saving=saving, careful=careful)
    with going as saved, transaction(repo, "archive") as tx:
        state = repo.view.lane(name)
        require_commit(f"lane '{name}'", state.record.head, expect)
        if unasked is not None:
            unasked.still(state)
        refuse_open(state, force=force)
        why = None if state.record.conflict else state.record.why
        record = replace(state.record, status=ARCHIVED, why=why, conflict=None)
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


def _finish(repo: LaneRepo, state: LaneState, *, force: bool, unasked: bool) -> Archived:
    """Remove the workspace that an interrupted archiving left; raises Negative without one.

    Nobody has to do that ``unasked``: another one may be at it.
    """
    workspace = None if unasked else finding.workspace_of(repo, state.record)
    if workspace is None:
        raise Negative(
            f"nothing to archive: lane '{state.record.name}' is {state.record.status} already",
            hint="see 'git lanes list --archived'",
        )
    with doomed(repo, workspace, force=force) as saved:
        pass
    return Archived(state.record, saved.id if saved else None)
