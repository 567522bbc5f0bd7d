"""What both sides have already, however it got there, is never taken back unseen."""

from __future__ import annotations

import pytest

from gitlanes import Collision
from tests.support.repos import TestRepo


@pytest.mark.parametrize("how", ["merge --ff-only main", "reset --quiet --hard main"])
def test_a_fast_forward_by_the_agent(repo: TestRepo, how: str) -> None:
    """What main takes back stays taken back, though the agent had moved onto it before."""
    place = repo.lane("auth")
    repo.save({"x": "1\n"})
    repo.git(*how.split(), cwd=place)
    repo.commit("auth", {"y": "1\n"})
    repo.save({"x": "0\n"})
    repo.lanes.promote("auth")
    assert repo.files("main")["x"] == "0"
    assert repo.files("main")["y"] == "1"


def test_a_merge_by_a_person(repo: TestRepo) -> None:
    """A lane that a person merged with plain git brings only what it did since."""
    repo.work("auth", {"p": "1\n"})
    repo.git("merge", "--quiet", "--no-ff", "-m", "by hand", "refs/lanes/head/auth")
    repo.save({"p": "0\n"})
    repo.commit("auth", {"q": "1\n"})
    made = repo.lanes.promote("auth")
    assert made.source_only == (b"q",)
    assert (repo.files("main")["p"], repo.files("main")["q"]) == ("0", "1")


@pytest.mark.parametrize("mode", ["merge", "squash"])
def test_a_target_promoted_back_into_its_child(repo: TestRepo, mode: str) -> None:
    """Main going down into a lane never takes back what the lane changed since its fork."""
    repo.save({"p": "1\n"})
    repo.work("auth", {"p": "0\n"})
    repo.save({"more": "1\n"})
    repo.lanes.promote("main", into="auth", mode=mode)
    assert repo.files("refs/lanes/head/auth")["p"] == "0"
    repo.lanes.promote("auth")
    assert repo.files("main")["p"] == "0"


def test_a_child_that_landed_by_squash_and_changed_its_mind(repo: TestRepo) -> None:
    """What a lane landed and then took back is not brought back by main's promotion into it."""
    repo.work("auth", {"p": "1\n"})
    repo.lanes.promote("auth", mode="squash")
    repo.commit("auth", {"p": "0\n"})
    repo.save({"more": "1\n"})
    repo.lanes.promote("main", into="auth")
    assert repo.files("refs/lanes/head/auth")["p"] == "0"


def test_a_merge_in_a_rejected_attempt(repo: TestRepo) -> None:
    """After a rejection it stops where main took something back, and never undoes that."""
    place = repo.lane("auth")
    repo.save({"x": "1\n"})
    repo.write({"y": "1\n"}, place)
    repo.git("add", "--all", cwd=place)
    repo.git("commit", "--quiet", "-m", "own", cwd=place)
    repo.git("merge", "--quiet", "--no-edit", "main", cwd=place)
    repo.lanes.reject(repo.lanes.propose("auth").attempt.id)
    repo.commit("auth", {"y": "2\n"})
    repo.save({"x": "0\n"})
    with pytest.raises(Collision):
        repo.lanes.promote("auth")
    assert repo.files("main")["x"] == "0"


def test_two_partial_offers_after_a_rejection(repo: TestRepo) -> None:
    """The first carries the rejected Change-Id, the second has its own; both are accepted."""
    repo.lane("auth")
    rejected = repo.propose("auth", {"p": "1\n", "q": "1\n"})
    change = repo.lanes.reject(rejected).attempt.change_id
    first = repo.lanes.propose("auth", paths=["p"]).attempt
    second = repo.lanes.propose("auth", paths=["q"]).attempt
    assert first.change_id == change != second.change_id
    assert repo.lanes.accept(first.id).superseded == ()
    repo.lanes.accept(second.id)
    assert {"p", "q"} <= repo.files("refs/lanes/head/auth").keys()


def test_staged_content_of_the_root_is_not_lost(repo: TestRepo) -> None:
    """A landing waits where the index holds what neither the file nor any commit has."""
    repo.save({"x": "0\n"})
    repo.lane("auth", {"x": "1\n"})
    repo.write({"x": "STAGED\n"})
    repo.git("add", "x")
    repo.write({"x": "0\n"})
    following = repo.lanes.promote("auth").following
    assert following is not None
    assert (following.followed, following.paths) == (False, (b"x",))
    assert repo.git("show", ":x") == "STAGED"


def test_an_untracked_directory_where_a_file_lands(repo: TestRepo) -> None:
    """It is named as what is in the way, and commits from the root go on."""
    repo.write({"d/mine": "mine\n"})
    repo.lane("auth", {"d": "file\n"})
    following = repo.lanes.promote("auth").following
    assert following is not None
    assert (following.followed, following.paths) == (False, (b"d",))
    assert (repo.path / "d/mine").read_text() == "mine\n"


def test_removing_a_workspace_spares_a_lane_of_a_similar_name(repo: TestRepo) -> None:
    """No other lane's directory is taken for the rest of a removal."""
    gone = repo.lane("a")
    other = repo.lane("a.removing")
    repo.write({"unsaved": "mine\n"}, other)
    repo.git("worktree", "unlock", str(gone))
    for file in sorted(gone.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()
    gone.rmdir()
    repo.lanes.remove_workspace("a")
    assert (other / "unsaved").read_text() == "mine\n"
