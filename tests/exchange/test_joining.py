"""Lanes that went on in two clones: what they come to, and what is left for people."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitlanes import Cost, Intent, Limits, NotFound, Refused, Repo
from gitlanes.models.remotes import DIVERGED, OTHER, RENAMED
from tests.support.clones import Clones, Make
from tests.support.repos import TestRepo


def _put(repo: TestRepo, lane: str, files: dict[str, str], **how: object) -> str:
    name = ""
    for path, text in files.items():
        made = repo.lanes.put_file(lane, path, text.encode(), **how)  # type: ignore[arg-type]
        name = made.attempt.id
    return name


def _diverge(clones: Clones, ours: dict[str, str], theirs: dict[str, str]) -> None:
    """Let both clones go on with lane auth, and the second one push first."""
    a, b = clones.all
    _put(b, "auth", theirs, intent=Intent(prompt="theirs"))
    b.lanes.push()
    _put(a, "auth", ours, intent=Intent(prompt="ours"))


def test_disjoint_work_is_joined(clones: Clones) -> None:
    """The head has both sides' files, theirs as first parent, and both sides' attempts."""
    a, b = clones.all
    _diverge(clones, {"a.txt": "a\n", "b.txt": "b\n"}, {"c.txt": "c\n"})
    ours, theirs = a.lanes.head("auth"), b.lanes.head("auth")
    pulled = a.lanes.pull()
    (taken,) = pulled.lanes
    assert (taken.lane, taken.how, pulled.left) == ("auth", "merged", ())
    assert taken.renumbered == {"auth/1": "auth/3", "auth/2": "auth/4"}
    head = a.lanes.head("auth")
    assert a.git("log", "-1", "--format=%P", head).split() == [theirs, ours]
    assert a.files(head).keys() >= {"a.txt", "b.txt", "c.txt"}
    assert [x.attempt.id for x in a.lanes.history("auth").attempts] == [
        "auth/4",
        "auth/3",
        "auth/1",
    ]
    a.lanes.push()
    (came,) = b.lanes.pull().lanes
    assert (came.how, b.lanes.head("auth")) == ("forward", head)
    assert clones.shared(a) == clones.shared(b) == clones.on_server()


def test_records_name_their_attempts_by_the_new_numbers(clones: Clones) -> None:
    """Intent and cost of a renumbered attempt are told of it alone, and counted once."""
    a, b = clones.all
    _put(b, "auth", {"b": "b\n"}, intent=Intent(prompt="theirs"), cost=Cost(input_tokens=1))
    b.lanes.push()
    _put(a, "auth", {"a": "a\n"}, intent=Intent(prompt="ours"), cost=Cost(input_tokens=10))
    a.lanes.push()
    b.lanes.pull()
    for repo in clones.all:
        told = {x.attempt.id: x.notes for x in repo.lanes.history("auth").attempts}
        assert [x["prompt"] for x in told["auth/1"].intents] == ["theirs"]
        assert [x["prompt"] for x in told["auth/2"].intents] == ["ours"]
        assert [x["attempt"] for x in told["auth/2"].costs] == ["auth/2"]
        assert repo.lanes.cost().total["input_tokens"] == 11
        assert repo.lanes.lane("auth").name == "auth"
        with repo.inner() as inner:
            assert inner.view.lane("auth").record.spent["total"] == {"input_tokens": 11}


def test_old_ids_resolve(clones: Clones) -> None:
    """An old id that is nobody else's finds its attempt; one that is, tells of the other."""
    a, b = clones.all
    _diverge(clones, {"a.txt": "1\n", "b.txt": "2\n"}, {"c.txt": "3\n"})
    second = a.lanes.show("auth/2").attempts[0].attempt
    a.lanes.push()
    b.lanes.pull()
    for repo in clones.all:
        found = repo.lanes.show("auth/2").attempts[0].attempt
        assert (found.uuid, found.id) == (second.uuid, "auth/4")
        assert repo.lanes.take_warnings() == []
        assert repo.lanes.show("auth/1").attempts[0].attempt.title == "theirs"
        said = "what was called auth/1 in one clone before is auth/3 now"
        assert said in repo.lanes.take_warnings()
    with pytest.raises(NotFound):
        a.lanes.show("auth/5")


