"""Recording an attempt where many were recorded before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.kit import git_side
from benchmarks.kit.attempts import COST, INTENT, record
from benchmarks.kit.forests import change, grow
from benchmarks.kit.measuring import NO_BAR, Bench, Side
from benchmarks.kit.past import busy, grown
from gitlanes import ids
from tests.support.repos import TestRepo

MANY, FEW = 100_000, 100
ROUNDS = 25


@pytest.fixture(scope="module")
def old(
    place: Path, environ: dict[str, str], size: Callable[[int], int]
) -> Iterator[Callable[[int], TestRepo]]:
    """A maker of repositories whose lane 'busy' has that many attempts and a workspace."""

    def make(attempts: int) -> TestRepo:
        repo = grown(grow(place / f"past-{attempts}" / "repo", environ, 10), size(attempts))
        repo.lanes.create_workspace("busy")
        return repo

    with busy(make) as find:
        yield find


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
        lambda both: record(old(MANY), "busy", both[0]),
        Side(f"ours after {FEW}", lambda both: record(old(FEW), "busy", both[1]), times=1.5),
        prepare=lambda number: (offered(old(MANY), number), offered(old(FEW), number)),
        rounds=ROUNDS,
    )


def test_beside_git(bench: Bench, old: Callable[[int], TestRepo]) -> None:
    """The record alone, beside two `git notes append` and one `git update-ref`."""
    repo = old(MANY)
    repo.git("update-ref", "refs/notes/by-git", "refs/notes/lanes/intents")

    def with_git(commit: str) -> None:
        note = ["git", "notes", "--ref=by-git", "append", "-m", "{}", commit]
        for _ in range(2):
            git_side.run(note, repo.path, repo.environ)
        ref = ["git", "update-ref", "refs/heads/by-git", commit]
        git_side.run(ref, repo.path, repo.environ)

    bench.compare(
        f"record an attempt after {MANY:,}",
        lambda commit: record(repo, "busy", commit),
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


def offered(repo: TestRepo, number: int) -> str:
    """Return a new commit on the lane's head."""
    name = f"{ids.new_change_id()}.txt"
    return change(repo, repo.lanes.head("busy"), {name: f"{number}\n"})
