"""Amending: edits go into an earlier attempt, and what came later is laid on it again."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import Collision, Cost, Intent, NothingToPropose, Raced, Refused
from gitlanes.errors import BadValue
from gitlanes.git.trailers import change_id_of
from gitlanes.models.records import Attempt
from tests.review.test_decisions import attempt, base_of, message
from tests.support.repos import TestRepo

FILES = {"one.py": "1\n", "two.py": "2\n", "three.py": "3\n"}


def three(repo: TestRepo) -> list[Attempt]:
    """Commit three files of lane auth one after another; return the attempts."""
    repo.lane("auth")
    return [
        attempt(repo, repo.commit("auth", {name: text}, f"add {name}"))
        for name, text in FILES.items()
    ]


def changes(repo: TestRepo, revision: str = "refs/lanes/head/auth") -> list[tuple[str, str]]:
    """Return (subject, changed paths) of the lane's own commits, oldest first."""
    commits = repo.git("rev-list", "--reverse", f"main..{revision}").split()
    return [
        (
            repo.git("log", "-1", "--format=%s", x),
            " ".join(repo.git("diff", "--name-only", f"{x}^", x).split()),
        )
        for x in commits
    ]


def clean(repo: TestRepo, place: Path) -> None:
    """Assert that a workspace is at its lane's head with nothing unsaved."""
    assert repo.git("status", "--porcelain", cwd=place) == ""
    assert repo.git("rev-parse", "HEAD", cwd=place) == repo.lanes.head("auth")
    assert base_of(repo, "auth") == repo.lanes.head("auth")


def edit(repo: TestRepo, files: dict[str, str | None], lane: str = "auth") -> None:
    """Edit files in a lane's workspace."""
    repo.write(files, repo.workspace(lane))


def test_the_last_commit_is_amended(repo: TestRepo) -> None:
    """It is replaced in the lane's history: same change, message and parent, edits included."""
    old = three(repo)
    edit(repo, {"three.py": "33\n", "new.py": "n\n"})
    made = repo.lanes.amend("auth")
    new = made.attempt
    assert (new.id, new.status, made.superseded) == ("auth/4", "accepted", ("auth/3",))
    assert (new.change_id, new.base, new.title) == (old[2].change_id, old[2].base, "add three.py")
    assert repo.lanes.head("auth") == new.commit == new.landed
    assert message(repo, new.commit) == message(repo, old[2].commit)
    assert changes(repo)[2] == ("add three.py", "new.py three.py")
    was = attempt(repo, "auth/3")
    assert (was.status, was.superseded_by, was.landed) == ("superseded", new.id, old[2].commit)
    clean(repo, repo.workspace("auth"))
    repo.fsck()


def test_an_earlier_one_is_amended(repo: TestRepo) -> None:
    """Later ones are laid on it again as new attempts of the same changes, in the same order."""
    old = three(repo)
    edit(repo, {"one.py": "11\n"})
    made = repo.lanes.amend("auth", of="auth/1")
    assert made.attempt.id == "auth/4"
    assert made.superseded == ("auth/1", "auth/2", "auth/3")
    assert made.laid_again == {"auth/2": "auth/5", "auth/3": "auth/6"}
    assert changes(repo) == [(f"add {name}", name) for name in FILES]
    assert repo.files("refs/lanes/head/auth")["one.py"] == "11"
    new = [attempt(repo, f"auth/{number}") for number in (4, 5, 6)]
    assert [x.change_id for x in new] == [x.change_id for x in old]
    assert [x.status for x in new] == ["accepted"] * 3
    assert [x.base for x in new] == [old[0].base, new[0].commit, new[1].commit]
    for number in (1, 2, 3):
        assert attempt(repo, f"auth/{number}").superseded_by == f"auth/{number + 3}"
    assert len({change_id_of(message(repo, x.commit)) for x in new}) == 3
    clean(repo, repo.workspace("auth"))
    with pytest.raises(NothingToPropose):
        repo.lanes.propose("auth")