def test_old_ids_resolve_after_two_joints(clones: Clones) -> None:
    """Where the remote went on again before the joined journal was pushed, ids go along twice."""
    a, b = clones.all
    _diverge(clones, {"a.txt": "1\n", "b.txt": "2\n"}, {"c.txt": "3\n"})
    second = a.lanes.show("auth/2").attempts[0].attempt.uuid
    a.lanes.pull()
    _put(b, "auth", {"d.txt": "4\n"})
    b.lanes.push()
    a.lanes.push()
    b.lanes.pull()
    for repo in clones.all:
        ids = {x.attempt.uuid: x.attempt.id for x in repo.lanes.history("auth").attempts}
        assert len(ids) == 4
        assert repo.lanes.show(ids[second]).attempts[0].attempt.uuid == second
        assert repo.lanes.show("auth/4").attempts[0].attempt.uuid == second
    assert clones.shared(a) == clones.shared(b)


def test_colliding_work_is_left_on_both_sides(clones: Clones) -> None:
    """The lane is told of with both heads and its paths; again, nothing changes."""
    a, b = clones.all
    _diverge(clones, {"same.txt": "ours\n"}, {"same.txt": "theirs\n"})
    ours, theirs = a.lanes.head("auth"), b.lanes.head("auth")
    pulled = a.lanes.pull()
    (left,) = pulled.left
    assert (left.lane, left.kind, left.here, left.there) == ("auth", DIVERGED, ours, theirs)
    assert [x.path for x in left.collisions] == [b"same.txt"]
    assert ours[:12] in left.reason
    assert theirs[:12] in left.hint
    before = clones.shared(a)
    assert a.lanes.pull().left == pulled.left
    assert a.lanes.push().left == pulled.left
    assert (clones.shared(a), a.lanes.head("auth"), b.lanes.head("auth")) == (before, ours, theirs)
    assert a.files(theirs)["same.txt"] == "theirs"
    a.fsck()


def test_a_lane_that_is_left_keeps_no_other_from_going(clones: Clones) -> None:
    """Push brings all lanes but the one that diverged."""
    a, b = clones.all
    _diverge(clones, {"same.txt": "ours\n"}, {"same.txt": "theirs\n"})
    a.lanes.new("docs", workspace=False)
    pushed = a.lanes.push()
    assert [x.lane for x in pushed.lanes] == ["docs"]
    assert [x.lane for x in pushed.left] == ["auth"]
    assert [x.lane for x in b.lanes.pull().lanes] == ["docs"]


def test_what_was_merged_by_hand_is_joined(clones: Clones) -> None:
    """After `git merge` of the other head in the workspace, a pull takes that for both."""
    a, b = clones.all
    _diverge(clones, {"same.txt": "ours\n"}, {"same.txt": "theirs\n", "more.txt": "more\n"})
    (left,) = a.lanes.pull().left
    place = a.path.parent / "a-auth"
    a.lanes.create_workspace("auth", path=place)
    a.git("merge", "--quiet", str(left.there), cwd=place, check=False)
    a.write({"same.txt": "both\n"}, place)
    a.git("add", "same.txt", cwd=place)
    a.lanes.commit("auth", message="both")
    _put(b, "auth", {"later.txt": "later\n"})
    b.lanes.push()
    pushed = a.lanes.push()
    assert pushed.left == ()
    b.lanes.pull()
    files = b.files(b.lanes.head("auth"))
    assert {x: files[x] for x in ("same.txt", "more.txt", "later.txt")} == {
        "same.txt": "both",
        "more.txt": "more",
        "later.txt": "later",
    }
    assert clones.shared(a) == clones.shared(b)


def test_open_attempts_of_both_sides_stay_open(clones: Clones) -> None:
    """Each side's open attempts are open afterwards, ours under new numbers."""
    a, b = clones.all
    _put(b, "auth", {"b": "b\n"}, accept=False)
    b.lanes.push()
    _put(a, "auth", {"a": "a\n"}, accept=False)
    a.lanes.pull()
    assert [x.id for x in a.lanes.lane("auth").open] == ["auth/1", "auth/2"]
    for name in ("auth/1", "auth/2"):
        a.lanes.accept(name)
    a.lanes.push()
    b.lanes.pull()
    assert b.files(b.lanes.head("auth")).keys() >= {"a", "b"}


