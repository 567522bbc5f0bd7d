"""Accepting and rejecting attempts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes.combine.assembly import plan_landing
from gitlanes.errors import GitFailed, Refused
from gitlanes.gates.clearance import Clearance
from gitlanes.git import index
from gitlanes.models.events import Event
from gitlanes.models.notes import NO_JUDGEMENT, Evaluation, Judgement
from gitlanes.models.plain import Model, replace
from gitlanes.models.records import (
    ACCEPTED,
    REJECTED,
    Attempt,
    Landed,
    Lane,
    LaneState,
)
from gitlanes.models.results import Decided
from gitlanes.plugins import around
from gitlanes.review import standing
from gitlanes.store import records
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.attribution import colliding_paths, collision
from gitlanes.store.expectation import require_active, require_commit
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.workspaces import binding, capture, claims, finding, intake, restoring

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


def accept_work(
    repo: LaneRepo,
    attempt_id: str,
    judgement: Judgement = NO_JUDGEMENT,
    *,
    clearance: Clearance,
    expect: str | None = None,
) -> Decided:
    """Make an open attempt of work part of its lane's head; a promotion has rules of its own.

    Where the lane moved on since it was proposed, its changes are laid on the present head by
    paths; a path that both touched raises Collision, and the attempt stays proposed. Raises
    Unjudged where gates are to be asked first.
    """
    name, lane = _lane_of(repo, attempt_id)
    workspace = finding.workspace_of(repo, lane)
    if lane.bound:
        intake.catch_up(repo, name)
    with holding(repo, workspace) as hold:
        with transaction(repo, "accept", actor=judgement.by) as tx:
            state = repo.view.lane(name)
            landing = _accept(tx, state, attempt_id, judgement, expect, clearance)
            base = hold and _base_after(repo, hold, state.record, landing)
            head = hold.state.head if hold else None
            along = bool(hold and base and _goes_along(repo, hold, base))
            if hold and base:
                old, new = (head, base) if along else (None, None)
                hold.mark(tx, state.tip, base=base, old=old, new=new)
        if hold and base:
            with capture.afterwards(repo):
                hold.rebase(base, with_head=along)
    following = binding.follow(repo, name) if lane.bound else None
    names = tuple(x.id for x in landing.superseded)
    return Decided(landing.attempt, names, landing.convergent, following)


def reject(
    repo: LaneRepo,
    attempt_id: str,
    judgement: Judgement = NO_JUDGEMENT,
    *,
    reset: bool = False,
    expect: str | None = None,
    evaluations: tuple[Evaluation, ...] = (),
) -> Decided:
    """Turn an open attempt down; it stays readable, and the workspace's files stay.

    With `reset` the workspace goes back to the lane's head; what else is in it is snapshotted
    first. The next proposal carries the same Change-Id on unless told otherwise. ``evaluations``
    are what gates said of it.
    """
    event = Event("reject", repo.place.common_dir, attempt=attempt_id, agent=judgement.by)
    with around(event, repo.state_directory, repo.warn) as told:
        made = _turn_down(repo, attempt_id, judgement, evaluations, reset, expect)
        told.result = made
    return made


def _turn_down(
    repo: LaneRepo,
    attempt_id: str,
    judgement: Judgement,
    evaluations: tuple[Evaluation, ...],
    reset: bool,
    expect: str | None,
) -> Decided:
    name, lane = _lane_of(repo, attempt_id)
    with holding(repo, finding.workspace_of(repo, lane)) as hold:
        going = _going(repo, hold, lane, attempt_id, judgement.by) if reset else None
        with transaction(repo, "reject", actor=judgement.by) as tx:
            state = repo.view.lane(name)
            decided = _reject(tx, state, attempt_id, judgement, expect)
            records.add_evaluations(tx, decided.commit, evaluations, decided)
            back = _under(state.record, decided, hold) if hold else None
            if going:
                going.mark(tx, state.tip, str(state.record.head))
            elif hold and back:
                hold.mark(tx, state.tip, base=hold.state.base, old=decided.commit, new=back)
        moved = None
        if going:
            with capture.afterwards(repo):
                moved = going.go()
        elif hold and back:
            with capture.afterwards(repo):
                hold.move_back(back)
    return Decided(decided, reset=moved)


def _accept(
    tx: Transaction,
    state: LaneState,
    attempt_id: str,
    judgement: Judgement,
    expect: str | None,
    clearance: Clearance,
) -> Landing:
    require_active(state.record)
    require_commit(f"lane '{state.record.name}'", state.record.head, expect)
    attempt = standing.require_open(tx.repo, state, attempt_id)
    standing.require_decided(tx.repo, attempt)
    said = replace(attempt, by=judgement.by, reason=judgement.reason)
    landing = land(tx, state.record, said, clearance)
    records.add_judgement(tx, attempt, True, judgement)
    tx.description = f"accept {attempt.id}: {attempt.title}"
    changed = [landing.attempt, *landing.superseded]
    parents = [landing.head] if landing.head != attempt.commit else []
    tx.lane(state, landing.record, parents=parents, attempts=changed)
    return landing


def _reject(
    tx: Transaction, state: LaneState, attempt_id: str, judgement: Judgement, expect: str | None
) -> Attempt:
    require_active(state.record)
    require_commit(f"lane '{state.record.name}'", state.record.head, expect)
    attempt = standing.require_open(tx.repo, state, attempt_id)
    record, decided = turned_down(tx, state.record, attempt, judgement)
    tx.lane(state, record, attempts=[decided])
    return decided


def turned_down(
    tx: Transaction, lane: Lane, attempt: Attempt, judgement: Judgement
) -> tuple[Lane, Attempt]:
    """Return a lane's record and an open attempt of it once that is rejected, and note why."""
    decided = replace(
        attempt, status=REJECTED, by=judgement.by, reason=judgement.reason, decided=tx.time
    )
    records.add_judgement(tx, attempt, False, judgement)
    tx.description = f"reject {attempt.id}: {judgement.reason or attempt.title}"
    record = replace(
        lane,
        open=tuple(x for x in lane.open if x.id != attempt.id),
        change=attempt.change_id if attempt.promotion is None else lane.change,
        landed=_with_rejected(lane, attempt),
        mingled=lane.mingled or bool(attempt.merged),
    )
    return record, decided


