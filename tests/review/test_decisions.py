"""Accepting and rejecting: what becomes of the attempt, the lane and the workspace."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitlanes import Collision, Cost, Intent, Judgement, NothingToPropose, Refused
from gitlanes.git.trailers import change_id_of, find_trailers
from gitlanes.models.records import Attempt
from gitlanes.workspaces import state as states
from tests.support.repos import TestRepo


def attempt(repo: TestRepo, name: str) -> Attempt:
    """Return an attempt's latest state."""
    return repo.lanes.show(name).attempts[0].attempt


def message(repo: TestRepo, commit: str | None) -> str:
    """Return a commit's message."""
    return repo.git("log", "-1", "--format=%B", str(commit))


def base_of(repo: TestRepo, lane: str) -> str | None:
    """Return the commit that a lane's workspace counts its changes from."""
    state = states.read(repo.lanes.workspace(lane).git_dir)
    assert state is not None
    return state.base


def two_offers(repo: TestRepo) -> tuple[str, str]:
    """Make two open attempts of lane auth on the same base, on different paths."""
    place = repo.lane("auth")
    repo.write({"one.py": "1\n", "two.py": "2\n"}, place)
    made = [
        repo.lanes.propose(
            "auth",
            message=f"offer {name}",
            paths=[f"{name}.py"],
            intent=Intent(prompt=name, agent="a1"),
            cost=Cost(api_calls=1),
        )
        for name in ("one", "two")
    ]
    return made[0].attempt.id, made[1].attempt.id


def test_an_accepted_attempt_is_the_lane_s_head(repo: TestRepo) -> None:
    """Where the lane stood still, the very commit that was proposed is accepted."""
    repo.lane("auth")
    name = repo.propose("auth", {"auth.py": "1\n"})
    decided = repo.lanes.accept(name, Judgement(by="boss", reason="fine", checks=(("t", True),)))
    assert decided.attempt.landed == decided.attempt.commit == repo.lanes.head("auth")
    assert (decided.attempt.status, decided.attempt.by) == ("accepted", "boss")
    told = repo.lanes.show(name).attempts[0].notes.evaluations
    assert [(x["name"], x["passed"], x.get("reason")) for x in told] == [
        ("t", True, None),
        ("decision", True, "fine"),
    ]
    assert repo.git("status", "--porcelain", cwd=repo.workspace("auth")) == ""


def test_a_lane_that_moved_on_gets_a_new_commit(repo: TestRepo) -> None:
    """It has the same message and Change-Id, the records, and both commits stay named."""
    one, two = two_offers(repo)
    repo.lanes.accept(two)
    head = repo.lanes.head("auth")
    decided = repo.lanes.accept(one).attempt
    assert decided.landed == repo.lanes.head("auth") != decided.commit
    assert repo.git("log", "-1", "--format=%P", str(decided.landed)) == head
    assert message(repo, decided.landed) == message(repo, decided.commit)
    assert change_id_of(message(repo, decided.landed)) == decided.change_id
    assert repo.files("refs/lanes/head/auth").keys() >= {"one.py", "two.py"}
    for kind in ("intents", "costs"):
        shown = [
            repo.git("notes", f"--ref=lanes/{kind}", "show", str(x))
            for x in (decided.commit, decided.landed)
        ]
        assert shown[0] == shown[1]
    repo.git("gc", "--quiet", "--prune=now")
    assert repo.files(decided.commit).keys() == {"auth.py", "src/app.py", "one.py"}


def test_a_landed_target_moved_on(repo: TestRepo) -> None:
    """A promotion into the lane between proposal and acceptance is kept."""
    repo.lane("auth")
    name = repo.propose("auth", {"auth.py": "1\n"})
    repo.lane("other", {"other.py": "1\n"})
    repo.lanes.promote("other", into="auth")
    repo.lanes.accept(name)
    assert repo.files("refs/lanes/head/auth") == {
        "auth.py": "1",
        "other.py": "1",
        "src/app.py": "app",
    }