def test_records_go_along(repo: TestRepo) -> None:
    """Intent, cost and evaluations of old commits are on the new ones, the amendment's beside."""
    repo.lane("auth")
    edit(repo, {"one.py": "1\n"})
    said = Intent(agent="a1", prompt="do one", model="m")
    first = repo.lanes.commit("auth", message="one", intent=said, cost=Cost(api_calls=1)).attempt
    second = attempt(repo, repo.commit("auth", {"two.py": "2\n"}))
    edit(repo, {"one.py": "11\n"})
    more = {"intent": Intent(prompt="do one better"), "cost": Cost(api_calls=2)}
    made = repo.lanes.amend("auth", of=first.id, **more)  # type: ignore[arg-type]
    told = repo.lanes.show(made.attempt.id).attempts[0]
    assert [(x["attempt"], x["api_calls"]) for x in told.notes.costs] == [
        (first.id, 1),
        (made.attempt.id, 2),
    ]
    assert (told.intent["prompt"], told.intent["model"]) == ("do one better", "m")
    assert (made.attempt.agent, told.intent["agent"]) == ("a1", {"id": "a1"})
    again = attempt(repo, made.laid_again[second.id])
    lines = [
        repo.git("notes", "--ref=lanes/intents", "show", x) for x in (second.commit, again.commit)
    ]
    assert lines[0] == lines[1]
    assert again.agent == "agent-auth"


def test_old_commits_stay_reachable(repo: TestRepo) -> None:
    """After a garbage collection the replaced commits are still there, by their attempts."""
    old = three(repo)
    edit(repo, {"one.py": "11\n"})
    repo.lanes.amend("auth", of="auth/1")
    repo.git("gc", "--quiet", "--prune=now")
    for made in old:
        assert repo.files(made.commit)
        assert attempt(repo, made.id).commit == made.commit
    repo.fsck()


def test_what_was_amended_twice_stays_reachable(repo: TestRepo) -> None:
    """With the workspace gone the journal alone keeps each form, and the agent's own commits."""
    old = three(repo)
    edit(repo, {"one.py": "11\n"})
    repo.git("commit", "--quiet", "--all", "--message=own", cwd=repo.workspace("auth"))
    own = repo.git("rev-parse", "HEAD", cwd=repo.workspace("auth"))
    between = repo.lanes.amend("auth", of="auth/1")
    offer = repo.propose("auth", {"four.py": "4\n"})
    again = repo.lanes.amend("auth", message="x").attempt
    repo.lanes.amend("auth", of=between.attempt.id, message="x")
    repo.lanes.remove_workspace("auth", force=True)
    repo.git("reflog", "expire", "--expire=now", "--all")
    repo.git("gc", "--quiet", "--prune=now")
    names = [x.id for x in (*old, between.attempt, again)]
    for name in (*names, *between.laid_again.values(), offer):
        assert repo.files(attempt(repo, name).commit)
    assert repo.rev(f"{own}^{{commit}}") == own
    repo.fsck()


def test_an_open_one_stays_open(repo: TestRepo) -> None:
    """The last open attempt comes before the lane's head; it keeps its change and its base."""
    three(repo)
    offer = attempt(repo, repo.propose("auth", {"four.py": "4\n"}))
    before = repo.lanes.head("auth")
    edit(repo, {"four.py": "44\n"})
    made = repo.lanes.amend("auth", message="four, better").attempt
    assert (made.status, made.base, made.change_id) == ("proposed", offer.base, offer.change_id)
    assert made.title == "four, better"
    assert attempt(repo, offer.id).superseded_by == made.id
    assert repo.lanes.head("auth") == before
    assert repo.git("rev-parse", "HEAD", cwd=repo.workspace("auth")) == made.commit
    repo.lanes.accept(made.id)
    clean(repo, repo.workspace("auth"))


def test_the_lower_one_of_a_stack(repo: TestRepo) -> None:
    """What stands on it is laid on it again, open as before; both can then be accepted."""
    repo.lane("auth")
    one = repo.propose("auth", {"one.py": "1\n"})
    two = repo.propose("auth", {"two.py": "2\n"}, on=one)
    edit(repo, {"one.py": "11\n"})
    made = repo.lanes.amend("auth", of=one)
    again = attempt(repo, made.laid_again[two])
    assert (again.on, again.base) == (made.attempt.id, made.attempt.commit)
    assert [x.id for x in repo.lanes.lane("auth").open] == [made.attempt.id, again.id]
    assert repo.git("rev-parse", "HEAD", cwd=repo.workspace("auth")) == again.commit
    repo.lanes.accept(made.attempt.id)
    repo.lanes.accept(again.id)
    assert repo.lanes.head("auth") == again.commit
    assert changes(repo) == [("offer of auth", "one.py"), ("offer of auth", "two.py")]
    clean(repo, repo.workspace("auth"))


