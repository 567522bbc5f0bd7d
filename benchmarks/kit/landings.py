"""Lanes that wait to land, and the same landing with plain git."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.kit import git_side
from benchmarks.kit.attempts import record
from benchmarks.kit.forests import change
from tests.support.repos import TestRepo

BY_GIT = "refs/heads/by-git"


@dataclass(frozen=True)
class Waiting:
    """A lane ready to land: three files in it, three others new on the target."""

    repo: TestRepo
    lane: str
    into: str
    source: str
    target: str

    def with_git(self) -> None:
        """Land the same commits on a branch of git's own, which is at the same target."""
        git_side.land(self.repo.path, self.repo.environ, BY_GIT, self.target, self.source)

    def with_lanes(self) -> None:
        """Land the lane."""
        self.repo.lanes.promote(self.lane, into=self.into)

    def check(self) -> None:
        """Assert that both sides made the same tree on the same target."""
        head = self.repo.lanes.head(self.into)
        assert self.repo.rev(f"{head}^1") == self.target
        assert self.repo.rev(f"{head}^2") == self.source
        assert self.repo.rev(f"{head}^{{tree}}") == self.repo.rev(f"{BY_GIT}^{{tree}}")


def ready(repo: TestRepo, into: str, name: Callable[[int], str], number: int) -> Waiting:
    """Make a lane with three new files, and let the target move on by three others."""
    begin_anew(repo, "work", into, contents(name, number, range(3)))
    target = move_on(repo, into, name, number)
    return Waiting(repo, "work", into, repo.lanes.head("work"), target)


def move_on(repo: TestRepo, into: str, name: Callable[[int], str], number: int) -> str:
    """Let the target move on by three files; return its head."""
    begin_anew(repo, "other", into, contents(name, number, range(3, 6)))
    target = repo.lanes.promote("other", into=into, mode="squash").head
    assert target is not None
    repo.git("update-ref", BY_GIT, target)
    return target


def begin_anew(repo: TestRepo, name: str, start: str, files: dict[str, str]) -> None:
    """Let a lane without a workspace begin again at another's head, with one attempt."""
    if any(lane.name == name for lane in repo.lanes.lanes().lanes):
        repo.lanes.delete(name, force=True)
    repo.lanes.new(name, start=start, workspace=False)
    record(repo, name, change(repo, repo.lanes.head(start), files))


def contents(name: Callable[[int], str], number: int, which: range) -> dict[str, str]:
    """Return new contents, different in each round, for some files far apart."""
    return {name(at * 31): f"round {number} of {at}\n" for at in which}


def trunk(repo: TestRepo) -> str:
    """Return a lane that is bound to no branch, so that a landing moves one head, as git's."""
    repo.lanes.new("trunk", workspace=False, exist_ok=True)
    return "trunk"