def test_a_stale_attempt_that_collides_stays_proposed(repo: TestRepo) -> None:
    """The error names the paths and the winner; nothing moves."""
    repo.lane("auth")
    name = repo.propose("auth", {"auth.py": "mine\n", "own.py": "1\n"})
    repo.lane("other", {"auth.py": "winner\n"})
    repo.lanes.promote("other", into="auth")
    before = repo.refs()
    with pytest.raises(Collision) as refused:
        repo.lanes.accept(name)
    assert repo.refs() == before
    assert attempt(repo, name).status == "proposed"
    found = refused.value.data["collisions"]
    assert [(x["path"], x["target"]["attempt"], x["target"]["agent"]) for x in found] == [
        ("auth.py", "other/1", "agent-other")
    ]
    assert (found[0]["source"]["attempt"], refused.value.data["attempt"]) == (name, name)
    assert f"reject {name}" in refused.value.hint
    repo.lanes.reject(name)
    assert attempt(repo, name).status == "rejected"


def test_convergent_paths_are_told(repo: TestRepo) -> None:
    """What the lane has already, the same, is no collision."""
    repo.lane("auth")
    name = repo.propose("auth", {"auth.py": "same\n", "own.py": "1\n"})
    repo.lane("other", {"auth.py": "same\n"})
    repo.lanes.promote("other", into="auth")
    assert repo.lanes.accept(name).convergent == (b"auth.py",)


def test_a_whole_proposal_supersedes_the_one_before(repo: TestRepo) -> None:
    """Both carry one Change-Id; the older stays readable, and cannot be accepted any more."""
    repo.lane("auth")
    first = repo.propose("auth", {"auth.py": "1\n"})
    made = repo.lanes.propose  # the second by the verb itself, for its result
    repo.write({"auth.py": "2\n"}, repo.workspace("auth"))
    second = made("auth", message="better")
    assert second.superseded == (first,)
    assert attempt(repo, first).status == "superseded"
    assert attempt(repo, first).change_id == second.attempt.change_id
    assert repo.files(attempt(repo, first).commit)["auth.py"] == "1"
    with pytest.raises(Refused, match="superseded already"):
        repo.lanes.accept(first)


def test_a_new_change_does_not_supersede(repo: TestRepo) -> None:
    """With `change='new'` the open attempt stays open, under another id."""
    repo.lane("auth")
    first = repo.propose("auth", {"auth.py": "1\n"})
    second = repo.propose("auth", {"more.py": "1\n"}, change="new")
    assert attempt(repo, first).status == attempt(repo, second).status == "proposed"
    assert attempt(repo, first).change_id != attempt(repo, second).change_id


def test_accepting_supersedes_rivals_of_the_same_change(repo: TestRepo) -> None:
    """Of several open attempts of one change, accepting one closes the others."""
    place = repo.lane("auth")
    repo.write({"one.py": "1\n", "two.py": "2\n"}, place)
    first = repo.lanes.propose("auth", paths=["one.py"]).attempt
    second = repo.lanes.propose("auth", paths=["two.py"], change=first.change_id).attempt
    decided = repo.lanes.accept(second.id)
    assert decided.superseded == (first.id,)
    assert attempt(repo, first.id).status == "superseded"
    assert repo.lanes.lane("auth").open == ()
    with pytest.raises(Refused, match="superseded already"):
        repo.lanes.accept(first.id)


def test_a_lane_has_a_change_once(repo: TestRepo) -> None:
    """More work under an accepted change's id gets a new id, and says what it follows."""
    repo.lane("auth")
    first = attempt(repo, repo.commit("auth", {"auth.py": "1\n"}))
    repo.write({"auth.py": "2\n"}, repo.workspace("auth"))
    made = repo.lanes.commit("auth", message="more", change=first.change_id).attempt
    assert made.change_id != first.change_id
    assert ("Follows", first.change_id) in find_trailers(message(repo, made.commit))


