"""Offers made on top of open ones, and who takes whose place."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitlanes import Collision, NotFound, NothingToPropose, Refused
from gitlanes.git.trailers import change_id_of, find_trailers
from gitlanes.models.records import Attempt
from tests.review.test_decisions import attempt, base_of, message
from tests.support.repos import TestRepo


def stack(repo: TestRepo) -> tuple[Attempt, Attempt]:
    """Propose one file of lane auth, and another on top of it; return both attempts."""
    repo.lane("auth")
    one = repo.propose("auth", {"one.py": "1\n"})
    two = repo.propose("auth", {"two.py": "2\n"}, on=one)
    return attempt(repo, one), attempt(repo, two)


def head(place: Path, repo: TestRepo) -> str:
    """Return a workspace's HEAD."""
    return repo.git("rev-parse", "HEAD", cwd=place)


def changed(repo: TestRepo, made: Attempt) -> list[str]:
    """Return the paths that an attempt's commit changes."""
    return repo.git("diff", "--name-only", f"{made.commit}^", made.commit).split()


def test_an_offer_on_top_takes_only_what_came_since(repo: TestRepo) -> None:
    """It stands on the open attempt's commit under a change of its own; both stay open."""
    one, two = stack(repo)
    assert (two.on, two.base, changed(repo, two)) == (one.id, one.commit, ["two.py"])
    assert (one.status, two.status) == ("proposed", "proposed")
    assert one.change_id != two.change_id
    place = repo.workspace("auth")
    assert head(place, repo) == two.commit
    assert repo.git("status", "--porcelain", cwd=place) == ""
    assert base_of(repo, "auth") == one.base == repo.lanes.head("auth")


def test_the_upper_one_waits_for_the_lower_one(repo: TestRepo) -> None:
    """Accepting it first is refused with the name of the other, and nothing moves."""
    one, two = stack(repo)
    before = repo.refs()
    with pytest.raises(Refused, match=f"{two.id} stands on {one.id}") as refused:
        repo.lanes.accept(two.id)
    assert refused.value.hint == f"accept that first: git lanes accept {one.id}"
    assert repo.refs() == before


def test_a_stack_is_accepted_from_below(repo: TestRepo) -> None:
    """Both become the lane's head as they are; the workspace stays at the upper one meanwhile."""
    one, two = stack(repo)
    place = repo.workspace("auth")
    repo.lanes.accept(one.id)
    assert (head(place, repo), base_of(repo, "auth")) == (two.commit, one.commit)
    repo.lanes.accept(two.id)
    assert repo.lanes.head("auth") == two.commit == head(place, repo) == base_of(repo, "auth")
    assert repo.git("status", "--porcelain", cwd=place) == ""
    with pytest.raises(NothingToPropose):
        repo.lanes.propose("auth")


def test_a_stack_on_a_lane_that_moved_on(repo: TestRepo) -> None:
    """Both are laid on the new head, with their Change-Ids and notes."""
    one, two = stack(repo)
    repo.work("other", {"other.py": "1\n"})
    repo.lanes.promote("other", into="auth")
    for made in (one, two):
        landed = repo.lanes.accept(made.id).attempt.landed
        assert landed != made.commit
        assert change_id_of(message(repo, landed)) == made.change_id
        shown = [
            repo.git("notes", "--ref=lanes/intents", "show", str(x)) for x in (made.commit, landed)
        ]
        assert shown[0] == shown[1]
    assert repo.files("refs/lanes/head/auth").keys() >= {"one.py", "two.py", "other.py"}


def test_three_on_top_of_each_other(repo: TestRepo) -> None:
    """A third goes on the second; rejecting the top brings HEAD back to what it stood on."""
    one, two = stack(repo)
    three = attempt(repo, repo.propose("auth", {"three.py": "3\n"}, on=two.id))
    place = repo.workspace("auth")
    repo.lanes.reject(three.id)
    assert head(place, repo) == two.commit
    assert repo.git("status", "--porcelain", cwd=place) == "?? three.py"
    again = repo.lanes.propose("auth", on=two.id).attempt
    assert (again.change_id, changed(repo, again)) == (three.change_id, ["three.py"])
    for made in (one, two, again):
        repo.lanes.accept(made.id)
    assert repo.lanes.head("auth") == again.commit == base_of(repo, "auth")


def test_a_whole_offer_replaces_the_whole_stack(repo: TestRepo) -> None:
    """Without `on` all open ones are superseded by the new one, which has all the content."""
    one, two = stack(repo)
    repo.write({"three.py": "3\n"}, repo.workspace("auth"))
    made = repo.lanes.propose("auth", message="all of it")
    assert made.superseded == (one.id, two.id)
    assert (made.attempt.on, made.attempt.base) == (None, one.base)
    for old in (one, two):
        now = attempt(repo, old.id)
        assert (now.status, now.superseded_by) == ("superseded", made.attempt.id)
    assert changed(repo, made.attempt) == ["one.py", "three.py", "two.py"]


