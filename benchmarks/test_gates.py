"""Judging an attempt by a gate, beside running the same command by hand on the same files."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.kit import git_side
from benchmarks.kit.forests import grow, path_of
from benchmarks.kit.measuring import Bench, Side
from tests.support.gates import gate, set_gates
from tests.support.repos import TestRepo

# Half a second of work on the files, as a small test run.
SCRIPT = "git grep -c no-such-text; sleep 0.5; true"
COMMAND, UPDATE = 1.1, 1.0


@pytest.fixture
def gated(
    tmp_path: Path, environ: dict[str, str], size: Callable[[int], int]
) -> Iterator[Callable[[int], TestRepo]]:
    """A maker of a repository of its own: its gates would judge what others measure."""
    made: list[TestRepo] = []

    def make(files: int) -> TestRepo:
        made.append(grow(tmp_path / "repo", environ, size(files)))
        return made[-1]

    yield make
    for repo in made:
        repo.close()
        shutil.rmtree(repo.path.parent)


@pytest.mark.parametrize("files", [1_000, 50_000])
def test_gate(bench: Bench, gated: Callable[[int], TestRepo], files: int) -> None:
    """Two attempts of three files each, judged in turn, so each time the files change."""
    repo = gated(files)
    set_gates(repo, gate("tests", SCRIPT))
    place = repo.lane("judged")
    edits = [{path_of(number + at): "judged\n" for at in (0, 2, 4)} for number in range(2)]
    for one in edits:
        repo.write(one, place)
        repo.lanes.propose("judged", message="w", paths=list(one), change="new")
    trees = [x.commit for x in repo.lanes.lane("judged").open]
    theirs = repo.path.with_name("by-hand")
    repo.git("worktree", "add", "--quiet", "--detach", str(theirs), trees[0])

    def update(number: int) -> None:
        git_side.run(["git", "read-tree", "--reset", "-u", trees[number % 2]], theirs, repo.environ)
        git_side.run(["git", "clean", "--quiet", "-ffdx"], theirs, repo.environ)

    def by_hand(_: int) -> None:
        git_side.run(["sh", "-c", SCRIPT], theirs, repo.environ)

    bench.compare(
        f"a gate of 0.5 s on an attempt, {files:,} files",
        lambda number: repo.lanes.evaluate(f"judged/{number % 2 + 1}", again=True),
        Side("updating files", update, UPDATE),
        Side("the command", by_hand, COMMAND),
        rounds=8,
    )