def test_rejection_leaves_the_files_and_moves_head_back(repo: TestRepo) -> None:
    """The work is there again as unsaved edits, and the next offer carries the change on."""
    place = repo.lane("auth")
    base = repo.lanes.head("auth")
    name = repo.propose("auth", {"auth.py": "1\n", "new.py": "1\n"})
    decided = repo.lanes.reject(name, Judgement(by="boss", reason="not yet"))
    assert (decided.attempt.status, decided.attempt.reason) == ("rejected", "not yet")
    assert repo.git("rev-parse", "HEAD", cwd=place) == base == repo.lanes.head("auth")
    assert repo.git("status", "--porcelain", cwd=place) == " M auth.py\n?? new.py"
    again = attempt(repo, repo.propose("auth", {"new.py": "2\n"}))
    assert again.change_id == decided.attempt.change_id
    assert repo.files(again.tree)["auth.py"] == "1"
    repo.git("gc", "--quiet", "--prune=now")
    assert repo.files(decided.attempt.commit)["new.py"] == "1"


def test_after_a_rejection_a_new_change_can_be_asked_for(repo: TestRepo) -> None:
    """`change='new'` breaks the link to what was rejected; after acceptance it is broken, too."""
    repo.lane("auth")
    first = attempt(repo, repo.propose("auth", {"auth.py": "1\n"}))
    repo.lanes.reject(first.id)
    second = attempt(repo, repo.propose("auth", {"auth.py": "2\n"}, change="new"))
    assert second.change_id != first.change_id
    repo.lanes.accept(second.id)
    third = attempt(repo, repo.propose("auth", {"auth.py": "3\n"}))
    assert third.change_id not in (first.change_id, second.change_id)


def test_edits_made_after_a_proposal_survive_its_rejection(repo: TestRepo) -> None:
    """Rejecting never touches a file, neither the rejected work nor what came after."""
    place = repo.lane("auth")
    name = repo.propose("auth", {"auth.py": "1\n"})
    repo.write({"auth.py": "2\n", "later.py": "1\n"}, place)
    repo.lanes.reject(name)
    assert (place / "auth.py").read_text() == "2\n"
    assert (place / "later.py").read_text() == "1\n"


def test_rejecting_one_that_head_is_not_at(repo: TestRepo) -> None:
    """HEAD stays at a later attempt when an earlier one is rejected."""
    place = repo.lane("auth")
    first = repo.propose("auth", {"auth.py": "1\n"})
    second = attempt(repo, repo.propose("auth", {"more.py": "1\n"}, change="new"))
    repo.lanes.reject(first)
    assert repo.git("rev-parse", "HEAD", cwd=place) == second.commit


@pytest.mark.parametrize("verb", ["accept", "reject"])
def test_a_decision_is_made_once(repo: TestRepo, verb: str) -> None:
    """An attempt that is decided is refused with what became of it."""
    repo.lane("auth")
    name = repo.propose("auth", {"auth.py": "1\n"})
    repo.lanes.accept(name, Judgement(by="boss"))
    before = repo.refs()
    with pytest.raises(Refused, match="accepted already by boss"):
        getattr(repo.lanes, verb)(name)
    assert repo.refs() == before


def test_the_base_after_an_acceptance(repo: TestRepo) -> None:
    """The workspace counts its next changes from the accepted commit: no repetition, no revert."""
    repo.lane("auth")
    name = repo.propose("auth", {"auth.py": "1\n"})
    repo.lanes.accept(name)
    assert base_of(repo, "auth") == attempt(repo, name).commit == repo.lanes.head("auth")
    with pytest.raises(NothingToPropose):
        repo.lanes.propose("auth")
    more = attempt(repo, repo.propose("auth", {"more.py": "1\n"}))
    assert more.base == repo.lanes.head("auth")
    assert repo.git("diff", "--name-only", str(more.base), more.commit) == "more.py"


def test_edits_between_proposal_and_acceptance_are_new_work(repo: TestRepo) -> None:
    """What was edited after the offer is proposed on top of it, and only that."""
    place = repo.lane("auth")
    name = repo.propose("auth", {"auth.py": "1\n"})
    repo.write({"auth.py": "2\n"}, place)
    repo.lanes.accept(name)
    assert repo.git("status", "--porcelain", cwd=place) == " M auth.py"
    more = repo.lanes.commit("auth").attempt
    assert more.base == attempt(repo, name).commit
    assert repo.files("refs/lanes/head/auth")["auth.py"] == "2"