def test_a_whole_offer_on_one_replaces_what_stood_on_that(repo: TestRepo) -> None:
    """With `on` only those that it does not stand on are superseded, and their change goes on."""
    one, two = stack(repo)
    repo.write({"two.py": "22\n"}, repo.workspace("auth"))
    made = repo.lanes.propose("auth", on=one.id)
    assert made.superseded == (two.id,)
    assert (made.attempt.on, made.attempt.change_id) == (one.id, two.change_id)
    assert attempt(repo, one.id).open


@pytest.mark.parametrize("how", ["paths", "new"])
def test_a_partial_or_new_offer_on_one_replaces_nothing(repo: TestRepo, how: str) -> None:
    """With paths, or as a new change, all open ones stay open."""
    one, two = stack(repo)
    repo.write({"three.py": "3\n"}, repo.workspace("auth"))
    if how == "paths":
        made = repo.lanes.propose("auth", on=two.id, paths=["three.py"])
    else:
        made = repo.lanes.propose("auth", on=two.id, change="new")
    assert made.superseded == ()
    assert (made.attempt.on, changed(repo, made.attempt)) == (two.id, ["three.py"])
    assert [x.id for x in repo.lanes.lane("auth").open] == [one.id, two.id, made.attempt.id]


def test_what_stood_on_a_rejected_one(repo: TestRepo) -> None:
    """It can be accepted, brings its own changes alone, and a warning says so."""
    one, two = stack(repo)
    repo.lanes.reject(one.id)
    repo.lanes.accept(two.id)
    assert repo.files("refs/lanes/head/auth").keys() == {"auth.py", "src/app.py", "two.py"}
    assert repo.lanes.take_warnings() == [
        f"{two.id} was made on top of {one.id}, which is rejected: only its own changes take part"
    ]
    place = repo.workspace("auth")
    assert repo.git("status", "--porcelain", cwd=place) == "?? one.py"
    assert head(place, repo) == repo.lanes.head("auth")


def test_what_builds_upon_a_rejected_one_collides(repo: TestRepo) -> None:
    """An edit of what the rejected one brought cannot be had without that."""
    repo.lane("auth")
    one = repo.propose("auth", {"one.py": "1\n"})
    two = repo.propose("auth", {"one.py": "11\n"}, on=one)
    repo.lanes.reject(one)
    with pytest.raises(Collision) as refused:
        repo.lanes.accept(two)
    assert [x["path"] for x in refused.value.data["collisions"]] == ["one.py"]
    assert attempt(repo, two).open


def test_a_commit_on_an_open_one_is_refused(repo: TestRepo) -> None:
    """What is to be accepted at once cannot stand on what is not; nothing moves."""
    one, _ = stack(repo)
    repo.write({"three.py": "3\n"}, repo.workspace("auth"))
    before = repo.refs()
    with pytest.raises(Refused, match=f"{one.id} is not accepted yet"):
        repo.lanes.commit("auth", on=one.id)
    assert repo.refs() == before


def test_on_an_accepted_one(repo: TestRepo) -> None:
    """An attempt that was accepted meanwhile is part of the lane: the offer stands on that."""
    one, _ = stack(repo)
    repo.lanes.accept(one.id)
    repo.write({"three.py": "3\n"}, repo.workspace("auth"))
    made = repo.lanes.propose("auth", on=one.id, message="more")
    assert (made.attempt.on, made.attempt.base) == (None, one.commit)
    repo.lanes.accept(made.attempt.id)
    assert repo.files("refs/lanes/head/auth").keys() >= {"one.py", "two.py", "three.py"}


@pytest.mark.parametrize(
    ("verb", "said"),
    [("reject", "auth/1 is rejected already"), ("supersede", "auth/1 is superseded already by")],
)
def test_on_one_that_is_gone(repo: TestRepo, verb: str, said: str) -> None:
    """An attempt that was turned down or replaced carries nothing, and the error says which."""
    repo.lane("auth")
    one = repo.propose("auth", {"one.py": "1\n"})
    if verb == "reject":
        repo.lanes.reject(one)
    else:
        repo.propose("auth", {"one.py": "2\n"})
    repo.write({"two.py": "2\n"}, repo.workspace("auth"))
    with pytest.raises(Refused, match=said):
        repo.lanes.propose("auth", on=one)


def test_on_one_of_another_lane_or_none(repo: TestRepo) -> None:
    """Only the lane's own attempts can be stood on."""
    one, _ = stack(repo)
    repo.lane("other")
    repo.write({"x": "x\n"}, repo.workspace("other"))
    with pytest.raises(Refused, match="auth/1 is an attempt of lane 'auth', not of 'other'"):
        repo.lanes.propose("other", on=one.id)
    with pytest.raises(NotFound, match="attempt 'other/7' not found"):
        repo.lanes.propose("other", on="other/7")