def test_a_decision_of_either_side_holds(clones: Clones) -> None:
    """An attempt that one side accepted and the other rejected is accepted: its work is there."""
    a, b = clones.all
    _put(a, "auth", {"a": "a\n"}, accept=False)
    a.lanes.push()
    b.lanes.pull()
    a.lanes.accept("auth/1")
    a.lanes.push()
    b.lanes.reject("auth/1")
    _put(b, "auth", {"b": "b\n"})
    b.lanes.push()
    a.lanes.pull()
    for repo in clones.all:
        assert repo.lanes.show("auth/1").attempts[0].attempt.status == "accepted"
        assert repo.lanes.lane("auth").open == ()
        assert "a" in repo.files(repo.lanes.head("auth"))


def test_what_is_said_of_a_lane_is_taken_from_whoever_said_it(clones: Clones) -> None:
    """Description, metadata, budget and status of either side come together."""
    a, b = clones.all
    a.lanes.edit("auth", description="ours", meta={"one": "1"})
    b.lanes.edit("auth", meta={"two": "2"}, mode="squash")
    b.lanes.set_budget("auth", limits=Limits(input_tokens=5))
    b.lanes.archive("auth")
    b.lanes.push()
    a.lanes.push()
    b.lanes.pull()
    for repo in clones.all:
        with repo.inner() as inner:
            lane = inner.view.lane("auth").record
        assert (lane.description, lane.mode, lane.status) == ("ours", "squash", "archived")
        assert lane.meta == {"one": "1", "two": "2"}
        assert lane.budget["lane"]["input_tokens"] == 5


def test_what_a_lane_follows_is_joined_one_by_one(make_clones: Make) -> None:
    """It follows what either side added, each once, and not what either took away."""
    clones = make_clones(lanes=["auth", "one", "two", "three"])
    a, b = clones.all
    a.lanes.follow("auth", "one")
    a.lanes.push()
    b.lanes.pull()
    a.lanes.follow("auth", "two", "three")
    b.lanes.unfollow("auth", "one")
    b.lanes.follow("auth", "two")
    b.lanes.push()
    a.lanes.push()
    b.lanes.pull()
    for repo in clones.all:
        with repo.inner() as inner:
            names = {x.record.uuid: x.record.name for x in inner.view.lanes()}
            lane = inner.view.lane("auth").record
        assert [names[x] for x in lane.parents] == ["two", "three"]
        assert lane.parent is not None


def test_a_reason_stays_with_its_status(clones: Clones) -> None:
    """A lane that one side resumed and gave up is not given up for why the other paused it."""
    a, b = clones.all
    a.lanes.pause("auth", reason="first")
    a.lanes.push()
    b.lanes.pull()
    b.lanes.resume("auth")
    b.lanes.pause("auth", reason="second")
    a.lanes.abandon("auth", reason="of no use")
    b.lanes.push()
    a.lanes.push()
    b.lanes.pull()
    for repo in clones.all:
        with repo.inner() as inner:
            lane = inner.view.lane("auth").record
        assert (lane.status, lane.why) in (("paused", "second"), ("abandoned", "of no use"))


def test_landings_of_both_sides_stay_on_main(clones: Clones) -> None:
    """Two clones land different lanes; main has both, its branch follows, and no landing is new."""
    a, b = clones.all
    for repo in clones.all:
        name = repo.path.name
        repo.lanes.new(name, workspace=False)
        _put(repo, name, {f"{name}.txt": "new\n"})
        repo.lanes.promote(name)
    b.lanes.push()
    a.lanes.push()
    b.lanes.pull()
    for repo in clones.all:
        assert (repo.path / "a.txt").read_text() == "new\n"
        assert (repo.path / "b.txt").read_text() == "new\n"
        assert repo.git("status", "--porcelain") == ""
        assert repo.rev("refs/heads/main") == repo.lanes.head("main")
        landed = repo.lanes.history("main", promotions=True).attempts
        assert len(landed) == 2
    assert clones.shared(a) == clones.shared(b)


def test_a_lane_deleted_there_is_gone(clones: Clones) -> None:
    """A deletion travels, and so does the name's next lane; its records stay readable."""
    a, b = clones.all
    _put(b, "auth", {"b": "b\n"})
    b.lanes.delete("auth")
    b.lanes.push()
    (taken,) = a.lanes.pull().lanes
    assert (taken.lane, taken.how) == ("auth", "gone")
    assert a.git("for-each-ref", "refs/lanes/head/auth") == ""
    assert "refs/lanes/head/auth" not in clones.on_server()
    assert a.lanes.show("auth/1").attempts[0].attempt.status == "accepted"
    b.lanes.new("auth", workspace=False)
    b.lanes.push()
    assert [x.how for x in a.lanes.pull().lanes] == ["new"]
    assert _put(a, "auth", {"a": "a\n"}) == "auth/2"


