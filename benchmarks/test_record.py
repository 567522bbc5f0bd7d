"""Recording an attempt where many were recorded before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.kit import git_side
from benchmarks.kit.forests import grow
from benchmarks.kit.measuring import NO_BAR, Bench, Side
from benchmarks.kit.past import Past
from gitlanes import Cost, Intent, ids
from gitlanes.models.plain import replace
from gitlanes.models.records import ACCEPTED, Attempt
from gitlanes.store import records
from gitlanes.store.transaction import transaction
from tests.support.repos import TestRepo

MANY, FEW = 100_000, 100
ROUNDS = 25
INTENT = Intent(prompt="do the next thing", agent="agent")
COST = Cost(input_tokens=1200, output_tokens=340)


@pytest.fixture(scope="module")
def old(
    place: Path, environ: dict[str, str], size: Callable[[int], int]
) -> Iterator[Callable[[int], TestRepo]]:
    """A maker of repositories whose lane 'busy' has that many attempts and a workspace."""
    made: dict[int, TestRepo] = {}

    def find(attempts: int) -> TestRepo:
        if attempts not in made:
            repo = grow(place / f"past-{attempts}" / "repo", environ, 10)
            past = Past.of(repo)
            past.lane("busy", size(attempts))
            past.finish()
            repo.lanes.create_workspace("busy")
            made[attempts] = repo
        return made[attempts]

    yield find
    for repo in made.values():
        repo.close()


def test_state_is_valid(old: Callable[[int], TestRepo]) -> None:
    """The state written in bulk is one that git and gitlanes find nothing wrong with."""
    repo = old(FEW)
    repo.fsck()
    assert len(repo.lanes.history("busy").attempts) == FEW
    shown = repo.lanes.show(f"busy/{FEW // 2}").attempts[0]
    assert shown.notes.costs[0]["input_tokens"] == COST.input_tokens
    assert repo.git("notes", "--ref=lanes/intents", "show", shown.attempt.commit)


def test_commit(bench: Bench, old: Callable[[int], TestRepo]) -> None:
    """`commit` of one file in a small workspace."""
    bench.compare(
        f"commit an attempt after {MANY:,}",
        lambda both: commit(both[0]),
        Side(f"ours after {FEW}", lambda both: commit(both[1]), times=1.5),
        prepare=lambda number: (edited(old(MANY), number), edited(old(FEW), number)),
        rounds=ROUNDS,
    )


def test_record(bench: Bench, old: Callable[[int], TestRepo]) -> None:
    """The record alone, where growth would show most: notes, entry and refs of a given commit."""
    bench.compare(
        f"record an attempt after {MANY:,}",
        lambda both: record(*both[0]),
        Side(f"ours after {FEW}", lambda both: record(*both[1]), times=1.5),
        prepare=lambda number: (offered(old(MANY), number), offered(old(FEW), number)),
        rounds=ROUNDS,
    )


def test_beside_git(bench: Bench, old: Callable[[int], TestRepo]) -> None:
    """The record alone, beside two `git notes add` and one `git update-ref`."""
    repo = old(MANY)
    repo.git("update-ref", "refs/notes/by-git", "refs/notes/lanes/intents")

    def with_git(state: tuple[TestRepo, Attempt]) -> None:
        made = state[1]
        note = ["git", "notes", "--ref=by-git", "append", "-m", "{}", made.commit]
        for _ in range(2):
            git_side.run(note, repo.path, repo.environ)
        ref = ["git", "update-ref", "refs/heads/by-git", made.commit]
        git_side.run(ref, repo.path, repo.environ)

    bench.compare(
        f"record an attempt after {MANY:,}",
        lambda state: record(*state),
        Side("2 notes append, update-ref", with_git),
        prepare=lambda number: offered(repo, number),
        bar=NO_BAR,
        rounds=ROUNDS,
    )


def edited(repo: TestRepo, number: int) -> TestRepo:
    """Write a file in the workspace."""
    repo.write({"edited.txt": f"round {number} {ids.new_change_id()}\n"}, repo.workspace("busy"))
    return repo


def commit(repo: TestRepo) -> None:
    """Commit the workspace with intent and cost."""
    repo.lanes.commit("busy", message="more", intent=INTENT, cost=COST)


def offered(repo: TestRepo, number: int) -> tuple[TestRepo, Attempt]:
    """Write a commit on the lane's head, and what an attempt says of it."""
    inner = repo.lanes._repo
    lane = inner.view.lane("busy").record
    last = inner.objects.commit(str(lane.head))
    message, who = f"recorded {number} {ids.new_change_id()}\n", last.author
    oid = inner.objects.write_commit(
        last.tree, [str(lane.head)], message, author=who, committer=who
    )
    made = repo.lanes.history("busy", limit=1).attempts[0].attempt
    name = ids.attempt_id("busy", lane.next)
    return repo, replace(made, id=name, number=lane.next, commit=oid, base=lane.head)


def record(repo: TestRepo, made: Attempt) -> None:
    """Record the attempt as `commit` does once the workspace's content is known."""
    with transaction(repo.lanes._repo, "commit") as tx:
        state = tx.repo.view.lane("busy")
        attempt = replace(made, status=ACCEPTED, landed=made.commit, time=tx.time)
        records.add_intent(tx, attempt, INTENT)
        records.add_cost(tx, attempt, COST)
        after = replace(state.record, head=made.commit, next=attempt.number + 1)
        tx.description = f"commit {attempt.id}"
        tx.lane(state, after, parents=[made.commit], attempts=[attempt])