def test_the_lowest_of_three(repo: TestRepo) -> None:
    """The whole stack is laid on it again, each on what took the place of the one below."""
    repo.lane("auth")
    names: list[str] = []
    for name in FILES:
        names.append(repo.propose("auth", {name: "x\n"}, on=names[-1] if names else None))
    edit(repo, {"one.py": "11\n"})
    made = repo.lanes.amend("auth", of=names[0])
    open_ = repo.lanes.lane("auth").open
    assert [x.id for x in open_] == [made.attempt.id, *made.laid_again.values()]
    assert [x.on for x in open_] == [None, open_[0].id, open_[1].id]
    assert [x.base for x in open_[1:]] == [x.commit for x in open_[:2]]
    assert repo.git("status", "--porcelain", cwd=repo.workspace("auth")) == ""


def test_an_accepted_one_below_an_open_one(repo: TestRepo) -> None:
    """The open one is laid on the amended history, too, and its content is not folded in."""
    three(repo)
    offer = repo.propose("auth", {"four.py": "4\n"})
    edit(repo, {"two.py": "22\n"})
    made = repo.lanes.amend("auth", of="auth/2")
    again = attempt(repo, made.laid_again[offer])
    assert again.open
    assert again.base == repo.lanes.head("auth")
    assert changes(repo) == [(f"add {name}", name) for name in FILES]
    assert changes(repo, again.commit)[3] == ("offer of auth", "four.py")
    place = repo.workspace("auth")
    assert repo.git("rev-parse", "HEAD", cwd=place) == again.commit
    assert repo.git("status", "--porcelain", cwd=place) == ""
    repo.lanes.accept(again.id)
    clean(repo, place)


def test_one_beside_another(repo: TestRepo) -> None:
    """Of two partial offers each is amended with its own edits, whichever HEAD is at."""
    place = repo.lane("auth")
    repo.write({"one.py": "1\n", "two.py": "2\n"}, place)
    one = repo.lanes.propose("auth", paths=["one.py"]).attempt.id
    two = repo.lanes.propose("auth", paths=["two.py"]).attempt.id
    edit(repo, {"one.py": "11\n"})
    first = repo.lanes.amend("auth", of=one).attempt
    edit(repo, {"two.py": "22\n"})
    second = repo.lanes.amend("auth", of=two).attempt
    for made, files in ((first, {"one.py": "11"}), (second, {"two.py": "22"})):
        assert repo.files(made.commit) == {"auth.py": "login", "src/app.py": "app", **files}
        repo.lanes.accept(made.id)
    assert repo.git("status", "--porcelain", cwd=place) == ""


def test_only_some_paths(repo: TestRepo) -> None:
    """With paths the other edits stay unsaved, and what is staged of them staged."""
    three(repo)
    place = repo.workspace("auth")
    edit(repo, {"one.py": "11\n", "two.py": "staged\n", "d/x.py": "x\n", "d/y.py": "y\n"})
    repo.git("add", "two.py", cwd=place)
    edit(repo, {"two.py": "edited\n"})
    repo.lanes.amend("auth", of="auth/1", paths=["one.py", "d"])
    assert changes(repo)[0] == ("add one.py", "d/x.py d/y.py one.py")
    assert repo.git("status", "--porcelain", cwd=place) == "MM two.py"
    assert repo.git("show", ":two.py", cwd=place) == "staged"
    repo.lanes.amend("auth", of="auth/5")
    assert changes(repo)[1] == ("add two.py", "two.py")
    clean(repo, place)