def test_own_commits_between_proposal_and_acceptance_are_new_work(repo: TestRepo) -> None:
    """What the agent committed itself on top of the offer collides with nothing."""
    place = repo.lane("auth")
    name = repo.propose("auth", {"auth.py": "1\n"})
    repo.write({"auth.py": "2\n"}, place)
    repo.git("commit", "--quiet", "--all", "--message=own", cwd=place)
    repo.lanes.accept(name)
    assert repo.lanes.commit("auth").attempt.base == attempt(repo, name).commit
    assert repo.files("refs/lanes/head/auth")["auth.py"] == "2"


def test_the_base_after_a_landing_in_between(repo: TestRepo) -> None:
    """The workspace lacks what landed meanwhile: its next commit does not take that back."""
    place = repo.lane("auth")
    name = repo.propose("auth", {"auth.py": "1\n"})
    repo.lane("other", {"other.py": "1\n"})
    repo.lanes.promote("other", into="auth")
    repo.lanes.accept(name)
    assert not (place / "other.py").exists()
    assert base_of(repo, "auth") == attempt(repo, name).commit
    for number in (1, 2):
        repo.commit("auth", {"more.py": f"{number}\n"})
        assert repo.files("refs/lanes/head/auth") == {
            "auth.py": "1",
            "more.py": f"{number}",
            "other.py": "1",
            "src/app.py": "app",
        }


def test_the_base_after_each_of_two_offers(repo: TestRepo) -> None:
    """Whichever is accepted first, the workspace's next commit repeats and reverts nothing."""
    for order in ((0, 1), (1, 0)):
        lane = f"lane{order[0]}"
        place = repo.lane(lane)
        repo.write({"one.py": "1\n", "two.py": "2\n"}, place)
        names = [
            repo.lanes.propose(lane, paths=[f"{x}.py"], change="new").attempt.id
            for x in ("one", "two")
        ]
        for at in order:
            repo.lanes.accept(names[at])
        wanted = {"auth.py": "login", "one.py": "1", "two.py": "2", "src/app.py": "app"}
        assert repo.files(f"refs/lanes/head/{lane}") == wanted
        repo.commit(lane, {"three.py": "3\n"})
        assert repo.files(f"refs/lanes/head/{lane}") == {**wanted, "three.py": "3"}


def test_an_offer_that_the_workspace_does_not_hold_any_more(repo: TestRepo) -> None:
    """Accepting work whose files were put away since is not taken back by the next commit."""
    place = repo.lane("auth")
    one = repo.propose("auth", {"one.py": "1\n"})
    (place / "one.py").unlink()
    two = repo.propose("auth", {"two.py": "2\n"}, change="new")
    repo.lanes.accept(one)
    repo.lanes.accept(two)
    repo.commit("auth", {"three.py": "3\n"})
    assert repo.files("refs/lanes/head/auth").keys() >= {"one.py", "two.py", "three.py"}


def test_an_old_attempt_accepted_over_newer_work(repo: TestRepo) -> None:
    """Accepting an offer after more was committed keeps both, now and with the next commit."""
    place = repo.lane("auth")
    repo.write({"one.py": "1\n"}, place)
    offer = repo.lanes.propose("auth").attempt.id
    repo.write({"two.py": "2\n"}, place)
    repo.lanes.commit("auth", paths=["two.py"], change="new")
    repo.lanes.accept(offer)
    wanted = {"auth.py": "login", "one.py": "1", "two.py": "2", "src/app.py": "app"}
    assert repo.files("refs/lanes/head/auth") == wanted
    repo.commit("auth", {"three.py": "3\n"})
    assert repo.files("refs/lanes/head/auth") == {**wanted, "three.py": "3"}


def test_a_file_edited_again_after_partial_offers(repo: TestRepo) -> None:
    """A file that was accepted from an offer can be edited further without a collision."""
    place = repo.lane("auth")
    repo.write({"one.py": "1\n", "two.py": "2\n"}, place)
    one = repo.lanes.propose("auth", paths=["one.py"]).attempt.id
    two = repo.lanes.propose("auth", paths=["two.py"]).attempt.id
    repo.lanes.accept(one)
    repo.lanes.accept(two)
    repo.commit("auth", {"one.py": "11\n", "two.py": "22\n"})
    files = repo.files("refs/lanes/head/auth")
    assert (files["one.py"], files["two.py"]) == ("11", "22")


