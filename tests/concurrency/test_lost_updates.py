"""Many writers at once: each makes a lane, edits, commits and promotes, and nothing is lost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.concurrency.crowd import (
    assert_all_landed,
    land_by_command_line,
    land_by_verbs,
    meanwhile,
)
from tests.support.repos import TestRepo

_UPKEEP = ("git gc --quiet", "git pack-refs --all")


@pytest.mark.parametrize(
    "land", [land_by_command_line, land_by_verbs], ids=["command-line", "verbs"]
)
def test_some_writers(repo: TestRepo, land: Callable[[TestRepo, int, int], None]) -> None:
    """Six writers with git's own upkeep in a loop meanwhile."""
    with meanwhile(repo, *_UPKEEP):
        land(repo, 6, 1)
    assert_all_landed(repo, 6, 1)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("land", "upkeep"),
    [(land_by_command_line, _UPKEEP), (land_by_verbs, ()), (land_by_verbs, _UPKEEP)],
    ids=["command-line-upkeep", "verbs-alone", "verbs-upkeep"],
)
def test_many_writers(
    repo: TestRepo, land: Callable[[TestRepo, int, int], None], upkeep: tuple[str, ...]
) -> None:
    """Twenty writers, five rounds, alone or with git's own upkeep in a loop meanwhile."""
    with meanwhile(repo, *upkeep):
        land(repo, 20, 5)
    assert_all_landed(repo, 20, 5)


def test_people_commit_meanwhile(repo: TestRepo) -> None:
    """Commits and notes of people in the root mix with landings; all of both is on the branch."""
    people = (
        'n=$(date +%N); echo $n >own-$n.txt && git add own-$n.txt && git commit -q -m "own $n"'
        ' -- own-$n.txt && echo own-$n.txt >>"$HOME/done"'
    )
    with meanwhile(repo, people, "git notes add -f -m seen HEAD"):
        land_by_verbs(repo, 5, 2)
    with open(f"{repo.environ['HOME']}/done") as listed:
        own = listed.read().split()
    assert own
    if repo.git("status", "--porcelain", "own-*"):  # the last one was cut off on its way
        repo.git("add", "own-*")
        repo.git("commit", "--quiet", "--message=the rest", "--", "own-*")
    assert_all_landed(repo, 5, 2)
    assert set(own) <= set(repo.files("HEAD"))