def test_rewording(repo: TestRepo) -> None:
    """Without edits a message is changed, the Change-Id kept, and no file."""
    old = three(repo)
    tree = repo.rev("refs/lanes/head/auth^{tree}")
    made = repo.lanes.amend("auth", of="auth/2", message="two, reworded\n\nBody").attempt
    assert [subject for subject, _ in changes(repo)] == [
        "add one.py",
        "two, reworded",
        "add three.py",
    ]
    assert change_id_of(message(repo, made.commit)) == old[1].change_id
    assert repo.rev("refs/lanes/head/auth^{tree}") == tree
    clean(repo, repo.workspace("auth"))


def test_another_change_id_in_the_message_does_not_count(repo: TestRepo) -> None:
    """An amended change stays that change, whatever the new message says."""
    old = three(repo)
    other = "I" + "0" * 40
    made = repo.lanes.amend("auth", message=f"x\n\nChange-Id: {other}").attempt
    assert made.change_id == old[2].change_id
    assert other not in message(repo, made.commit)


def test_only_a_record_is_added(repo: TestRepo) -> None:
    """A cost alone can be added to what is committed."""
    three(repo)
    made = repo.lanes.amend("auth", cost=Cost(api_calls=5)).attempt
    lines = repo.git("notes", "--ref=lanes/costs", "show", made.commit).splitlines()
    assert [json.loads(x)["api_calls"] for x in lines] == [5]


def test_nothing_to_amend(repo: TestRepo) -> None:
    """Without edits, message and records nothing happens."""
    three(repo)
    before = repo.refs()
    with pytest.raises(NothingToPropose, match="nothing to amend"):
        repo.lanes.amend("auth")
    assert repo.refs() == before


def reworded(repo: TestRepo) -> None:
    """Give the first commit another message."""
    repo.lanes.amend("auth", of="auth/1", message="reworded")


def test_authors_stay(repo: TestRepo) -> None:
    """Whoever amends, each commit keeps the author that it had."""
    for name, act in (("An Author", three), ("An Amender", reworded)):
        repo.git("config", "user.name", name)
        repo.close()  # the identity is read once
        act(repo)
    said = repo.git("log", "--format=%an/%cn", "main..refs/lanes/head/auth").split("\n")
    assert said == ["An Author/An Amender"] * 3


def test_own_commits_are_folded(repo: TestRepo) -> None:
    """What the agent committed itself becomes part of the attempt, and is kept by the journal."""
    three(repo)
    place = repo.workspace("auth")
    edit(repo, {"two.py": "22\n"})
    repo.git("commit", "--quiet", "--all", "--message=own", cwd=place)
    own = repo.git("rev-parse", "HEAD", cwd=place)
    made = repo.lanes.amend("auth", of="auth/2").attempt
    told = repo.lanes.show(made.id).attempts[0]
    assert told.notes.intents[-1]["commits"] == [own]
    assert changes(repo)[1] == ("add two.py", "two.py")
    clean(repo, place)
    repo.git("gc", "--quiet", "--prune=now")
    assert repo.rev(f"{own}^{{commit}}") == own


def test_a_merge_is_remembered(repo: TestRepo) -> None:
    """What the agent merged in from main counts as main's, as in a commit of its own."""
    three(repo)
    place = repo.workspace("auth")
    repo.save({"people.txt": "p\n"})
    repo.git("merge", "--quiet", "--no-edit", "main", cwd=place)
    made = repo.lanes.amend("auth").attempt
    assert list(made.merged.values()) == [repo.rev("main")]
    repo.save({"people.txt": "p, and more\n"})
    assert repo.lanes.promote("auth").source_only == (b"one.py", b"three.py", b"two.py")
    assert repo.files("main")["people.txt"] == "p, and more"


def collided(error: Collision) -> list[tuple[str, str | None, str | None]]:
    """Return (path, attempt, agent) of an error's collisions, as the other side has them."""
    found = error.data["collisions"]
    return [(x["path"], x["target"]["attempt"], x["target"]["agent"]) for x in found]