def test_a_deleted_workspace_does_not_stop_decisions(repo: TestRepo) -> None:
    """With the directory gone, attempts are accepted and rejected all the same."""
    for verb in ("accept", "reject"):
        place = repo.lane(verb)
        name = repo.propose(verb, {"auth.py": "1\n"})
        place.rename(place.with_name(f"{verb}.moved"))
        decided = getattr(repo.lanes, verb)(name)
        assert decided.attempt.status == f"{verb}ed"


def test_open_work_of_a_deleted_lane_cannot_be_accepted(repo: TestRepo) -> None:
    """Deleting a lane decides its attempts for good."""
    repo.lane("auth")
    name = repo.propose("auth", {"auth.py": "1\n"})
    repo.lanes.delete("auth", force=True)
    with pytest.raises(Exception, match=r"not found|deleted|rejected"):
        repo.lanes.accept(name)
    assert not Path(repo.path, "refs/lanes/head/auth").exists()
    assert attempt(repo, name).status == "rejected"


def test_nothing_stays_behind_after_two_offers(repo: TestRepo) -> None:
    """Once both partial offers are accepted, git sees no change in the workspace any more."""
    place = repo.lane("auth")
    first = repo.propose("auth", {"p1.txt": "1\n", "p2.txt": "2\n"}, paths=["p1.txt"])
    second = repo.lanes.propose("auth", change="new", paths=["p2.txt"]).attempt.id
    repo.lanes.accept(first)
    repo.lanes.accept(second)
    assert repo.git("status", "--porcelain", cwd=place) == ""
    assert repo.lanes.promote("auth").unsaved == ()
    assert repo.lanes.remove_workspace("auth") is None


def test_a_partial_offer_keeps_what_is_staged_elsewhere(repo: TestRepo) -> None:
    """What the agent staged of other files, and then edited on, is still staged after it."""
    place = repo.lane("auth")
    repo.write({"other.txt": "staged\n"}, place)
    repo.git("add", "other.txt", cwd=place)
    repo.write({"other.txt": "edited\n"}, place)
    repo.propose("auth", {"p1.txt": "1\n"}, paths=["p1.txt"])
    assert repo.git("show", ":other.txt", cwd=place) == "staged"
    assert repo.git("show", "HEAD:p1.txt", cwd=place) == "1"


def test_the_same_work_offered_again_within_a_second_has_records_of_its_own(
    repo: TestRepo,
) -> None:
    """Each attempt is a commit of its own, so neither tells what the other took, or was told."""
    repo.lane("auth")
    cheap, dear = Cost(input_tokens=5), Cost(input_tokens=70)
    first = repo.propose("auth", {"auth.py": "1\n"}, message="add auth", cost=cheap)
    repo.lanes.reject(first, Judgement(by="boss", reason="not yet"))
    second = repo.lanes.commit("auth", message="add auth", cost=dear).attempt.id
    one, two = (repo.lanes.show(x).attempts[0] for x in (first, second))
    assert one.attempt.commit != two.attempt.commit
    assert message(repo, one.attempt.commit) == message(repo, two.attempt.commit)
    assert [x["input_tokens"] for x in one.notes.costs] == [5]
    assert [x["input_tokens"] for x in two.notes.costs] == [70]
    assert [x["reason"] for x in one.notes.evaluations] == ["not yet"]
    assert two.notes.evaluations == ()


def test_a_replay_on_the_very_commit_that_it_stands_on_is_a_commit_of_its_own(
    repo: TestRepo,
) -> None:
    """Replayed at once on a target that stood still, it is told apart from the source's."""
    repo.work("auth", {"auth.py": "1\n"})
    made = repo.lanes.promote("auth", mode="replay")
    assert repo.lanes.head("auth") != repo.lanes.head("main")
    assert message(repo, repo.lanes.head("auth")) == message(repo, repo.lanes.head("main"))
    assert made.commits == (repo.lanes.head("main"),)
