"""Taking in what people committed on a bound lane's branch with plain git."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.combine.assembly import plan_landing
from gitlanes.errors import Refused
from gitlanes.git.trailers import add_change_id, change_id_of, subject_of
from gitlanes.models.plain import replace
from gitlanes.models.records import ACCEPTED, Attempt, Landed, Lane, LaneState
from gitlanes.store import layout
from gitlanes.store.ancestry import is_ancestor, merge_base
from gitlanes.store.transaction import Transaction, transaction
from gitlanes.workspaces import binding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

AGREED = "agreed"
LAGS = "lags"
IMPORTED = "imported"
COLLIDES = "collides"
DIVERGED = "diverged"
MISSING = "missing"


def take_in(repo: LaneRepo, name: str) -> str:
    """Let a bound lane's head catch up with its branch; return how the two stood.

    'imported': the branch went on, and its commits are part of the lane now; where the lane
    had moved, too, one merge commit joins them by paths. 'collides' and 'diverged' (the branch
    was amended or reset) change nothing; `explain` has the ways out. A branch that lags
    behind, as an interrupted following leaves it, is brought to the head.
    """
    lane = repo.view.lane(name).record
    relation = _relation(repo, lane)
    if relation == IMPORTED:
        with transaction(repo, "import") as tx:
            state = repo.view.lane(name)
            relation = _relation(repo, state.record)
            if relation == IMPORTED:
                relation = _import(tx, state)
    if relation in (LAGS, IMPORTED) or binding.interrupted(repo):
        binding.follow(repo, name)
    return relation


def catch_up(repo: LaneRepo, name: str) -> None:
    """Take in the branch's commits, with a warning where that needs a person's decision."""
    relation = take_in(repo, name)
    if relation in (COLLIDES, DIVERGED):
        repo.warnings.append("; ".join(explain(repo.view.lane(name).record, relation)))


def foreseen(repo: LaneRepo, state: LaneState) -> LaneState:
    """Return a lane as `take_in` would leave it; nothing moves."""
    lane = state.record
    head = _head_after(repo, lane) if _relation(repo, lane) == IMPORTED else None
    return replace(state, record=replace(lane, head=head)) if head else state


def require_agreement(repo: LaneRepo, name: str) -> None:
    """Take in the branch's commits; raises Refused where that needs a person's decision."""
    relation = take_in(repo, name)
    if relation in (COLLIDES, DIVERGED):
        lane = repo.view.lane(name).record
        message, hint = explain(lane, relation)
        raise Refused(message, hint=hint)


def explain(lane: Lane, relation: str) -> tuple[str, str]:
    """Return a line, and a hint, for a branch that cannot be taken in."""
    branch = layout.short_branch(str(lane.branch))
    head = layout.head(lane.name)
    if relation == COLLIDES:
        return (
            f"branch '{branch}' and lane '{lane.name}' both touched the same paths",
            (
                f"rebase the branch (git rebase {head} {branch}), merge by hand "
                f"(git merge {head}), or drop its commits (git reset --keep {head})"
            ),
        )
    return (
        f"branch '{branch}' was rewritten: it has lost commits that lane '{lane.name}' has",
        f"bring them back with 'git rebase {head} {branch}' or 'git reset --keep {head}'",
    )


def _relation(repo: LaneRepo, lane: Lane) -> str:
    if lane.branch is None:
        return AGREED
    tip = repo.refs.target(lane.branch)
    if tip is None:
        return MISSING
    if tip == lane.head:
        return AGREED
    if is_ancestor(repo, tip, str(lane.head)):
        return LAGS
    agreed = _agreed(repo, lane, tip)
    return IMPORTED if agreed is not None and is_ancestor(repo, agreed, tip) else DIVERGED


def _agreed(repo: LaneRepo, lane: Lane, tip: str) -> str | None:
    """Return the branch's tip last agreed on in this clone; a new clone has agreed on none yet."""
    return repo.refs.target(layout.seen(lane.name)) or merge_base(repo, tip, str(lane.head))


def _import(tx: Transaction, state: LaneState) -> str:
    repo, lane = tx.repo, state.record
    tip = str(repo.refs.target(str(lane.branch)))
    head = _head_after(repo, lane)
    if head is None:
        return COLLIDES
    branch = layout.short_branch(str(lane.branch))
    commit = repo.objects.commit(tip)
    attempt = Attempt(
        id=ids.attempt_id(lane.name, lane.next),
        lane=lane.name,
        number=lane.next,
        uuid=tx.operation,
        kind="import",
        status=ACCEPTED,
        commit=tip,
        base=lane.head,
        tree=commit.tree,
        change_id=change_id_of(commit.message),
        title=subject_of(commit.message),
        agent=None,
        time=tx.time,
        landed=head,
        decided=tx.time,
    )
    tx.description = f"import branch {branch} into {lane.name}: {attempt.title}"
    tx.move(layout.seen(lane.name), repo.refs.target(layout.seen(lane.name)), tip)
    record = replace(lane, head=head, next=lane.next + 1)
    tx.lane(state, record, parents=[head], attempts=[attempt])
    for other, landed in _brought_along(repo, lane, tip):
        known = {**other.record.landed, lane.uuid: Landed((landed,), head, landed)}
        tx.lane(other, replace(other.record, landed=known))
    return IMPORTED


def _brought_along(repo: LaneRepo, lane: Lane, tip: str) -> Iterator[tuple[LaneState, str]]:
    """Yield the lanes whose accepted work a person merged into the branch, and how far.

    An exported lane comes back like this, and so does a collision resolved by hand.
    """
    new = set(repo.git.run("rev-list", tip, f"^{lane.head}").text.split())
    for other in repo.view.lanes():
        commit, ends = other.record.head, {other.record.fork, None}
        while commit not in ends and commit not in new:
            parents = repo.objects.commit(str(commit)).parents
            commit = parents[0] if parents else None
        if commit in new and commit is not None and other.record.uuid != lane.uuid:
            yield other, commit


def _head_after(repo: LaneRepo, lane: Lane) -> str | None:
    """Return the branch's tip, or a merge of it with the head; None if they collide."""
    tip = str(repo.refs.target(str(lane.branch)))
    return tip if is_ancestor(repo, str(lane.head), tip) else _joined(repo, lane, tip)


def _joined(repo: LaneRepo, lane: Lane, tip: str) -> str | None:
    """Return a merge commit of the lane's head and the branch's tip, or None if they collide."""
    store = repo.objects
    agreed = str(_agreed(repo, lane, tip))
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
    return store.write_commit(
        plan.tree, [str(lane.head), tip], message, author=who.author, committer=who.committer
    )
