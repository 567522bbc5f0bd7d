"""Questions about 100,000 attempts, and the building of the cache that answers them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from benchmarks.kit import git_side
from benchmarks.kit.forests import grow
from benchmarks.kit.measuring import NO_BAR, Bar, Bench, Side
from benchmarks.kit.past import Past
from tests.support.repos import TestRepo

ROUNDS = 15
LANES = 10
# Queries from the rarest to one that every attempt matches.
QUERIES = ('"work 7" lane3', "work 7", "next thing")


@pytest.fixture(scope="module")
def crowded(
    place: Path, environ: dict[str, str], size: Callable[[int], int]
) -> Iterator[tuple[TestRepo, int]]:
    """A bare repository with 100,000 attempts, and how many there are."""
    repo = grow(place / "crowded" / "repo", environ, 10, bare=True)
    past, each = Past.of(repo), size(100_000) // LANES
    for number in range(LANES):
        past.lane(f"lane{number}", each)
    past.lane("rare", 3)
    past.finish()
    yield repo, LANES * each + 3
    repo.close()


def cache_of(repo: TestRepo) -> Path:
    """Return where a bare repository's cache is."""
    return repo.path / "lanes/search.db"


def test_build(bench: Bench, crowded: tuple[TestRepo, int]) -> None:
    """The cache of 100,000 attempts from nothing, beside git's reading of the journals."""
    repo, attempts = crowded
    told: list[tuple[str, int, int]] = []
    repo.lanes._repo.progress = lambda *step: told.append(step)
    journals = ["git", "log", "--first-parent", "--format=%B", "--glob=refs/lanes/journal/*"]

    def check(_: object) -> None:
        assert cache_of(repo).exists()
        assert {x[0] for x in told} >= {"reading journals", "reading prompts and reasons"}
        assert all(done <= total for _, done, total in told)
        assert len(repo.lanes.search("next thing", limit=attempts).hits) > 0

    bench.compare(
        "building the search cache, 100,000 attempts",
        lambda _: repo.lanes.search("nothing has this"),
        Side("git log of the journals", lambda _: git_side.run(journals, repo.path, repo.environ)),
        prepare=lambda _: cache_of(repo).unlink(missing_ok=True),
        check=check,
        bar=Bar(30_000, "<= 30 s"),
        rounds=2,
    )


@pytest.mark.parametrize("query", QUERIES)
def test_search(bench: Bench, crowded: tuple[TestRepo, int], query: str) -> None:
    """A search with a warm cache, in process, beside git's own search in messages."""
    repo, _ = crowded
    assert repo.lanes.search(query).hits
    grep = ["git", "log", "-20", "--format=%h %s", f"--grep={query}", "--glob=refs/lanes/head/*"]
    bench.compare(
        f"search {query}, 100,000 attempts, in process",
        lambda _: repo.lanes.search(query),
        Side("git log -20 --grep", lambda _: git_side.run(grep, repo.path, repo.environ)),
        bar=Bar(100),
        rounds=ROUNDS,
    )


def test_search_among(bench: Bench, crowded: tuple[TestRepo, int]) -> None:
    """A word that all have, of one agent that is rare."""
    repo, _ = crowded
    assert len(repo.lanes.search("next", agent="agent-rare").hits) == 3
    bench.compare(
        "search --agent of a rare one, 100,000 attempts, in process",
        lambda _: repo.lanes.search("next", agent="agent-rare"),
        Side("search next", lambda _: repo.lanes.search("next")),
        bar=Bar(100),
        rounds=ROUNDS,
    )


def test_history(bench: Bench, crowded: tuple[TestRepo, int]) -> None:
    """History by an agent whose few attempts are the oldest, with the cache and without."""
    repo, _ = crowded
    repo.lanes.search("next")
    agent = "agent-lane0"
    wanted = repo.lanes.history(agent=agent, limit=50)
    assert wanted.attempts

    def without(_: object) -> None:
        aside = cache_of(repo).with_name("aside")
        cache_of(repo).rename(aside)
        try:
            assert repo.lanes.history(agent=agent, limit=50) == wanted
        finally:
            aside.rename(cache_of(repo))

    bench.compare(
        "history --agent --limit 50, 100,000 attempts, in process",
        lambda _: repo.lanes.history(agent=agent, limit=50),
        Side("the same without the cache", without),
        bar=NO_BAR,
        rounds=2,
    )
