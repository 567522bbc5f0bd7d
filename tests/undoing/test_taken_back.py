"""What an undo took back by going forward is in git's history, and counts as not there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlanes import Negative, Refused
from tests.support.repos import TestRepo

MODES = ["merge", "squash", "replay"]
modes = pytest.mark.parametrize("mode", MODES)


@pytest.fixture
def repo(make_repo: Callable[..., TestRepo]) -> TestRepo:
    """A lane, and one that started from it, each with a file of its own."""
    repo = make_repo({"f": "0\n"})
    repo.work("base", {"b": "1\n"})
    repo.lanes.new("kid", start="base")
    repo.commit("kid", {"k": "1\n"})
    return repo


def undone(repo: TestRepo, lane: str, mode: str = "merge") -> None:
    """Land a lane on main, whose branch only goes forward, and take that back."""
    repo.lanes.promote(lane, mode=mode)
    repo.lanes.undo()
    assert repo.files("main").keys() == {"f"}


def on_main(repo: TestRepo) -> set[str]:
    """Return the files that main has."""
    return set(repo.files("main"))


@modes
@pytest.mark.parametrize("again", MODES)
def test_it_lands_again(repo: TestRepo, mode: str, again: str) -> None:
    """All of a lane's work, and that of the lane below it, in whatever mode."""
    undone(repo, "kid", mode)
    undone(repo, "kid", again)
    repo.lanes.promote("kid", mode=again)
    assert on_main(repo) == {"f", "b", "k"}
    with pytest.raises(Negative, match="nothing to promote"):
        repo.lanes.promote("base", mode=mode)
    repo.fsck()


@modes
def test_the_lane_below_lands_alone(repo: TestRepo, mode: str) -> None:
    """And then the one on top brings only its own."""
    undone(repo, "kid", mode)
    repo.lanes.promote("base", mode=mode)
    assert on_main(repo) == {"f", "b"}
    assert repo.lanes.promote("kid", mode=mode).source_only == (b"k",)


def test_others_went_on_meanwhile(repo: TestRepo) -> None:
    """What landed after it stays, and what was changed since is a collision like any other."""
    repo.lanes.promote("kid")
    repo.work("other", {"o": "1\n"})
    repo.lanes.promote("other")
    repo.lanes.undo(repo.lanes.operations("kid", limit=1).operations[0].id)
    assert on_main(repo) == {"f", "o"}
    repo.lanes.promote("kid")
    assert on_main(repo) == {"f", "o", "b", "k"}


@pytest.mark.parametrize("lane", ["base", "kid"])
def test_a_sync_leaves_its_work_where_it_is(repo: TestRepo, lane: str) -> None:
    """It is in the branch's history, so it is not laid anew; merging, as is hinted, keeps it."""
    undone(repo, "kid")
    files = repo.files(f"refs/lanes/head/{lane}")
    repo.work("other", {"o": "1\n"})
    repo.lanes.promote("other")
    with pytest.raises(Refused, match="branch 'main' has it") as refused:
        repo.lanes.sync(lane, onto="main")
    assert refused.value.hint == f"merge instead: git lanes promote main --into {lane}"
    repo.lanes.promote("main", into=lane)
    assert repo.files(f"refs/lanes/head/{lane}") == {**files, "o": "1"}
    with pytest.raises(Negative, match="nothing to sync"):
        repo.lanes.sync(lane, onto="main")
    repo.lanes.promote(lane)
    assert on_main(repo) == {*files, "o"}


@pytest.mark.parametrize("mode", ["squash", "replay"])
def test_a_sync_lays_a_squash_s_work_anew(repo: TestRepo, mode: str) -> None:
    """Where no branch has its commits, they go on top of what took them back."""
    undone(repo, "kid", mode)
    repo.work("other", {"o": "1\n"})
    repo.lanes.promote("other")
    made = repo.lanes.sync("kid", onto="main")
    assert set(repo.files(str(made.head))) == {"f", "o", "b", "k"}


def test_it_is_done_again(repo: TestRepo) -> None:
    """After a redo all of it is there, for landings as for syncs."""
    undone(repo, "kid")
    repo.lanes.redo()
    assert on_main(repo) == {"f", "b", "k"}
    for lane in ("base", "kid"):
        with pytest.raises(Negative, match="nothing to promote"):
            repo.lanes.promote(lane)
    repo.lanes.sync("kid", onto="main")
    assert repo.lanes.head("kid") == repo.lanes.head("main")
    assert not repo.inner().view.lane("main").record.taken_back


def test_a_lane_that_starts_from_a_commit_of_it(repo: TestRepo) -> None:
    """It brings that commit's work with its own, whoever named the commit."""
    head = repo.lanes.head("kid")
    undone(repo, "kid")
    repo.lanes.delete("kid")
    repo.lanes.new("late", start=head, workspace=False)
    repo.lanes.put_file("late", "l", b"1\n")
    repo.lanes.promote("late")
    assert on_main(repo) == {"f", "b", "k", "l"}


@modes
def test_it_is_not_found_in_the_branch(repo: TestRepo, mode: str) -> None:
    """A search for work that came by other ways passes over what was taken back."""
    undone(repo, "kid", mode)
    assert repo.lanes.reconcile().lanes == ()
    repo.lanes.promote("kid", mode=mode)
    assert on_main(repo) == {"f", "b", "k"}


def test_a_rollback_of_several(repo: TestRepo) -> None:
    """All of them land again."""
    repo.lanes.promote("base")
    repo.lanes.promote("kid")
    repo.lanes.rollback("main", steps=2)
    assert on_main(repo) == {"f"}
    repo.lanes.promote("kid")
    assert on_main(repo) == {"f", "b", "k"}


def test_a_task_whose_completion_was_taken_back(repo: TestRepo) -> None:
    """It goes on in its lane, which cannot be laid anew, and is completed again."""
    lanes = repo.lanes
    task = lanes.tasks.add("a task").id
    lane = lanes.tasks.start(task, agent="one", workspace=False).lane.name
    lanes.put_file(lane, "t", b"1\n")
    lanes.tasks.complete(task)
    lanes.undo()
    if lanes.tasks.show(task).status == "completed":  # that was the archiving of its lane
        lanes.undo()
    lanes.tasks.release(task, by="one")
    lanes.tasks.start(task, agent="two", workspace=False)
    assert any("it goes on where it was" in x for x in lanes.take_warnings())
    lanes.promote("main", into=lane)
    with pytest.raises(Negative, match="nothing to sync"):
        lanes.sync(lane)
    lanes.tasks.complete(task, by="two")
    assert "t" in on_main(repo)
