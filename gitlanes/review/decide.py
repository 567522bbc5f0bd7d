"""Accepting and rejecting attempts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes.combine.assembly import plan_landing
from gitlanes.errors import Collision, NotFound, Refused
from gitlanes.models.notes import NO_JUDGEMENT, Judgement
from gitlanes.models.plain import Model, plain, replace
from gitlanes.models.records import (
    ACCEPTED,
    ACTIVE,
    REJECTED,
    SUPERSEDED,
    Attempt,
    Landed,
    Lane,
    LaneState,
)
from gitlanes.models.results import CollidingPath, Decided
from gitlanes.store import records
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.attribution import colliding_paths
from gitlanes.store.expectation import require_commit
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.workspaces import binding, capture, finding, intake
from gitlanes.workspaces import state as states

if TYPE_CHECKING:
    from gitlanes.models.workspaces import Workspace
    from gitlanes.store.lane_repo import LaneRepo


class Landing(Model):
    """An attempt accepted: the lane's record after it, and the commit that stands in it."""

    record: Lane
    attempt: Attempt
    head: str
    superseded: tuple[Attempt, ...]
    convergent: tuple[bytes, ...]


def accept(
    repo: LaneRepo,
    attempt_id: str,
    judgement: Judgement = NO_JUDGEMENT,
    *,
    expect: str | None = None,
) -> Decided:
    """Make an open attempt part of its lane's head.

    Where the lane moved on since it was proposed, its changes are laid on the present head by
    paths; a path that both touched raises Collision, and the attempt stays proposed.
    """
    name, lane = _lane_of(repo, attempt_id)
    workspace = finding.workspace_of(repo, lane)
    if lane.bound:
        intake.take_in(repo, name)
    with transaction(repo, "accept", actor=judgement.by) as tx:
        state = repo.view.lane(name)
        require_open_lane(state.record)
        require_commit(f"lane '{name}'", state.record.head, expect)
        attempt = _require_open(repo, state, attempt_id)
        landing = land(tx, state.record, replace(attempt, by=judgement.by, reason=judgement.reason))
        records.add_judgement(tx, attempt, True, judgement)
        tx.description = f"accept {attempt.id}: {attempt.title}"
        changed = [landing.attempt, *landing.superseded]
        tx.lane(state, landing.record, parents=[landing.head], attempts=changed)
    if workspace is not None and not workspace.root:
        _rebase_workspace(repo, workspace, state.record, landing)
    following = binding.follow(repo, name) if lane.bound else None
    names = tuple(x.id for x in landing.superseded)
    return Decided(landing.attempt, names, landing.convergent, following)


def reject(
    repo: LaneRepo,
    attempt_id: str,
    judgement: Judgement = NO_JUDGEMENT,
    *,
    expect: str | None = None,
) -> Decided:
    """Turn an open attempt down; it stays readable, and the workspace's files stay.

    The next proposal carries the same Change-Id on unless told otherwise.
    """
    name, lane = _lane_of(repo, attempt_id)
    with transaction(repo, "reject", actor=judgement.by) as tx:
        state = repo.view.lane(name)
        require_commit(f"lane '{name}'", state.record.head, expect)
        attempt = _require_open(repo, state, attempt_id)
        decided = replace(
            attempt,
            status=REJECTED,
            by=judgement.by,
            reason=judgement.reason,
            decided=tx.time,
        )
        records.add_judgement(tx, attempt, False, judgement)
        tx.description = f"reject {attempt.id}: {judgement.reason or attempt.title}"
        still_open = tuple(x for x in state.record.open if x.id != attempt.id)
        record = replace(state.record, open=still_open, change=attempt.change_id)
        tx.lane(state, record, attempts=[decided])
    workspace = finding.workspace_of(repo, lane)
    if workspace is not None and not workspace.root and Path(workspace.path).is_dir():
        with capture.held(repo, workspace) as hold:
            hold.move_back(attempt.commit)
    return Decided(decided)


