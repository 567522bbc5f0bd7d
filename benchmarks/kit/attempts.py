"""Attempts recorded without a workspace, as `commit` does once it knows the content."""

from __future__ import annotations

from gitlanes import Cost, Intent, clock, ids
from gitlanes.models.plain import replace
from gitlanes.models.records import ACCEPTED, Attempt, Lane
from gitlanes.store import records
from gitlanes.store.transaction import transaction
from tests.support.repos import TestRepo

INTENT = Intent(prompt="do the next thing", agent="agent")
COST = Cost(input_tokens=1200, output_tokens=340)


def record(repo: TestRepo, lane: str, commit: str) -> None:
    """Record a commit on the lane's head as an accepted attempt with intent and cost."""
    inner = repo.lanes._repo
    tree = inner.objects.commit(commit).tree
    with transaction(inner, "commit", actor=INTENT.agent) as tx:
        state = inner.view.lane(lane)
        made = _attempt(state.record, commit, tree, tx.time)
        records.add_intent(tx, made, INTENT)
        records.add_cost(tx, made, COST)
        after = replace(state.record, head=commit, next=made.number + 1)
        tx.description = f"commit {made.id}: {made.title}"
        tx.lane(state, after, parents=[commit], attempts=[made])


def _attempt(lane: Lane, commit: str, tree: str, time: str) -> Attempt:
    return Attempt(
        id=ids.attempt_id(lane.name, lane.next),
        lane=lane.name,
        number=lane.next,
        uuid=ids.new_id(clock.now()),
        kind="work",
        status=ACCEPTED,
        commit=commit,
        base=lane.head,
        tree=tree,
        change_id=ids.new_change_id(),
        title=f"work of {lane.name}",
        agent=INTENT.agent,
        time=time,
        landed=commit,
        decided=time,
    )