@pytest.mark.parametrize("text", ["33\n", None], ids=["edited", "taken back"])
def test_an_edit_of_what_came_later(repo: TestRepo, text: str | None) -> None:
    """A file that a later attempt brought is not the earlier one's to change; nothing moves."""
    three(repo)
    edit(repo, {"one.py": "11\n", "three.py": text})
    before = repo.refs()
    with pytest.raises(Collision) as refused:
        repo.lanes.amend("auth", of="auth/1")
    assert collided(refused.value) == [("three.py", "auth/3", "agent-auth")]
    assert repo.refs() == before
    place = repo.workspace("auth")
    assert repo.git("diff", "--name-only", "HEAD", cwd=place).split() == ["one.py", "three.py"]
    repo.lanes.amend("auth", of="auth/3", paths=["three.py"])
    repo.lanes.amend("auth", of="auth/1")
    clean(repo, place)


def unheld(repo: TestRepo, files: dict[str, str]) -> str:
    """Offer files on top of an accepted attempt, and lose them from the workspace."""
    repo.lane("auth")
    repo.commit("auth", {"one.py": "1\n"})
    offer = repo.propose("auth", files)
    repo.lanes.remove_workspace("auth", force=True)
    repo.lanes.create_workspace("auth")
    return offer


def test_a_later_one_that_the_workspace_lacks(repo: TestRepo) -> None:
    """An edit of a file that an open attempt touches, unseen by the workspace, is refused."""
    offer = unheld(repo, {"one.py": "theirs\n", "two.py": "2\n"})
    edit(repo, {"one.py": "mine\n"})
    before = repo.refs()
    with pytest.raises(Collision) as refused:
        repo.lanes.amend("auth", of="auth/1")
    assert collided(refused.value) == [("one.py", offer, None)]
    assert repo.refs() == before


def test_a_later_one_that_cannot_be_laid_again(repo: TestRepo) -> None:
    """An edit that stands in the way of another path of an attempt names both attempts."""
    offer = unheld(repo, {"two.py": "2\n", "d/x.py": "x\n"})
    edit(repo, {"d": "a file\n"})
    before = repo.refs()
    with pytest.raises(Collision) as refused:
        repo.lanes.amend("auth", of="auth/1")
    assert f"{offer} collides with the amended auth/1 on 1 path" in refused.value.message
    found = refused.value.data["collisions"]
    assert [(x["path"], x["kind"], x["other"]) for x in found] == [("d/x.py", "directory", "d")]
    assert [x["source"]["attempt"] for x in found] == [offer]
    assert collided(refused.value) == [("d/x.py", "auth/1", None)]
    assert repo.refs() == before


def test_what_a_later_one_brings_again(repo: TestRepo) -> None:
    """A file that later attempts dropped and brought again is not the earlier one's to drop."""
    repo.lane("auth")
    for content in ({"a": "1\n"}, {"a": None, "b": "b\n"}, {"a": "1\n"}):
        repo.commit("auth", content)
    edit(repo, {"a": None})
    with pytest.raises(Collision) as refused:
        repo.lanes.amend("auth", of="auth/1")
    assert collided(refused.value) == [("a", "auth/3", "agent-auth")]


def test_an_open_one_that_the_workspace_lacks(repo: TestRepo) -> None:
    """A workspace made anew lacks it: amending it there would take it back."""
    repo.lane("auth")
    offer = repo.propose("auth", {"one.py": "1\n"})
    repo.lanes.remove_workspace("auth", force=True)
    repo.lanes.create_workspace("auth")
    edit(repo, {"two.py": "2\n"})
    with pytest.raises(Refused, match=f"does not hold {offer}"):
        repo.lanes.amend("auth")


def landed(repo: TestRepo) -> None:
    """Promote lane auth."""
    repo.lanes.promote("auth")


def squashed(repo: TestRepo) -> None:
    """Promote lane auth by squash."""
    repo.lanes.promote("auth", mode="squash")


def exported(repo: TestRepo) -> None:
    """Export lane auth."""
    repo.lanes.export("auth", branch="feature")


def tagged(repo: TestRepo) -> None:
    """Tag the second of lane auth's commits."""
    repo.git("tag", "v1", "refs/lanes/head/auth~1")


def fetched(repo: TestRepo) -> None:
    """Let a remote have lane auth."""
    repo.git("update-ref", "refs/remotes/origin/auth", "refs/lanes/head/auth")


