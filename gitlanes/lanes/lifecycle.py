"""Making and deleting lanes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes import clock, ids
from gitlanes.errors import Refused
from gitlanes.lanes import forks
from gitlanes.lanes.about import NO_ABOUT, About, directories
from gitlanes.lanes.about import check as check_about
from gitlanes.models.costs import NO_LIMITS, Limits
from gitlanes.models.lanes import Adopted, DeletedLane, NewLane
from gitlanes.models.plain import plain, replace
from gitlanes.models.records import ACTIVE, DELETED, NOT_LANDED, REJECTED, Lane, LaneState
from gitlanes.models.workspaces import Snapshot, Workspace
from gitlanes.store import layout, spending
from gitlanes.store.adopt import adopt, require_adopted_lane
from gitlanes.store.expectation import check_expected, require_commit, require_unbound
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.workspaces import finding, intake, moving, removal
from gitlanes.workspaces import lifecycle as workspaces
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# What else is done in the operation that makes a lane.
Along = Callable[[Transaction, Lane], None]


def init(repo: LaneRepo, name: str = layout.USUAL_NAME) -> Adopted:
    """Adopt the repository in place: lane `name` is bound to the branch in its own directory.

    Working tree, index, branch and config stay as they are. Again, it changes nothing.
    """
    state, fresh = adopt(repo, name)
    root = repo.root()
    if root is not None and states.read(root[0]) is None:
        lane = state.record
        made = states.WorkspaceState(lane.uuid, lane.name, lane.head, lane.head)
        states.write(root[0], made, durable=repo.durable())
    return Adopted(state.record, fresh, root[1] if root else None)


def new(
    repo: LaneRepo,
    name: str,
    *,
    start: str | None = None,
    on: str | None = None,
    workspace: bool = True,
    path: Path | None = None,
    agent: str | None = None,
    about: About = NO_ABOUT,
    sparse: Sequence[str] = (),
    limits: Limits = NO_LIMITS,
    batch: str | None = None,
    exist_ok: bool = False,
    expect: str | None = None,
    along: Along | None = None,
    quick: bool = False,
) -> NewLane:
    """Make a lane, and a workspace for it unless told not to.

    ``start`` is a lane, attempt, snapshot or revision; the adopted lane's head by default. With
    ``on`` it starts from a lane, or from an attempt or snapshot of one, and follows that lane.
    ``agent`` is who owns the lane, ``sparse`` the directories that its workspaces are limited
    to, ``limits`` its budget, ``batch`` the id that it shares with others. With ``exist_ok`` a
    lane of that name is returned as it is. ``along`` gets the new record, and sees to that of the
    lane which it starts from. A ``quick`` one's workspace is not set up. Raises Raced if the start
    is not the commit that ``expect`` (its beginning) names, BadValue for what cannot be recorded,
    NotFound for a sparse directory.
    """
    layout.check_lane_name(name)
    workspaces.check_path(path)
    check_expected(expect)
    check_about(about, batch)
    budget = {"lane": given} if (given := spending.checked(limits)) else {}
    default = _default(repo)
    existing = _completed(repo, name)
    if existing and exist_ok:
        return _existing(repo, existing)
    begun = forks.resolve_on(repo, start, on, default)
    require_commit(f"start of lane '{name}'", begun.commit, expect)
    only = directories(repo, sparse, begun.commit)
    if workspace:
        moving.require_content(repo, begun.commit)
    with transaction(repo, "new", actor=agent) as tx:
        state = repo.view.find(name)
        if state is not None and state.record.live and exist_ok:
            return _existing(repo, state)
        _require_free(repo, state, name, batch)
        record = _record(tx, name, begun, default, state, agent)
        record = replace(record, **plain(about), sparse=only, budget=budget, batch=batch)
        tx.description = f"new lane {name}"
        tx.lane(state, record, parents=[begun.commit])
        (along or partial(_meet, begun.origin))(tx, record)
        if workspace:
            place = workspaces.free_place(repo, name, path, tx.lock)
            workspaces.create_with(tx, record, place, begun.commit, quick=quick)
    # What else the operation did is not to be taken back: then the lane stays.
    undo = partial(_take_back, repo, record, alone=along is None)
    return NewLane(record, workspaces.fill(repo, record, undo).path if workspace else None)


def _meet(origin: LaneState | None, tx: Transaction, lane: Lane) -> None:
    """Let the lane that another one starts from know that its work is elsewhere, too."""
    del lane
    if origin is not None and origin.record.live:
        forks.met(tx, tx.repo.view.find(origin.record.name))


def _completed(repo: LaneRepo, name: str) -> LaneState | None:
    """Return the lane of that name, if it lives, once what a kill left of its making is done."""
    found = repo.view.find(name)
    if found is not None and found.record.status == DELETED:
        _finish_taking_back(repo, found.record)
    if found is None or not found.record.live:
        return None
    workspaces.complete(repo, found.record)
    return found


def _take_back(repo: LaneRepo, lane: Lane, *, alone: bool) -> None:
    """Delete a lane whose workspace could not be set up, unless somebody did something with it."""
    if not alone:
        return
    with transaction(repo, "delete") as tx:
        state = repo.view.find(lane.name)
        if state is None or any(lane.uuid in x.record.parents for x in repo.view.lanes()):
            return
        found = state.record
        if (found.uuid, found.head, found.open) == (lane.uuid, lane.head, ()):
            tx.description = f"delete lane {lane.name}: its workspace could not be set up"
            tx.lane(state, replace(found, status=DELETED))
            tx.drop(layout.head(lane.name))


def _finish_taking_back(repo: LaneRepo, lane: Lane) -> None:
    """Remove the workspace of a deleted lane that never was set up to its end."""
    workspace = finding.workspace_of(repo, lane)
    state = states.read(workspace.git_dir) if workspace is not None else None
    if workspace is not None and state is not None and state.given and state.given.begun:
        removal.discard(repo, workspace)


def delete(
    repo: LaneRepo, name: str, *, force: bool = False, expect: str | None = None
) -> DeletedLane:
    """Delete a lane and its workspace; its records stay readable, and its attempts' content.

    Refuses open attempts, unsaved work and lanes that follow it; with ``force`` the attempts are
    rejected, and the work is snapshotted first. Raises Raced if the lane is not at `expect`.
    """
    check_expected(expect)
    known = repo.view.find(name)
    if known is not None and known.record.status == DELETED:
        return _finish_deletion(repo, known, force=force)
    lane = repo.view.lane(name).record
    require_unbound(lane, "deleted")
    require_commit(f"lane '{name}'", lane.head, expect)
    workspace = finding.workspace_of(repo, lane)
    with doomed(repo, workspace, force=force) as saved, transaction(repo, "delete") as tx:
        state = repo.view.lane(name)
        require_commit(f"lane '{name}'", state.record.head, expect)
        refuse_open(state, force=force)
        _refuse_followed(repo, state, force=force)
        closed = [
            replace(x, status=REJECTED, reason="the lane was deleted", decided=tx.time)
            for x in state.record.open
        ]
        tx.description = f"delete lane {name}"
        tx.lane(state, replace(state.record, status=DELETED, open=()), attempts=closed)
        tx.drop(layout.head(name))
    for left in finding.detached(repo):
        if left.lane_uuid == lane.uuid:
            repo.warn(
                f"workspace '{left.id}' at '{left.path}' stays: remove it with "
                f"'git lanes workspace remove {left.id}'"
            )
    return DeletedLane(state.record, saved.id if saved else None)


def _refuse_followed(repo: LaneRepo, state: LaneState, *, force: bool) -> None:
    """Raise Refused where other lanes follow this one, unless forced.

    Archived ones whose work it has do not count.
    """
    name, uuid = state.record.name, state.record.uuid
    below = (x.record for x in repo.view.lanes() if uuid in x.record.parents)
    names = [x.name for x in below if not x.away or not _landed(x, uuid)]
    if names and not force:
        raise Refused(
            f"lane '{name}' is followed by {', '.join(names)}",
            hint="let them go on without it first "
            f"(git lanes dep remove {names[0]} --on {name}), or use --force",
        )


def _landed(lane: Lane, target: str) -> bool:
    return lane.head in lane.landed.get(target, NOT_LANDED).bases


def _finish_deletion(repo: LaneRepo, state: LaneState, *, force: bool) -> DeletedLane:
    """Remove the workspace that an interrupted deletion left; raises NotFound if there is none."""
    workspace = finding.workspace_of(repo, state.record)
    if workspace is None:
        repo.view.lane(state.record.name)
    with doomed(repo, workspace, force=force) as saved:
        pass
    return DeletedLane(state.record, saved.id if saved else None)


@contextmanager
def doomed(
    repo: LaneRepo,
    workspace: Workspace | None,
    *,
    force: bool,
    saving: bool = False,
    careful: bool = False,
    forcible: bool = True,
) -> Iterator[Snapshot | None]:
    """Remove a lane's workspace, if it has one, once the block has ended well.

    Raises Refused on unsaved work; with `force` or `saving` it is snapshotted first. `careful` and
    `forcible` are as in `removing`.
    """
    if workspace is None:
        yield None
        return
    with removal.removing(
        repo, workspace, force=force, saving=saving, careful=careful, forcible=forcible
    ) as saved:
        yield saved


def _default(repo: LaneRepo) -> LaneState:
    """Return the adopted lane, with what people committed on its branch taken in."""
    found = require_adopted_lane(repo)
    if found.record.bound:
        return intake.catch_up(repo, found.record.name)
    return found


def _require_free(repo: LaneRepo, state: LaneState | None, name: str, batch: str | None) -> None:
    """Raise Refused where a lane has that name, or is being deleted; BadValue for a secret."""
    repo.redactor.require_none(name, "a lane's name")
    repo.redactor.require_none(batch, "a batch's id")
    if state is None:
        return
    if state.record.live:
        raise Refused(f"lane '{name}' exists already", hint=f"see 'git lanes show {name}'")
    if state.record.status == DELETED and finding.workspace_of(repo, state.record) is not None:
        raise Refused(
            f"the deletion of lane '{name}' was interrupted",
            hint=f"finish it with 'git lanes delete {name}'",
        )


def _existing(repo: LaneRepo, state: LaneState) -> NewLane:
    workspace = finding.workspace_of(repo, state.record)
    return NewLane(state.record, workspace.path if workspace else None, created=False)


def _record(
    tx: Transaction,
    name: str,
    start: forks.Start,
    default: LaneState,
    tombstone: LaneState | None,
    agent: str | None,
) -> Lane:
    """Return the first record; a name used again goes on in numbers, so ids stay unique."""
    return Lane(
        name=name,
        uuid=ids.new_id(clock.now()),
        status=ACTIVE,
        head=start.commit,
        fork=start.commit,
        created=tx.time,
        origin=start.origin.record.uuid if start.origin else None,
        parent=start.parent,
        owner=agent,
        next=tombstone.record.next if tombstone else 1,
        namesakes=(tombstone.tip,) if tombstone else (),
        spent=spending.begun_again(tx.repo, tombstone.record if tombstone else None),
        landed=forks.landed_from(tx.repo, start, default),
    )


def refuse_open(state: LaneState, *, force: bool) -> None:
    """Raise Refused where attempts wait for a decision, unless forced."""
    if state.record.open and not force:
        names = ", ".join(x.id for x in state.record.open)
        raise Refused(
            f"lane '{state.record.name}' has open attempts: {names}",
            hint="accept or reject them first, or use --force",
        )
