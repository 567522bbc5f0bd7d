"""Taking away merged lanes with their directories, beside git's branches and work trees."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from benchmarks.kit import git_side
from benchmarks.kit.forests import grow
from benchmarks.kit.measuring import NO_BAR, Bench, Side
from benchmarks.kit.past import Past
from tests.support.repos import TestRepo

LANES, OTHERS, FEW = 10, 1_000, 10
ROUNDS = 5


def test_gc(bench: Bench, forest: Callable[..., TestRepo]) -> None:
    """Ten merged lanes are archived, and their workspaces of 1,000 files removed."""
    repo = forest(1_000)

    def prepare(number: int) -> list[str]:
        names = [f"gc{number}-{x}" for x in range(LANES)]
        for name in names:
            repo.lanes.new(name)
            repo.lanes.abandon(name)
            where = str(repo.path.with_name(f"{name}-by-git"))
            repo.git("worktree", "add", "--quiet", "-b", name, where, "main")
        return names

    def with_git(names: list[str]) -> None:
        for name in names:
            where = str(repo.path.with_name(f"{name}-by-git"))
            git_side.run(["git", "worktree", "remove", where], repo.path, repo.environ)
            git_side.run(["git", "branch", "--quiet", "-d", name], repo.path, repo.environ)

    def check(names: list[str]) -> None:
        assert not any(Path(repo.path.parent, "repo.lanes", x).exists() for x in names)
        for name in names:
            assert repo.lanes.lane(name).status == "archived"

    bench.compare(
        f"gc of {LANES} lanes at rest with workspaces, in process",
        lambda _: repo.lanes.gc(older_than=0),
        Side("git worktree remove, branch -d", with_git),
        prepare=prepare,
        check=check,
        bar=NO_BAR,
        rounds=ROUNDS,
    )


def test_gc_finds_nothing(
    bench: Bench, place: Path, environ: dict[str, str], size: Callable[[int], int]
) -> None:
    """Where nothing is to go, among many lanes and among few."""
    repos = []
    for lanes in (OTHERS, FEW):
        repo = grow(place / f"gc-{lanes}" / "repo", environ, 10, bare=True)
        past = Past.of(repo)
        for number in range(size(lanes)):
            past.lane(f"lane{number}", 1)
        past.finish()
        repos.append(repo)
    many, few = repos
    assert not many.lanes.gc(older_than=0).waste
    bench.compare(
        f"gc that finds nothing among {OTHERS:,} lanes, in process",
        lambda _: many.lanes.gc(older_than=0),
        Side(f"ours among {FEW}", lambda _: few.lanes.gc(older_than=0)),
        bar=NO_BAR,
        rounds=ROUNDS,
    )
    for repo in repos:
        repo.close()
