"""What landed of a lane counts, though that lane is gone and another one has its name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlanes import Collision, Refused
from tests.support.repos import TestRepo


@pytest.fixture
def repo(make_repo: Callable[..., TestRepo]) -> TestRepo:
    """A repository with files p and q."""
    return make_repo({"p": "0\n", "q": "0\n"})


def reuse(repo: TestRepo, name: str, times: int = 1) -> None:
    """Let other lanes have a lane's name, one after the other."""
    for _ in range(times):
        repo.lanes.delete(name)
        repo.lanes.new(name, workspace=False)


@pytest.mark.parametrize("mode", ["merge", "squash", "replay"])
@pytest.mark.parametrize("times", [0, 1, 3])
def test_an_origin_whose_name_another_lane_has(repo: TestRepo, mode: str, times: int) -> None:
    """What the origin landed, and others changed since, is no change of the lane's."""
    repo.work("origin", {"p": "origin\n"})
    repo.lanes.new("child", start="origin", workspace=False)
    repo.lanes.promote("origin", mode=mode)
    reuse(repo, "origin", times)
    repo.work("other", {"p": "other\n"})
    repo.lanes.promote("other")
    repo.lanes.put_file("child", "q", b"child\n")
    assert repo.lanes.promote("child").source_only == (b"q",)
    assert (repo.files("main")["p"], repo.files("main")["q"]) == ("other", "child")


@pytest.mark.parametrize("mode", ["merge", "squash", "replay"])
def test_what_was_taken_back_stays_so(repo: TestRepo, mode: str) -> None:
    """What main took back of an origin that is gone is not brought again by the lane."""
    repo.work("origin", {"p": "origin\n"})
    repo.lanes.new("child", start="origin", workspace=False)
    repo.lanes.promote("origin", mode=mode)
    reuse(repo, "origin")
    repo.save({"p": "0\n"})
    repo.lanes.put_file("child", "q", b"child\n")
    repo.lanes.promote("child")
    assert (repo.files("main")["p"], repo.files("main")["q"]) == ("0", "child")


def test_a_third_lane_whose_name_another_lane_has(repo: TestRepo) -> None:
    """What came to both sides from it is what both have."""
    repo.work("third", {"p": "third\n"})
    repo.work("source")
    repo.lanes.promote("third", into="source", mode="squash")
    repo.lanes.promote("third", mode="squash")
    reuse(repo, "third")
    repo.work("other", {"p": "other\n"})
    repo.lanes.promote("other")
    repo.lanes.put_file("source", "q", b"source\n")
    assert repo.lanes.promote("source").source_only == (b"q",)
    assert repo.files("main")["p"] == "other"


@pytest.mark.parametrize("times", [0, 1, 2])
def test_a_start_from_an_attempt_of_a_lane_that_is_gone(repo: TestRepo, times: int) -> None:
    """Its changes count from where that lane's did, not from where its namesake began."""
    repo.work("lane", {"p": "1\n"})
    repo.lanes.delete("lane")
    repo.save({"people": "1\n"})
    for _ in range(times):
        repo.work("lane", {"q": "1\n"})
        repo.lanes.delete("lane")
    repo.lanes.new("lane", start="lane/1", workspace=False)
    made = repo.lanes.promote("lane")
    assert (made.source_only, set(repo.files("main"))) == ((b"p",), {"p", "q", "people"})
    assert repo.files("main")["q"] == "0"
    if times:
        with pytest.raises(Refused, match="lane 'lane' is deleted"):
            repo.lanes.new("other", on="lane/2", workspace=False)


def test_what_a_namesake_landed_is_not_its_own(repo: TestRepo) -> None:
    """The lane that has the name now is no origin: what it lands counts for nobody else."""
    repo.work("origin", {"p": "origin\n"})
    repo.lanes.new("child", start="origin", workspace=False)
    reuse(repo, "origin")
    repo.lanes.put_file("origin", "p", b"namesake\n")
    repo.lanes.promote("origin")
    with pytest.raises(Collision):
        repo.lanes.promote("child")