def test_a_lane_deleted_there_and_worked_on_here_stays(clones: Clones) -> None:
    """Work wins over a deletion that knew nothing of it."""
    a, b = clones.all
    _put(b, "auth", {"b": "b\n"})
    b.lanes.delete("auth")
    b.lanes.push()
    _put(a, "auth", {"a": "a\n"})
    a.lanes.push()
    b.lanes.pull()
    for repo in clones.all:
        assert repo.lanes.lane("auth").status == "active"
        assert repo.files(repo.lanes.head("auth")).keys() >= {"a", "b"}


def test_a_lane_made_anew_there_and_deleted_here(clones: Clones) -> None:
    """The new one has the name; what the old one landed here, unknown there, still counts."""
    a, b = clones.all
    _put(a, "auth", {"p": "auth\n"})
    a.lanes.new("child", start="auth", workspace=False)
    a.lanes.push()
    b.lanes.pull()
    b.lanes.delete("auth")
    b.lanes.new("auth", workspace=False)
    b.lanes.push()
    a.lanes.promote("auth", mode="squash")
    a.lanes.delete("auth")
    a.lanes.pull()
    a.save({"p": "taken back\n"})
    _put(a, "child", {"q": "child\n"})
    assert a.lanes.lane("auth").uuid == b.lanes.lane("auth").uuid
    assert a.lanes.promote("child").source_only == (b"q",)
    assert a.files("main")["p"] == "taken back"


def test_a_renaming_travels(clones: Clones) -> None:
    """The lane is the same one under its new name, and old ids find their attempts."""
    a, b = clones.all
    _put(b, "auth", {"b": "b\n"})
    b.lanes.rename("auth", "login")
    b.lanes.push()
    a.lanes.pull()
    assert [x.name for x in a.lanes.lanes().lanes] == ["login", "main"]
    assert a.lanes.show("auth/1").attempts[0].attempt.id == "auth/1"
    assert _put(a, "login", {"a": "a\n"}) == "login/2"
    a.lanes.push()
    b.lanes.pull()
    assert clones.shared(a) == clones.shared(b)


def test_a_renaming_comes_to_the_workspace(clones: Clones) -> None:
    """The directory stays, and knows at once what its lane is called."""
    a, b = clones.all
    place = Path(a.lanes.create_workspace("auth").path)
    (place / "edit").write_text("1\n")
    b.lanes.rename("auth", "login")
    b.lanes.push()
    a.lanes.pull()
    assert a.lanes.doctor().sound
    assert a.lanes.workspace("login").path == str(place)
    assert (place / "edit").read_text() == "1\n"


@pytest.mark.parametrize("here", [True, False])
def test_a_lane_renamed_on_one_side_and_worked_on_on_the_other(clones: Clones, here: bool) -> None:
    """It is left, and told of with the renaming that brings both together."""
    a, b = clones.all
    renamer, worker = (a, b) if here else (b, a)
    renamer.lanes.rename("auth", "login")
    _put(worker, "auth", {"w": "w\n"})
    b.lanes.push()
    left = a.lanes.pull().left
    assert RENAMED in {x.kind for x in left}
    before = a.refs()
    a.lanes.pull()
    assert a.refs() == before
    if here:
        a.lanes.rename("login", "auth")
    else:
        a.lanes.rename("auth", "login")
    assert a.lanes.push().left == ()
    b.lanes.pull()
    name = "auth" if here else "login"
    for repo in clones.all:
        assert "w" in repo.files(repo.lanes.head(name))
    assert clones.shared(a) == clones.shared(b)


def test_two_lanes_of_one_name(clones: Clones) -> None:
    """They are told of; once ours has another name both are in both clones."""
    a, b = clones.all
    for repo in clones.all:
        repo.lanes.new("docs", workspace=False)
        _put(repo, "docs", {repo.path.name: "new\n"})
    b.lanes.push()
    (left,) = a.lanes.pull().left
    assert (left.lane, left.kind) == ("docs", OTHER)
    assert "rename docs NEW-NAME" in left.hint
    a.lanes.rename("docs", "docs-a")
    assert a.lanes.push().left == ()
    b.lanes.pull()
    assert [x.name for x in b.lanes.lanes().lanes] == ["auth", "docs", "docs-a", "main"]
    assert a.lanes.head("docs") == b.lanes.head("docs")
    assert clones.shared(a) == clones.shared(b)
    assert {x.attempt.title for x in a.lanes.history("docs-a").attempts} == {"Put a"}