@pytest.mark.parametrize(
    ("publish", "why"),
    [
        (landed, "it landed on lane 'main'"),
        (squashed, "it landed on lane 'main'"),
        (exported, "branch 'feature' has it, and others may have that"),
        (tagged, "tag 'v1' has it, and others may have that"),
        (fetched, "branch 'origin/auth' has it, and others may have that"),
    ],
    ids=lambda x: getattr(x, "__name__", ""),
)
def test_what_others_have_is_not_changed(
    repo: TestRepo, publish: Callable[[TestRepo], None], why: str
) -> None:
    """What landed, or is on a branch or tag, stays; what was committed since can be amended."""
    three(repo)
    publish(repo)
    edit(repo, {"one.py": "11\n"})
    before = repo.refs()
    with pytest.raises(Refused) as refused:
        repo.lanes.amend("auth", of="auth/1")
    assert refused.value.message == f"auth/1 cannot be changed any more: {why}"
    assert refused.value.hint == "commit the edits as a new change instead"
    assert repo.refs() == before
    repo.commit("auth", {"four.py": "4\n"})
    edit(repo, {"four.py": "44\n"})
    repo.lanes.amend("auth")
    assert repo.lanes.promote("auth").landed
    assert repo.files("main")["four.py"] == "44"


def test_a_bound_lane_s_history_stays(repo: TestRepo) -> None:
    """What is on the user's branch is not rewritten; an open attempt of that lane can be."""
    repo.write({"one.py": "1\n"})
    repo.lanes.commit("main")
    repo.write({"one.py": "11\n"})
    with pytest.raises(Refused, match="lane 'main' is bound to branch 'main'"):
        repo.lanes.amend("main", of="main/1")
    offer = repo.lanes.propose("main").attempt
    repo.write({"two.py": "2\n"})
    made = repo.lanes.amend("main").attempt
    assert (made.status, made.change_id, made.base) == ("proposed", offer.change_id, offer.base)
    assert repo.git("status", "--porcelain") == " M one.py\n?? two.py"
    repo.lanes.accept(made.id)
    assert repo.files("main").keys() >= {"one.py", "two.py"}
    assert repo.git("status", "--porcelain") == ""


@pytest.mark.parametrize("mode", ["merge", "replay"])
def test_landings_are_not_laid_again(repo: TestRepo, mode: str) -> None:
    """What came from another lane is neither amended nor moved; what follows it can be.

    In a workspace without it, it would be taken back by the next commit: that is refused.
    """
    repo.lane("auth", {"one.py": "1\n"})
    repo.lane("other", {"other.py": "o\n"})
    came = repo.lanes.promote("other", into="auth", mode=mode).landed[0]
    edit(repo, {"one.py": "11\n"})
    for of in (None, "auth/1"):
        with pytest.raises(Refused, match=f"{came.id} is no work of the lane's own"):
            repo.lanes.amend("auth", of=of)
    repo.commit("auth", {"two.py": "2\n"})
    edit(repo, {"two.py": "22\n"})
    with pytest.raises(Refused, match="workspace of lane 'auth' is behind its lane"):
        repo.lanes.amend("auth")
    repo.lanes.update_workspace("auth")
    repo.lanes.amend("auth")
    assert repo.git("status", "--porcelain", cwd=repo.workspace("auth")) == ""
    files = repo.files("refs/lanes/head/auth")
    assert (files["one.py"], files["two.py"], files["other.py"]) == ("11", "22", "o")


def test_what_is_gone_is_not_amended(repo: TestRepo) -> None:
    """An attempt that was turned down or replaced, or is another lane's, is refused by name."""
    three(repo)
    offer = repo.propose("auth", {"four.py": "4\n"})
    repo.lanes.reject(offer)
    with pytest.raises(Refused, match=f"{offer} is rejected already"):
        repo.lanes.amend("auth", of=offer)
    repo.lanes.amend("auth", message="x")
    with pytest.raises(Refused, match="auth/3 is superseded already by auth/5"):
        repo.lanes.amend("auth", of="auth/3")
    repo.lane("other")
    with pytest.raises(Refused, match="auth/1 is an attempt of lane 'auth', not of 'other'"):
        repo.lanes.amend("other", of="auth/1")
    with pytest.raises(Refused, match="lane 'other' has no attempt to amend"):
        repo.lanes.amend("other")