@contextmanager
def holding(repo: LaneRepo, workspace: Workspace | None) -> Iterator[capture.Held | None]:
    """Hold a lane's workspace where it has one that goes along with decisions."""
    if workspace is None or workspace.root or not Path(workspace.path).is_dir():
        yield None
    else:
        with capture.held(repo, workspace) as hold:
            yield hold


def _going(
    repo: LaneRepo, hold: capture.Held | None, lane: Lane, attempt_id: str, by: str | None
) -> restoring.Return:
    """Prepare the way back to the head of a workspace whose content is rejected."""
    if hold is None:
        finding.require_workspace(repo, lane)
        raise Refused(
            "the repository's own directory is not reset",
            hint=f"reject it without --reset, then: git lanes restore {lane.name} {lane.name}",
        )
    claims.require_own(repo, hold.state, agent=by)
    attempt = standing.require_open(repo, repo.view.lane(lane.name), attempt_id)
    return restoring.Return(repo, hold, str(lane.head), attempt.tree)


def land(tx: Transaction, lane: Lane, attempt: Attempt, clearance: Clearance) -> Landing:
    """Lay an attempt on its lane's head, within a transaction; raises Collision.

    Raises what `Clearance.require` raises, before anything is noted in the transaction.

    The same commit stands in the history where the lane has not moved since, otherwise one
    with the same message, and so the same Change-Id, that carries the records on.
    """
    head, convergent = _head_after(tx, lane, attempt)
    cleared = clearance.within(lane, tx.repo.objects.commit(head).tree)
    records.add_evaluations(tx, attempt.commit, cleared.evaluations, attempt)
    attempt = replace(attempt, waived=cleared.waived or None)
    if head != attempt.commit:
        tx.carry_notes(attempt.commit, head)
    accepted = replace(attempt, status=ACCEPTED, landed=head, decided=tx.time)
    gone = standing.replaced(standing.rivals(lane, attempt), attempt, tx.time)
    closed = {attempt.id, *(x.id for x in gone)}
    record = replace(
        lane,
        head=head,
        # Beside a part of another change, what was turned down still waits for its retry.
        change=None if attempt.whole or attempt.change_id == lane.change else lane.change,
        open=tuple(x for x in lane.open if x.id not in closed),
        landed=with_merged(tx.repo, lane, attempt),
    )
    return Landing(record, accepted, head, gone, convergent)