@pytest.mark.parametrize("reused", [False, True])
def test_attempts_of_a_lane_that_gave_its_name_away(clones: Clones, reused: bool) -> None:
    """They are called by its new name, where the other lane has others of theirs."""
    a, b = clones.all
    if reused:
        b.lanes.new("docs", workspace=False)
        b.lanes.push()
        a.lanes.pull()
        b.lanes.delete("docs")
    else:
        a.lanes.new("docs", workspace=False)
    b.lanes.new("docs", workspace=False)
    for repo in clones.all:
        _put(repo, "docs", {repo.path.name: "new\n"})
        repo.lanes.put_file("docs", "open", b"1\n", accept=False)
    b.lanes.push()
    assert [x.lane for x in a.lanes.pull().left] == ["docs"]
    a.lanes.rename("docs", "docs-a")
    assert a.lanes.push().left == ()
    b.lanes.pull()
    assert clones.shared(a) == clones.shared(b)
    for repo in clones.all:
        (theirs,), (ours,) = (repo.lanes.lane(x).open for x in ("docs", "docs-a"))
        assert (theirs.id, ours.id) == ("docs/2", "docs-a/2")
        for lane, name in (("docs", "b"), ("docs-a", "a")):
            told = repo.lanes.history(lane).attempts
            assert [x.attempt.id for x in told] == [f"{lane}/2", f"{lane}/1"]
            assert told[1].attempt.title == f"Put {name}"
            assert {x["attempt"] for x in told[1].notes.intents} == {f"{lane}/1"}
    for lane in ("docs", "docs-a"):
        assert a.lanes.accept(f"{lane}/2").attempt.lane == lane
        assert a.lanes.lane(lane).open == ()


def test_a_lane_that_is_called_as_before(clones: Clones) -> None:
    """All of its attempts are its own, whatever it was called in between."""
    a = clones[0]
    _put(a, "auth", {"1": "1\n"})
    a.lanes.rename("auth", "login")
    _put(a, "login", {"2": "2\n"})
    a.lanes.rename("login", "auth")
    _put(a, "auth", {"3": "3\n"})
    assert [x.attempt.title for x in a.lanes.history("auth").attempts] == [
        "Put 3",
        "Put 2",
        "Put 1",
    ]


def test_a_name_that_two_attempts_had(clones: Clones) -> None:
    """What each clone called so is another one by now: both are named, and none is meant."""
    a, b = clones.all
    b.lanes.push()
    _put(a, "auth", {"a.txt": "a\n"})
    _put(a, "auth", {"b.txt": "b\n"})
    _put(b, "auth", {"c.txt": "c\n"})
    b.lanes.push()
    _put(b, "auth", {"d.txt": "d\n"})
    for repo in (a, b, a):
        repo.lanes.push()
        repo.lanes.pull()
    for repo in clones.all:
        with pytest.raises(Refused, match="auth/2 was the name of 2 attempts") as refused:
            repo.lanes.show("auth/2")
        assert refused.value.hint == "say which: auth/4 or auth/5"


def test_questions_find_renumbered_attempts(clones: Clones) -> None:
    """Search, blame, trace and the operations answer by the present numbers, cached or not."""
    a, b = clones.all
    assert a.lanes.search("ours").hits == ()
    _diverge(clones, {"a.txt": "a\n"}, {"c.txt": "c\n"})
    assert [x.attempt.id for x in a.lanes.search("ours").hits] == ["auth/1"]
    operation = a.lanes.history("auth").attempts[0].notes.intents[0]["operation"]
    a.lanes.push()
    b.lanes.pull()
    for repo in clones.all:
        assert [x.attempt.id for x in repo.lanes.search("ours").hits] == ["auth/2"]
        assert [x.attempt for x in repo.lanes.blame("a.txt", "auth").origins.values()] == ["auth/2"]
        steps = [x.attempt for x in repo.lanes.trace("auth").steps]
        assert {"auth/1", "auth/2"} <= {x.id for x in steps if x}
        assert len(repo.lanes.show(operation).entries) == 1