def land(tx: Transaction, lane: Lane, attempt: Attempt) -> Landing:
    """Lay an attempt on its lane's head, within a transaction; raises Collision.

    The same commit stands in the history where the lane has not moved since, otherwise one
    with the same message, and so the same Change-Id, that carries the records on.
    """
    head, convergent = _head_after(tx, lane, attempt)
    if head != attempt.commit:
        records.copy(tx, attempt.commit, head)
    accepted = replace(attempt, status=ACCEPTED, landed=head, decided=tx.time)
    rivals = [x for x in lane.open if x.change_id == attempt.change_id and x.id != attempt.id]
    gone = tuple(replace(x, status=SUPERSEDED, decided=tx.time) for x in rivals)
    closed = {attempt.id, *(x.id for x in gone)}
    record = replace(
        lane,
        head=head,
        change=None,
        open=tuple(x for x in lane.open if x.id not in closed),
        landed=_with_merged(tx.repo, lane, attempt),
    )
    return Landing(record, accepted, head, gone, convergent)


def require_open_lane(lane: Lane) -> None:
    """Raise Refused unless the lane takes new work."""
    if lane.status != ACTIVE:
        raise Refused(f"lane '{lane.name}' is {lane.status}", hint="only active lanes take work")


def collision(
    message: str, collisions: tuple[CollidingPath, ...], hint: str, **data: object
) -> Collision:
    """Return the error for paths that both sides touched."""
    return Collision(message, hint=hint, data={"collisions": plain(collisions), **plain(data)})


def _head_after(tx: Transaction, lane: Lane, attempt: Attempt) -> tuple[str, tuple[bytes, ...]]:
    repo, store, head = tx.repo, tx.repo.objects, str(lane.head)
    if attempt.base == head:
        return attempt.commit, ()
    base = str(attempt.base)
    plan = plan_landing(
        store,
        repo.git,
        bases=[store.commit(base).tree],
        source=attempt.tree,
        target=store.commit(head).tree,
    )
    if plan.tree is None:
        paths = colliding_paths(repo, plan, plan.collisions, [base], [attempt.commit, head])
        raise collision(
            f"{attempt.id} collides with lane '{lane.name}' on {len(paths)} path(s)",
            paths,
            f"redo the work on the lane's head, or reject it: git lanes reject {attempt.id}",
            attempt=attempt.id,
            lane=lane.name,
            base=[base],
        )
    who = repo.identity()
    proposed = store.commit(attempt.commit)
    oid = store.write_commit(
        plan.tree, [head], proposed.message, author=proposed.author, committer=who.committer
    )
    return oid, plan.convergent


def _with_merged(repo: LaneRepo, lane: Lane, attempt: Attempt) -> dict[str, Landed]:
    """Return where the lane stands towards others, with what the agent merged in itself.

    A merged head replaces the earlier base if it has the earlier landing; if not, a path
    counts as changed when it differs from either.
    """
    landed = dict(lane.landed)
    for uuid, commit in attempt.merged.items():
        known = landed.get(uuid)
        if known is None or known.at is None or is_ancestor(repo, known.at, commit):
            landed[uuid] = Landed((commit,), commit, known.source if known else None)
        else:
            landed[uuid] = replace(known, bases=(*known.bases, commit))
    return landed


def _lane_of(repo: LaneRepo, attempt_id: str) -> tuple[str, Lane]:
    attempt = repo.view.attempt(attempt_id)
    lane = repo.view.lane(attempt.lane).record
    return lane.name, lane


def _require_open(repo: LaneRepo, state: LaneState, attempt_id: str) -> Attempt:
    found = next((x for x in state.record.open if x.id == attempt_id), None)
    if found is not None:
        return found
    known = repo.view.attempt(attempt_id)
    if known.open:
        raise NotFound("open attempt", attempt_id)
    by = f" by {known.by}" if known.by else ""
    raise Refused(
        f"{attempt_id} is {known.status} already{by}",
        hint="only proposed attempts can be decided; propose the work again",
        data={"attempt": attempt_id, "status": known.status},
    )


def _rebase_workspace(repo: LaneRepo, workspace: Workspace, before: Lane, landing: Landing) -> None:
    """Let the workspace count its next changes from the accepted work; its files stay.

    Only where its content is known to hold that work; otherwise it stays based where it was,
    and the same changes are convergent next time.
    """
    if not Path(workspace.path).is_dir():
        return
    attempt = landing.attempt
    with capture.held(repo, workspace) as hold:
        if hold.state.base == attempt.base:
            base = attempt.commit
        elif hold.state.base == before.head:
            base = landing.head
        else:
            return
        hold.state = replace(hold.state, base=base)
        states.write(hold.git_dir, hold.state)