def _head_after(tx: Transaction, lane: Lane, attempt: Attempt) -> tuple[str, tuple[bytes, ...]]:
    repo, store, head = tx.repo, tx.repo.objects, str(lane.head)
    if attempt.base == head:
        return attempt.commit, ()
    # A commit that collides leaves no attempt behind.
    tree, convergent = laid(repo, lane, attempt, known=tx.verb == "accept")
    who = repo.identity()
    proposed = store.commit(attempt.commit)
    oid = store.write_own_commit(
        tree, [head], proposed.message, author=proposed.author, committer=who.committer
    )
    return oid, convergent


def laid(
    repo: LaneRepo, lane: Lane, attempt: Attempt, *, known: bool = True
) -> tuple[str, tuple[bytes, ...]]:
    """Return the tree of an attempt laid on its lane's head, and what is convergent.

    Raises Collision, which names the attempt where it is `known` already.
    """
    store, base, head = repo.objects, str(attempt.base), str(lane.head)
    if base == head:
        return attempt.tree, ()
    plan = plan_landing(
        store,
        repo.git,
        bases=[store.commit(base).tree],
        source=attempt.tree,
        target=store.commit(head).tree,
    )
    if plan.tree is not None:
        return plan.tree, plan.convergent
    paths = colliding_paths(repo, plan, plan.collisions, [base], [attempt.commit, head])
    raise collision(
        f"{attempt.id if known else 'the work'} collides with the head of lane "
        f"'{lane.name}' on {len(paths)} path{'' if len(paths) == 1 else 's'}",
        paths,
        "redo the work on the lane's head, or "
        + (f"git lanes reject {attempt.id}" if known else f"git lanes propose {lane.name}"),
        attempt=attempt.id if known else None,
        lane=lane.name,
        base=[base],
    )


def laid_tree(repo: LaneRepo, state: LaneState, attempt: Attempt) -> str:
    """Return the tree that accepting an open attempt now would give; raises Collision."""
    return laid(repo, state.record, attempt)[0]


def with_merged(repo: LaneRepo, lane: Lane, attempt: Attempt) -> dict[str, Landed]:
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


def _with_rejected(lane: Lane, attempt: Attempt) -> dict[str, Landed]:
    """Return where the lane stands towards others after a rejection of what had merged them.

    The files may or may not hold the merge still, so it becomes a base beside the others: a
    path that differs from any of them counts as changed, and nothing is reverted unseen.
    """
    landed = dict(lane.landed)
    for uuid, commit in attempt.merged.items():
        known = landed.get(uuid, Landed(()))
        landed[uuid] = replace(known, bases=(*known.bases, commit))
    return landed


def _lane_of(repo: LaneRepo, attempt_id: str) -> tuple[str, Lane]:
    name = repo.view.attempt_in(attempt_id)[1].record.name
    return name, repo.view.lane(name).record


def _goes_along(repo: LaneRepo, hold: capture.Held, base: str) -> bool:
    """Say whether HEAD goes to the new base: not if it is at an offer made on top of that."""
    head = hold.state.head
    return hold.is_at(head) and not is_ancestor(repo, base, str(head))


def _under(lane: Lane, rejected: Attempt, hold: capture.Held) -> str | None:
    """Return where HEAD goes back to if it is at a rejected attempt: what that stood on."""
    if not hold.is_at(rejected.commit):
        return None
    under = next((x.commit for x in lane.open if x.id == rejected.on), None)
    return under or hold.state.base


def _base_after(repo: LaneRepo, hold: capture.Held, before: Lane, landing: Landing) -> str | None:
    """Return what the workspace counts its next changes from, None if that stays as it is.

    It is the accepted work where the content is known to hold that; otherwise the same
    changes are convergent next time.
    """
    if not _holds(repo, hold, landing.attempt):
        return None
    if hold.state.base == landing.attempt.base:
        return landing.attempt.commit
    return landing.head if hold.state.base == before.head else None


def _holds(repo: LaneRepo, hold: capture.Held, attempt: Attempt) -> bool:
    """Say whether an attempt's work is in the workspace: HEAD has it, or the files are equal."""
    from gitlanes.git.trees import changed_paths

    head = hold.git.run("rev-parse", "--verify", "--quiet", "HEAD", check=False).text
    if head and is_ancestor(repo, attempt.commit, head):
        return True
    base = repo.objects.commit(str(attempt.base)).tree
    changes = changed_paths(repo.objects, repo.git, base, attempt.tree)
    try:
        hold.stage_more(list(changes))
        staged = index.staged_entries(hold.git, hold.index, list(changes))
    except GitFailed:  # a directory with other files in an attempt's place
        return False
    finally:
        hold.drop_index()
    return all(staged.get(path) == new for path, (_, new) in changes.items())