def test_a_workspace_that_does_not_hold_it(repo: TestRepo) -> None:
    """A workspace made anew lacks the open work: an offer on it would take that back."""
    repo.lane("auth")
    one = repo.propose("auth", {"one.py": "1\n"})
    repo.lanes.remove_workspace("auth", force=True)
    repo.lanes.create_workspace("auth")
    repo.write({"two.py": "2\n"}, repo.workspace("auth"))
    before = repo.refs()
    with pytest.raises(Refused, match="does not hold auth/1") as refused:
        repo.lanes.propose("auth", on=one)
    assert refused.value.hint.endswith("git lanes workspace update auth --to auth/1")
    assert repo.refs() == before


def test_partial_offers_hold_each_other(repo: TestRepo) -> None:
    """Where the files have the attempt, it does not matter that HEAD is at another."""
    place = repo.lane("auth")
    repo.write({"one.py": "1\n", "two.py": "2\n"}, place)
    one = repo.lanes.propose("auth", paths=["one.py"]).attempt
    two = repo.lanes.propose("auth", paths=["two.py"], on=one.id).attempt
    repo.write({"one.py": "11\n", "three.py": "3\n"}, place)
    three = repo.lanes.propose("auth", paths=["three.py"], on=one.id).attempt
    assert {two.on, three.on} == {one.id}
    assert changed(repo, three) == ["three.py"]


def test_a_change_is_in_a_stack_once(repo: TestRepo) -> None:
    """Under the id of what it stands on, an offer gets a new one and says what it follows."""
    one, _ = stack(repo)
    repo.write({"three.py": "3\n"}, repo.workspace("auth"))
    made = repo.lanes.propose("auth", on=one.id, change=one.change_id, message="more").attempt
    assert made.change_id != one.change_id
    assert ("Follows", one.change_id) in find_trailers(message(repo, made.commit))


def test_a_stack_in_the_repository_s_own_directory(repo: TestRepo) -> None:
    """There, too, an offer on another takes only what came since."""
    repo.write({"one.py": "1\n"})
    one = repo.lanes.propose("main").attempt
    repo.write({"one.py": "11\n", "two.py": "2\n"})
    two = repo.lanes.propose("main", on=one.id).attempt
    assert changed(repo, two) == ["one.py", "two.py"]
    repo.lanes.accept(one.id)
    repo.lanes.accept(two.id)
    assert repo.files("main").keys() >= {"one.py", "two.py"}
    assert repo.git("status", "--porcelain") == ""
    repo.fsck()


def test_who_took_whose_place(repo: TestRepo) -> None:
    """Replaced by a whole offer, or by an accepted one of the same change: the record names it."""
    place = repo.lane("auth")
    first = repo.propose("auth", {"one.py": "1\n"})
    second = repo.propose("auth", {"one.py": "2\n"})
    assert attempt(repo, first).superseded_by == second
    repo.write({"two.py": "2\n"}, place)
    rival = repo.lanes.propose(
        "auth", paths=["two.py"], change=attempt(repo, second).change_id
    ).attempt
    repo.lanes.accept(rival.id)
    gone = attempt(repo, second)
    assert (gone.status, gone.superseded_by) == ("superseded", rival.id)
    assert [x.id for x in repo.lanes.lane("auth").open] == []


def test_what_stood_on_a_rival(repo: TestRepo) -> None:
    """Where another attempt of the lower one's change was accepted, the upper one can follow."""
    one, two = stack(repo)
    repo.write({"rival.py": "r\n"}, repo.workspace("auth"))
    rival = repo.lanes.propose("auth", paths=["rival.py"], change=one.change_id).attempt
    assert repo.lanes.accept(rival.id).superseded == (one.id,)
    repo.lanes.accept(two.id)
    assert repo.files("refs/lanes/head/auth").keys() == {
        "auth.py",
        "src/app.py",
        "rival.py",
        "two.py",
    }
    assert "which is superseded" in repo.lanes.take_warnings()[0]


@pytest.mark.parametrize("mode", ["squash", "replay"])
def test_a_landing_brings_the_change(repo: TestRepo, mode: str) -> None:
    """Where another lane lands the change, that attempt takes the place of the open one."""
    one, two = stack(repo)
    repo.lanes.new("dev", start=one.id)
    made = repo.lanes.promote("dev", into="auth", mode=mode)
    assert made.landed[0].change_id == one.change_id
    assert made.superseded == (one.id,)
    gone = attempt(repo, one.id)
    assert (gone.status, gone.superseded_by) == ("superseded", made.landed[0].id)
    assert attempt(repo, two.id).open
    repo.lanes.accept(two.id)
    assert repo.files("refs/lanes/head/auth").keys() >= {"one.py", "two.py"}


def test_an_offer_that_takes_the_one_below_back(repo: TestRepo) -> None:
    """Its content is that of an attempt further down, and news all the same."""
    repo.lane("auth")
    names: list[str] = []
    for text in ("1\n", "2\n", "1\n"):
        names.append(repo.propose("auth", {"a": text}, on=names[-1] if names else None))
    for name in names:
        repo.lanes.accept(name)
    assert repo.files("refs/lanes/head/auth")["a"] == "1"
    assert repo.lanes.head("auth") == attempt(repo, names[-1]).commit