def test_a_lane_made_again_under_the_name(repo: TestRepo) -> None:
    """Attempts of the lane that had the name before are no part of this one."""
    three(repo)
    repo.lanes.delete("auth")
    repo.lane("auth")
    edit(repo, {"one.py": "1\n"})
    with pytest.raises(Refused, match=r"auth/1 is not part of lane 'auth' any more"):
        repo.lanes.amend("auth", of="auth/1")


def test_what_cannot_be_said_of_an_amendment(repo: TestRepo) -> None:
    """It keeps its place and its change."""
    three(repo)
    for given in ({"change": "new"}, {"on": "auth/1"}):
        with pytest.raises(BadValue):
            repo.lanes.amend("auth", **given)  # type: ignore[arg-type]


def test_an_amendment_expects_a_head(repo: TestRepo) -> None:
    """With an `expect` that does not hold nothing moves."""
    three(repo)
    before = repo.refs()
    with pytest.raises(Raced):
        repo.lanes.amend("auth", message="x", expect=repo.rev("main"))
    assert repo.refs() == before


def test_a_lane_forked_before(repo: TestRepo) -> None:
    """It keeps the history that it started from, and lands its own work on the amended lane."""
    old = three(repo)
    repo.lanes.new("fork", start="auth")
    repo.commit("fork", {"fork.py": "f\n"})
    edit(repo, {"one.py": "11\n"})
    repo.lanes.amend("auth", of="auth/1")
    assert repo.files("refs/lanes/head/fork")["one.py"] == "1"
    assert repo.git("merge-base", "refs/lanes/head/fork", old[2].commit) == old[2].commit
    landed = repo.lanes.promote("fork", into="auth")
    assert landed.source_only == (b"fork.py",)
    assert repo.files("refs/lanes/head/auth")["one.py"] == "11"
    repo.lanes.promote("auth")
    assert repo.files("main")["one.py"] == "11"
    assert repo.files("main")["fork.py"] == "f"


def test_a_fork_never_brings_the_old_form_back(repo: TestRepo) -> None:
    """Where the amended form landed first, the fork's old one collides rather than reverts it."""
    three(repo)
    repo.lanes.new("fork", start="auth")
    repo.commit("fork", {"fork.py": "f\n"})
    edit(repo, {"one.py": "11\n"})
    repo.lanes.amend("auth", of="auth/1")
    repo.lanes.promote("auth")
    with pytest.raises(Collision) as refused:
        repo.lanes.promote("fork")
    assert [x["path"] for x in refused.value.data["collisions"]] == ["one.py"]
    assert repo.files("main")["one.py"] == "11"


@pytest.mark.parametrize("mode", ["merge", "squash", "replay"])
def test_an_amended_lane_lands(repo: TestRepo, mode: str) -> None:
    """A promotion brings the amended commits, each change once."""
    old = three(repo)
    edit(repo, {"one.py": "11\n"})
    repo.lanes.amend("auth", of="auth/1")
    made = repo.lanes.promote("auth", mode=mode)
    assert made.source_only == (b"one.py", b"three.py", b"two.py")
    assert repo.files("main")["one.py"] == "11"
    if mode == "replay":
        assert [x.change_id for x in made.landed] == [x.change_id for x in old]


def test_accepted_as_another_commit(repo: TestRepo) -> None:
    """What landed under another commit than it was proposed as is amended all the same."""
    place = repo.lane("auth")
    repo.write({"one.py": "1\n", "two.py": "2\n"}, place)
    names = [repo.lanes.propose("auth", paths=[x]).attempt.id for x in ("one.py", "two.py")]
    for name in names:
        repo.lanes.accept(name)
    two = attempt(repo, names[1])
    assert two.landed != two.commit
    edit(repo, {"two.py": "22\n"})
    repo.lanes.amend("auth", of=two.id)
    edit(repo, {"one.py": "11\n"})
    repo.lanes.amend("auth", of=names[0])
    assert [paths for _, paths in changes(repo)] == ["one.py", "two.py"]
    clean(repo, place)
