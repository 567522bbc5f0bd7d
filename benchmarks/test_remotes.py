"""One new attempt pushed and pulled, where there are a thousand lanes and where there are few."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.kit.forests import change, grow
from benchmarks.kit.measuring import Bench, Side
from benchmarks.kit.past import Past
from tests.support.repos import TestRepo

MANY, FEW = 1000, 10
ATTEMPTS = 10
ROUNDS = 10


@dataclass
class World:
    """A server and two clones of it that have the same lanes."""

    server: Path
    one: TestRepo
    other: TestRepo

    @classmethod
    def make(cls, place: Path, environ: dict[str, str], lanes: int) -> World:
        """Make lanes with ten attempts each, push them, and clone."""
        one = grow(place / "one", environ, 10)
        past = Past.of(one)
        for number in range(lanes):
            past.lane(f"lane-{number}", ATTEMPTS)
        past.finish()
        server = place / "server.git"
        one.git("init", "--quiet", "--bare", "--initial-branch=main", str(server))
        one.git("remote", "add", "origin", str(server))
        one.git("push", "--quiet", "origin", "main")
        one.lanes.push()
        one.git("clone", "--quiet", str(server), str(place / "other"))
        other = TestRepo(place / "other", environ)
        other.lanes.init_from_remote()
        for repo in (one, other):
            repo.git("pack-refs", "--all")
        return cls(server, one, other)

    def work(self, number: int) -> str:
        """Record an attempt in the first clone, and make a commit on a branch there."""
        self.one.lanes.put_file("lane-1", f"{number}.txt", b"new\n")
        commit = change(self.one, self.one.rev("main"), {f"{number}.txt": f"{number}\n"})
        self.one.git("update-ref", "refs/heads/topic", commit)
        return commit


@pytest.fixture(scope="module")
def world(
    place: Path, environ: dict[str, str], size: Callable[[int], int]
) -> Iterator[Callable[[int], World]]:
    """A maker of servers and clones with that many lanes."""
    made: dict[int, World] = {}

    def find(lanes: int) -> World:
        if lanes not in made:
            made[lanes] = World.make(place / f"clones-{lanes}", environ, min(size(lanes), lanes))
        return made[lanes]

    yield find
    for one in made.values():
        one.one.close()
        one.other.close()


def test_push(bench: Bench, world: Callable[[int], World]) -> None:
    """`push` of one attempt, beside `git push` of one branch and ours among few lanes."""
    many, few = world(MANY), world(FEW)

    def prepare(number: int) -> int:
        many.work(number)
        few.work(number)
        return number

    bench.compare(
        f"push an attempt among {MANY:,} lanes",
        lambda _: many.one.lanes.push(),
        Side("git push --force topic", lambda _: by_git(many, "push"), times=3),
        Side(f"ours among {FEW}", lambda _: few.one.lanes.push(), times=2),
        prepare=prepare,
        check=lambda _: in_step(many.one),
        rounds=ROUNDS,
    )


def test_pull(bench: Bench, world: Callable[[int], World]) -> None:
    """`pull` of one attempt, beside `git fetch` of one branch and ours among few lanes."""
    many, few = world(MANY), world(FEW)

    def prepare(number: int) -> int:
        for one in (many, few):
            one.work(ROUNDS * 10 + number)
            one.one.lanes.push()
        by_git(many, "push")
        return number

    bench.compare(
        f"pull an attempt among {MANY:,} lanes",
        lambda _: many.other.lanes.pull(),
        Side("git fetch topic", lambda _: by_git(many, "fetch"), times=3),
        Side(f"ours among {FEW}", lambda _: few.other.lanes.pull(), times=2),
        prepare=prepare,
        check=lambda _: in_step(many.other),
        rounds=ROUNDS,
    )


def by_git(world: World, verb: str) -> None:
    """Move one branch with git."""
    if verb == "push":
        world.one.git("push", "--quiet", "--force", "origin", "topic")
    else:
        world.other.git("fetch", "--quiet", "origin", "+topic:topic")


def in_step(repo: TestRepo) -> None:
    """Assert that the clone and its server are the same."""
    assert {x.state for x in repo.lanes.remote_status().lanes} == {"in step"}