def test_a_promotion_before_the_joint_is_told(clones: Clones) -> None:
    """Where our side landed a lane before both were joined, history and `why` still know it."""
    a, b = clones.all
    _put(a, "auth", {"a.txt": "a\n"})
    a.lanes.promote("auth")
    b.lanes.new("docs", workspace=False)
    _put(b, "docs", {"b.txt": "b\n"})
    b.lanes.promote("docs")
    b.lanes.push()
    a.lanes.push()
    b.lanes.pull()
    for repo in clones.all:
        landed = repo.lanes.history(promotions=True, source="auth").attempts
        assert [x.attempt.id for x in landed] == ["main/2"]
        assert [x.attempt.id for x in repo.lanes.why("auth/1").landings] == ["main/2"]


def test_a_branch_of_the_same_name_is_nobody_elses(clones: Clones) -> None:
    """A lane that another clone bound moves no branch of this one by itself."""
    a, b = clones.all
    for repo in clones.all:
        repo.git("branch", "topic")
    before = a.rev("topic")
    b.lanes.bind("auth", "topic")
    _put(b, "auth", {"b.txt": "b\n"})
    b.lanes.push()
    pulled = a.lanes.pull()
    assert ([x.how for x in pulled.lanes], pulled.following) == (["forward"], {})
    assert a.rev("topic") == before


def test_a_lane_bound_to_a_branch_that_is_not_here(clones: Clones) -> None:
    """It can be worked on as any other; nothing is said of a branch that was never here."""
    a, b = clones.all
    b.lanes.bind("auth", "topic")
    b.lanes.push()
    a.lanes.pull()
    _put(a, "auth", {"a.txt": "a\n"})
    assert a.lanes.take_warnings() == []
    assert [x.kind for x in a.lanes.status().findings] == []
    a.lanes.push()
    b.lanes.pull()
    assert b.rev("topic") == b.lanes.head("auth")


def test_a_clone_from_python(clones: Clones) -> None:
    """`Repo.clone` has all lanes, at their heads."""
    _put(clones[0], "auth", {"a.txt": "a\n"})
    clones[0].lanes.push()
    with Repo.clone(clones.url, clones.home / "c", environ=clones.environ) as made:
        assert made.path == clones.home / "c"
        assert made.head("auth") == clones[0].lanes.head("auth")


def test_a_repository_adopted_twice(clones: Clones) -> None:
    """A clone that ran `init` of its own, and did nothing else, takes the lanes that there are."""
    a = clones[0]
    a.git("clone", "--quiet", clones.url, str(clones.home / "c"))
    c = TestRepo(clones.home / "c", clones.environ)
    c.lanes.init()
    assert c.lanes.pull().left == ()
    assert c.lanes.workspace("main").path == str(c.path)
    c.lanes.push()
    a.lanes.pull()
    c.write({"new.txt": "new\n"})
    c.lanes.commit("main", message="from c")
    c.lanes.push()
    assert "new.txt" in a.files(a.lanes.pull().lanes[0].head or "")
    assert clones.shared(a) == clones.shared(c)
    c.close()


def test_a_repository_adopted_twice_with_work(clones: Clones) -> None:
    """With work of its own it is told of the two lanes, and nothing changes."""
    a = clones[0]
    a.git("clone", "--quiet", clones.url, str(clones.home / "c"))
    c = TestRepo(clones.home / "c", clones.environ)
    c.lanes.init()
    c.write({"new.txt": "new\n"})
    c.lanes.commit("main", message="from c")
    before = c.lanes.head("main")
    assert [(x.lane, x.kind) for x in c.lanes.pull().left] == [("main", OTHER)]
    assert c.lanes.head("main") == before
    c.close()


def test_a_bound_branch_that_was_merged_by_hand(clones: Clones) -> None:
    """A pull takes in what people merged there, as it told them to, and joins the rest."""
    a, b = clones.all
    for repo in clones.all:
        _put(repo, "main", {"same.txt": f"{repo.path.name}\n"})
    b.lanes.push()
    (left,) = a.lanes.pull().left
    assert "merge it by hand on branch main" in str(left.hint)
    assert a.lanes.pull().left == (left,)
    a.git("merge", "--quiet", str(left.there), check=False)
    a.save({"same.txt": "both\n"})
    made = a.lanes.pull()
    assert (made.left, [x.lane for x in made.lanes]) == ((), ["main"])
    assert a.files(a.lanes.head("main"))["same.txt"] == "both"
    assert a.git("status", "--porcelain") == ""
    assert a.lanes.push().left == ()
    b.lanes.pull()
    assert clones.shared(a) == clones.shared(b)
