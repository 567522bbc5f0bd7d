"""Workspaces whose agent moved HEAD itself: accepted work is never taken back by that."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitlanes import NothingToPropose, Refused
from tests.support.repos import TestRepo

_EDIT = "sed -i s/^pick/edit/"


@pytest.fixture
def place(repo: TestRepo) -> Path:
    """The workspace of lane auth, which has three accepted attempts: one, two and three."""
    place = repo.lane("auth")
    for name in ("one", "two", "three"):
        repo.commit("auth", {name: f"{name}\n"})
    return place


def lane_files(repo: TestRepo) -> set[str]:
    """Return what the lane's head has beside what main has."""
    return repo.files("refs/lanes/head/auth").keys() - repo.files("main").keys()


def changed(repo: TestRepo, attempt: str) -> list[str]:
    """Return the paths that an attempt changes."""
    return [x.path.decode() for x in repo.lanes.show(attempt).files]


def test_an_older_checkout_takes_nothing_back(repo: TestRepo, place: Path) -> None:
    """With nothing edited there is nothing to propose; an edit lands alone."""
    repo.git("checkout", "--quiet", "HEAD~2", cwd=place)
    with pytest.raises(NothingToPropose):
        repo.lanes.commit("auth")
    made = repo.commit("auth", {"four": "4\n"})
    assert changed(repo, made) == ["four"]
    assert lane_files(repo) == {"one", "two", "three", "four"}
    repo.commit("auth", {"five": "5\n"})
    assert lane_files(repo) == {"one", "two", "three", "four", "five"}


def test_an_older_checkout_may_be_offered_and_accepted_later(repo: TestRepo, place: Path) -> None:
    """The workspace goes on from what it has: neither acceptance nor the next one reverts."""
    repo.git("checkout", "--quiet", "HEAD~2", cwd=place)
    repo.lanes.accept(repo.propose("auth", {"four": "4\n"}))
    repo.commit("auth", {"five": "5\n"})
    assert lane_files(repo) == {"one", "two", "three", "four", "five"}


def test_some_paths_of_an_older_checkout(repo: TestRepo, place: Path) -> None:
    """An offer of some paths takes nothing back either."""
    repo.git("checkout", "--quiet", "HEAD~2", cwd=place)
    repo.write({"four": "4\n", "five": "5\n"}, place)
    made = repo.lanes.commit("auth", paths=["four"]).attempt.id
    assert changed(repo, made) == ["four"]
    assert lane_files(repo) == {"one", "two", "three", "four"}


def test_a_reset_that_keeps_the_files(repo: TestRepo, place: Path) -> None:
    """After `git reset --soft` the content has all, so the edit counts from the lane's head."""
    repo.git("reset", "--quiet", "--soft", "HEAD~2", cwd=place)
    made = repo.commit("auth", {"three": "edited\n"})
    assert changed(repo, made) == ["three"]
    assert repo.files("refs/lanes/head/auth")["three"] == "edited"


def test_an_amended_commit_of_the_lane(repo: TestRepo, place: Path) -> None:
    """An agent's own `git commit --amend` of accepted work is a change on top of it."""
    repo.write({"three": "amended\n"}, place)
    repo.git("commit", "--quiet", "--all", "--amend", "--no-edit", cwd=place)
    made = repo.lanes.commit("auth").attempt.id
    assert changed(repo, made) == ["three"]


def test_a_rebase_on_main(repo: TestRepo, place: Path) -> None:
    """An agent's own rebase keeps the lane's work, and brings main's."""
    repo.save({"main.py": "1\n"})
    repo.git("rebase", "--quiet", "main", cwd=place)
    repo.lanes.commit("auth")
    assert lane_files(repo) == {"one", "two", "three"}
    assert repo.files("refs/lanes/head/auth")["main.py"] == "1"


@pytest.mark.parametrize("own", [False, True])
def test_another_lane_s_head_checked_out(repo: TestRepo, place: Path, own: bool) -> None:
    """It lacks the lane's accepted work: refused with the ways back, and the edit stays."""
    repo.save({"main.py": "1\n"})
    repo.git("checkout", "--quiet", "--detach", "main", cwd=place)
    repo.write({"four": "4\n"}, place)
    if own:
        repo.git("add", "four", cwd=place)
        repo.git("commit", "--quiet", "-m", "own", cwd=place)
    at = repo.git("rev-parse", "HEAD", cwd=place)[:12]
    with pytest.raises(Refused) as refused:
        repo.lanes.commit("auth")
    assert str(refused.value) == (
        f"workspace of lane 'auth' is at {at}, without accepted work of the lane"
    )
    assert refused.value.data["paths"] != []
    ref = "refs/lanes/head/auth"
    if own:
        repo.git("rebase", "--quiet", "--onto", ref, "main", cwd=place)
    else:
        repo.git("switch", "--quiet", "--detach", "--merge", ref, cwd=place)
    assert (place / "four").read_text() == "4\n"
    repo.lanes.commit("auth")
    assert lane_files(repo) == {"one", "two", "three", "four"}


@pytest.mark.parametrize(
    ("begin", "doing", "out"),
    [
        (["bisect", "start"], "bisect", "reset"),
        (
            ["-c", "sequence.editor=sed -i s/^pick/edit/", "rebase", "-i", "HEAD~1"],
            "rebase",
            "--abort",
        ),
    ],
)
def test_in_the_middle_of_something(
    repo: TestRepo, place: Path, begin: list[str], doing: str, out: str
) -> None:
    """What git is still to go on from is not taken, and the way out is one that git knows."""
    repo.git(*begin, cwd=place)
    repo.write({"four": "4\n"}, place)
    with pytest.raises(Refused) as refused:
        repo.lanes.commit("auth")
    assert str(refused.value) == f"workspace of lane 'auth' is in the middle of a {doing}"
    assert refused.value.hint == f"finish it there, or run 'git {doing} {out}' there"
    repo.git(doing, out, cwd=place)
    repo.lanes.commit("auth")
    assert lane_files(repo) == {"one", "two", "three", "four"}
