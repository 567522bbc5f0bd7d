"""Taking in what people committed on a bound lane's branch with plain git."""

from __future__ import annotations

from collections.abc import Container
from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.combine.assembly import plan_landing
from gitlanes.errors import Refused
from gitlanes.git.trailers import add_change_id
from gitlanes.models.plain import replace
from gitlanes.models.records import Lane, LaneState
from gitlanes.store import foreign, layout
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.imports import bring_along, brought, imported
from gitlanes.store.transaction import Transaction, settled, transaction
from gitlanes.store.unrecorded import agree
from gitlanes.workspaces import binding
from gitlanes.workspaces.branches import (
    AGREED,
    COLLIDES,
    IMPORTED,
    LAGS,
    TO_DECIDE,
    agreed_on,
    explain,
    is_elsewhere,
    relation,
)

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def take_in(repo: LaneRepo, name: str) -> tuple[LaneState, str]:
    """Let a lane's head catch up with its branch; return the lane, and how the two stood.

    'imported': the branch went on, and its commits are part of the lane now; where the lane
    had moved, too, one merge commit joins them by paths. 'collides', 'diverged' (the branch
    was amended or rebased), 'reset' and 'missing' change nothing; `explain` has the ways out. A
    branch that lags behind, as an interrupted following leaves it, is brought to the head. An
    unbound lane has only its own head seen to.
    """
    state = settled(repo, name)
    how = relation(repo, state.record)
    if how == IMPORTED:
        with transaction(repo, "import") as tx:
            state = repo.view.lane(name)
            how = relation(repo, state.record)
            if how == IMPORTED:
                how = _import(tx, state)
        state = repo.view.lane(name)
    lane = state.record
    if lane.bound and (how in (LAGS, IMPORTED) or binding.interrupted(repo)):
        binding.follow(repo, name)
    elif lane.bound and how == AGREED and _is_news(repo, lane):
        agree(repo, name, str(lane.head))  # people brought the branch along by themselves
    return state, how


def _is_news(repo: LaneRepo, lane: Lane) -> bool:
    """Say whether branch and head were brought to the same commit by somebody else."""
    return repo.refs.target(layout.seen(lane.name)) != lane.head and not is_elsewhere(repo, lane)


def catch_up(repo: LaneRepo, name: str) -> LaneState:
    """Take in the branch's commits, with a warning where that needs a person's decision.

    Returns the lane as it is after that.
    """
    state, how = take_in(repo, name)
    if how in TO_DECIDE:
        repo.warn("; ".join(explain(state.record, how)))
    return state


def caught_up(repo: LaneRepo, *states: LaneState, in_place: Container[str] = ()) -> list[LaneState]:
    """Let several lanes catch up, and return them; what one takes in may tell of another.

    `in_place` has the tips of those whose heads were in place when they were read.
    """
    known = all(x.tip in in_place for x in states)
    if not any(x.record.bound for x in states) and (known or repo.view.unmoved(*states)):
        return list(states)
    return repo.view.again(*(catch_up(repo, x.record.name) for x in states))


def foreseen(repo: LaneRepo, state: LaneState) -> LaneState:
    """Return a lane as `take_in` would leave it; nothing moves."""
    lane = state.record
    actual = repo.refs.target(layout.head(lane.name))
    if actual != lane.head and foreign.relation(repo, lane, actual) == foreign.FORWARD:
        lane = replace(lane, head=actual)
    if relation(repo, lane) == IMPORTED:
        head = _head_after(repo, lane, str(repo.refs.target(str(lane.branch))))
        lane = replace(lane, head=head or lane.head)
    return replace(state, record=lane)


def foreseen_for(
    repo: LaneRepo, source: LaneState, target: LaneState
) -> tuple[LaneState, LaneState]:
    """Return both as taking in would leave them: people may have merged one into the other."""
    source, now = foreseen(repo, source), foreseen(repo, target)
    if now.record.head != target.record.head:
        source = brought(repo, source, target.record, str(now.record.head))
    return source, now


def require_agreement(repo: LaneRepo, name: str) -> None:
    """Take in the branch's commits; raises Refused where that needs a person's decision."""
    state, how = take_in(repo, name)
    if how in TO_DECIDE:
        message, hint = explain(state.record, how)
        raise Refused(message, hint=hint)


def _import(tx: Transaction, state: LaneState) -> str:
    repo, lane = tx.repo, state.record
    tip = str(repo.refs.target(str(lane.branch)))
    head = _head_after(repo, lane, tip)
    if head is None:
        return COLLIDES
    attempt = imported(tx, lane, tip, lane.head, landed=head)
    branch = layout.short_branch(str(lane.branch))
    tx.description = f"import branch {branch} into {lane.name}: {attempt.title}"
    tx.move(layout.seen(lane.name), repo.refs.target(layout.seen(lane.name)), tip)
    met = bring_along(tx, lane, tip, head)
    record = replace(lane, head=head, next=lane.next + 1, mingled=lane.mingled or met)
    tx.lane(state, record, parents=[head], attempts=[attempt])
    return IMPORTED


def _head_after(repo: LaneRepo, lane: Lane, tip: str) -> str | None:
    """Return the branch's tip, or a merge of it with the head; None if they collide."""
    return tip if is_ancestor(repo, str(lane.head), tip) else _joined(repo, lane, tip)


def _joined(repo: LaneRepo, lane: Lane, tip: str) -> str | None:
    """Return a merge commit of the lane's head and the branch's tip, or None if they collide."""
    store = repo.objects
    agreed = str(agreed_on(repo, lane, tip))
    plan = plan_landing(
        store,
        repo.git,
        bases=[store.commit(agreed).tree],
        source=store.commit(tip).tree,
        target=store.commit(str(lane.head)).tree,
    )
    if plan.tree is None:
        return None
    branch = layout.short_branch(str(lane.branch))
    message = add_change_id(f"Merge branch '{branch}' into lane {lane.name}\n", ids.new_change_id())
    who = repo.identity()
    return store.write_own_commit(
        plan.tree, [str(lane.head), tip], message, author=who.author, committer=who.committer
    )
