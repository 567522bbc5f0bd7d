"""Conflicts that a sync left: told, laid out in the workspace, and given up."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitlanes.errors import Negative, Refused
from gitlanes.git import index
from gitlanes.graph import marking
from gitlanes.graph.asking import sides
from gitlanes.graph.marking import Stopped
from gitlanes.models.plain import plain, replace
from gitlanes.models.records import ACTIVE, CONFLICTED, LaneState
from gitlanes.models.sync import Abandoned, Conflict, Conflicts, Started
from gitlanes.review import decide
from gitlanes.store import codec
from gitlanes.store.expectation import check_expected, require_commit
from gitlanes.store.transaction import transaction
from gitlanes.workspaces import capture, claims, edits, finding, restoring, updating
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# Paths that are told in one line.
_NAMED = 5


def listing(repo: LaneRepo, *, stale: bool = False) -> Conflicts:
    """Return the conflicts that wait; with ``stale`` those whose lanes have moved since."""
    repo.view.require_adopted()
    waiting = [x for x in repo.view.lanes() if x.record.status == CONFLICTED]
    found = [_told(repo, x) for x in waiting]
    return Conflicts(tuple(x for x in found if x.stale or not stale))


def show(repo: LaneRepo, lane: str | None = None) -> Conflict:
    """Return a lane's conflict with the intents of both sides; raises Refused without one."""
    state = finding.lane_or_present(repo, lane)
    told = _told(repo, state)
    touched = [x.collision for x in told.paths if x.collision is not None]
    mine, theirs = sides(repo, told.commit, touched)
    return replace(told, mine=mine, theirs=theirs)


def start(
    repo: LaneRepo,
    lane: str | None = None,
    *,
    force: bool = False,
    by: str | None = None,
    expect: str | None = None,
) -> Started:
    """Lay a conflict out in the lane's workspace, with diff3 markers, for `continue`.

    HEAD goes to what is laid already. Raises Refused for unsaved work there; with ``force`` that
    is snapshotted first. Raises Negative where it lies there, Raced if the lane is not at `expect`.
    """
    check_expected(expect)
    state = finding.lane_or_present(repo, lane)
    stopped = marking.read(repo, state)
    workspace = finding.require_workspace(repo, state.record)
    with capture.held(repo, workspace) as hold:
        head = repo.view.lane(hold.workspace.lane).record.head
        require_commit(f"lane '{hold.workspace.lane}'", head, expect)
        claims.require_own(repo, hold.state, agent=by, force=force)
        if hold.state.base == below(repo, stopped) and not force:
            raise Negative(
                f"the conflict of lane '{state.record.name}' is laid out already",
                hint=f"resolve it in '{workspace.path}', or begin again with --force",
            )
        updating.require_settled(hold)
        updating.require_no_commits(repo, hold, below(repo, stopped))
        new = repo.objects.commit(stopped.files).tree
        stock = restoring.take_stock(repo, hold, new)
        saved = restoring.set_aside(repo, hold, stock, force=force, active=False)
        step = states.Step(states.RESTORE, old=stock.tree, new=new, base=below(repo, stopped))
        restoring.become(repo, hold, stock, step)
        _write_outside(hold, stopped)
    return Started(_told(repo, state), workspace.path, saved)


def _write_outside(hold: capture.Held, stopped: Stopped) -> None:
    """Write the files in conflict that a sparse checkout leaves out, for people to edit them."""
    own, top = os.path.join(hold.git_dir, "index"), os.fsencode(hold.workspace.path)
    paths = [x for one in stopped.paths for x in (one.path, one.beside) if x]
    known = index.staged_entries(hold.git, own, paths)
    missing = [x for x in known if not os.path.lexists(os.path.join(top, x))]
    if missing:
        index.restore_paths(hold.git, stopped.files, missing, (hold.lock,), everywhere=True)


def abandon(repo: LaneRepo, lane: str | None = None, *, expect: str | None = None) -> Abandoned:
    """Give a conflict up: the lane is active with the head that it had, its workspace clean.

    What was edited there is snapshotted first. Raises Refused without a conflict, Raced.
    """
    check_expected(expect)
    name = finding.lane_or_present(repo, lane).record.name
    with decide.holding(repo, finding.workspace_of(repo, repo.view.lane(name).record)) as hold:
        state = repo.view.lane(name)
        if state.record.status != CONFLICTED:
            marking.read(repo, state)
        back = _way_back(repo, hold, state) if hold else None
        with transaction(repo, "conflict") as tx:
            state = repo.view.lane(name)
            require_commit(f"lane '{name}'", state.record.head, expect)
            if state.record.status != CONFLICTED:
                marking.read(repo, state)
            tx.description = f"abandon the conflict of lane {name}"
            tx.lane(state, replace(state.record, status=ACTIVE, why=None, conflict=None))
            if back is not None:
                back.mark(tx, state.tip, str(state.record.head))
        if back is not None:
            with capture.afterwards(repo):
                back.go()
    return Abandoned(name, str(state.record.head), back.saved if back else None)


def require_clean(repo: LaneRepo, hold: capture.Held) -> None:
    """Raise Refused for unsaved work in a workspace in which a conflict is to be laid out."""
    unsaved = [path for _, path in edits.unsaved(repo, hold.workspace)]
    if unsaved:
        count = f"{len(unsaved)} unsaved file{'' if len(unsaved) == 1 else 's'}"
        raise Refused(
            f"workspace '{hold.workspace.id}' has {count}",
            hint="commit them first, or sync without laying the conflict out",
            data={"in_the_way": plain(unsaved)},
        )


def why(stopped: Stopped) -> str:
    """Return in one line what a lane collides with, and on which paths."""
    paths = dict.fromkeys(x.path for x in stopped.paths)
    names = [codec.one_line(os.fsdecode(x), 80) for x in paths]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    onto = ", ".join(x.lane for x in stopped.onto)
    return f"it collides with {onto} on {', '.join(names[:_NAMED])}{more}"


def below(repo: LaneRepo, stopped: Stopped) -> str:
    """Return the commit that is laid already: the base of a workspace with the conflict in it."""
    return repo.objects.commit(stopped.files).parents[0]


def _way_back(repo: LaneRepo, hold: capture.Held, state: LaneState) -> restoring.Return | None:
    """Prepare the way back to the lane's head of a workspace in which the conflict lies."""
    head = str(state.record.head)
    if hold.state.base == head or state.record.conflict is None:
        return None
    files = marking.read(repo, state).files
    if hold.state.base != repo.objects.commit(files).parents[0]:
        return None
    return restoring.Return(repo, hold, head, repo.objects.commit(files).tree)


def _told(repo: LaneRepo, state: LaneState) -> Conflict:
    stopped = marking.read(repo, state)
    lane = state.record
    place = finding.workspace_of(repo, lane)
    there = states.read(place.git_dir) if place and not place.root else None
    heads = [(repo.view.by_uuid(x.uuid, x.lane), x.head) for x in stopped.onto]
    return Conflict(
        lane=lane.name,
        onto=tuple(x.lane for x in stopped.onto),
        strategy=stopped.strategy,
        since=stopped.since,
        attempt=stopped.attempt,
        commit=stopped.commit,
        files=stopped.files,
        paths=stopped.paths,
        started=there is not None and there.base == below(repo, stopped),
        stale=lane.head != stopped.head or any(x is None or x.record.head != y for x, y in heads),
    )
