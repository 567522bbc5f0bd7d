"""Laying a lane's own attempts again on the lanes that it follows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gitlanes import BadValue, Collision, Negative, Raced, Refused, Resolution
from gitlanes.graph import agents
from gitlanes.models.sync import Question
from tests.review.test_decisions import attempt
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]
LINES = "".join(f"line {x}\n" for x in range(9))


def follower(repo: TestRepo) -> None:
    """Make `base`, and `top` that follows it, with one attempt each."""
    repo.lane("base", {"base.txt": "1\n", "lines.txt": LINES})
    repo.lanes.new("top", on="base")
    repo.commit("top", {"top.txt": "1\n"})


def test_attempts_are_replaced_by_their_successors(repo: TestRepo) -> None:
    """The new attempt has the old one's Change-Id, author and records; the old one is kept."""
    follower(repo)
    old = attempt(repo, "top/1")
    repo.commit("base", {"base.txt": "2\n"})
    made = repo.lanes.sync("top")
    new = attempt(repo, "top/2")
    assert made.laid_again == {"top/1": "top/2"}
    assert (new.change_id, new.agent, new.status) == (old.change_id, old.agent, "accepted")
    assert new.base == made.ground == repo.lanes.head("base")
    gone = attempt(repo, "top/1")
    assert (gone.status, gone.superseded_by) == ("superseded", "top/2")
    notes = repo.git("notes", "--ref=lanes/intents", "show", new.commit)
    assert notes == repo.git("notes", "--ref=lanes/intents", "show", old.commit)
    repo.git("gc", "--quiet", "--prune=now")
    assert repo.files(old.commit)["top.txt"] == "1"
    repo.fsck()


def test_a_later_landing_brings_own_work_alone(repo: TestRepo) -> None:
    """After a sync only the lane's own files land, and what others changed since stays."""
    follower(repo)
    repo.commit("base", {"base.txt": "2\n"})
    repo.lanes.sync("top")
    repo.commit("base", {"base.txt": "3\n"})
    made = repo.lanes.promote("top")
    assert made.source_only == (b"top.txt",)
    files = repo.files("refs/lanes/head/base")
    assert (files["base.txt"], files["top.txt"]) == ("3", "1")
    repo.lanes.promote("base")
    repo.commit("main", {"base.txt": "main's\n"})
    repo.commit("top", {"more.txt": "1\n"})
    repo.lanes.promote("top", into="main")
    assert repo.files("main")["base.txt"] == "main's"


@pytest.mark.parametrize("mode", ["merge", "squash", "replay"])
def test_what_landed_is_left_out(repo: TestRepo, mode: str) -> None:
    """A lane that landed whole goes to the parent's head; of one that went on, the rest is laid."""
    follower(repo)
    repo.lanes.promote("top", mode=mode)
    repo.lanes.update_workspace("base")
    repo.commit("base", {"top.txt": "base's\n"})
    made = repo.lanes.sync("top")
    assert made.head == made.ground == repo.lanes.head("base")
    repo.commit("top", {"more.txt": "1\n"})
    repo.lanes.promote("top", mode=mode)
    repo.lanes.update_workspace("base")
    repo.commit("top", {"rest.txt": "1\n"})
    repo.commit("base", {"more.txt": "base's\n"})
    made = repo.lanes.sync("top")
    assert list(made.laid_again) == ["top/3"]
    assert repo.files(str(made.head))["more.txt"] == "base's"


def test_what_comes_to_nothing_is_no_commit(repo: TestRepo) -> None:
    """An attempt whose change the parent has by itself is recorded as landed elsewhere."""
    follower(repo)
    repo.commit("top", {"base.txt": "2\n"})
    repo.commit("base", {"base.txt": "2\n"})
    made = repo.lanes.sync("top")
    assert (made.elsewhere, list(made.laid_again)) == (("top/2",), ["top/1"])
    gone = attempt(repo, "top/2")
    assert (gone.status, gone.superseded_by) == ("superseded", None)
    assert gone.reason == "what it was synced with has it already"


def test_an_edit_elsewhere_stays_and_one_in_the_way_refuses(repo: TestRepo) -> None:
    """Unsaved work on other paths is kept; in the way nothing moves, and the path is named."""
    follower(repo)
    repo.commit("base", {"base.txt": "2\n", "new.txt": "1\n"})
    place = repo.workspace("top")
    for path in ("base.txt", "new.txt"):
        repo.write({path: "mine\n"}, place)
        before = repo.refs()
        with pytest.raises(Refused, match="would be overwritten") as refused:
            repo.lanes.sync("top")
        assert refused.value.data["in_the_way"] == [path]
        assert repo.refs() == before
        repo.write({path: "1\n" if path == "base.txt" else None}, place)
    repo.write({"other.txt": "mine\n", "top.txt": "edited\n"}, place)
    repo.lanes.sync("top")
    assert (place / "base.txt").read_text() == "2\n"
    assert (place / "other.txt").read_text() == "mine\n"
    assert (place / "top.txt").read_text() == "edited\n"


def test_several_parents_are_combined(repo: TestRepo) -> None:
    """The ground is a merge of the parents' heads, made anew from them each time."""
    follower(repo)
    repo.lane("side", {"side.txt": "1\n"})
    repo.lanes.follow("top", "side")
    for number in ("2", "3"):
        repo.commit("base", {"base.txt": f"{number}\n"})
        repo.commit("side", {"side.txt": f"{number}\n"})
        made = repo.lanes.sync("top")
        heads = [repo.lanes.head(x) for x in ("base", "side")]
        assert repo.git("rev-parse", f"{made.ground}^@").split() == heads
        files = repo.files(str(made.head))
        assert [files[x] for x in ("base.txt", "side.txt", "top.txt")] == [number, number, "1"]
    with pytest.raises(Negative, match="has all of 'base', 'side'"):
        repo.lanes.sync("top")
    made_of = repo.git("log", "--format=%H", f"{repo.lanes.head('top')}")
    assert len(made_of.splitlines()) == 9
    repo.lanes.promote("top", into="base")
    assert repo.files("refs/lanes/head/base")["side.txt"] == "3"


def test_parents_that_collide_leave_the_lane(repo: TestRepo) -> None:
    """Both are named, no head moves, and the lane is not in conflict."""
    follower(repo)
    repo.lane("side", {"base.txt": "side's\n"})
    repo.lanes.follow("top", "side")
    before = repo.refs()
    with pytest.raises(Collision, match="base and side"):
        repo.lanes.sync("top")
    assert repo.refs() == before


def test_work_of_a_former_parent_stays(repo: TestRepo) -> None:
    """A lane that follows another lane now keeps what it stands on beside the new parent's."""
    follower(repo)
    repo.lane("side", {"side.txt": "1\n"})
    repo.lanes.follow("top", "side")
    repo.lanes.unfollow("top", "base")
    made = repo.lanes.sync("top")
    files = repo.files(str(made.head))
    assert (files["base.txt"], files["side.txt"], files["top.txt"]) == ("1", "1", "1")
    repo.commit("base", {"base.txt": "2\n"})
    repo.lanes.promote("base")
    repo.lanes.promote("top", into="main")
    assert repo.files("main")["base.txt"] == "2"


def test_landings_within_it_stay_landings(repo: TestRepo) -> None:
    """A merge of a lane below is laid again as one, and that lane knows where it landed."""
    follower(repo)
    repo.lanes.promote("top")
    repo.commit("main", {"src/app.py": "2\n"})
    repo.lanes.sync("base")
    head = repo.lanes.head("base")
    assert repo.rev(f"{head}^2") == repo.lanes.head("top")
    with pytest.raises(Negative, match="nothing to promote"):
        repo.lanes.promote("top")
    repo.lanes.sync("top")
    assert repo.lanes.head("top") == head
    wanted = {"work of top", "work of base"}
    assert wanted <= {x.title for x in repo.lanes.trace("base").steps}


def test_open_attempts_are_accepted_afterwards(repo: TestRepo) -> None:
    """What waits when a lane is synced lands on the new head like any other attempt."""
    follower(repo)
    name = repo.propose("top", {"open.txt": "1\n"})
    repo.commit("base", {"base.txt": "2\n"})
    repo.lanes.sync("top")
    repo.lanes.accept(name)
    files = repo.files("refs/lanes/head/top")
    assert (files["base.txt"], files["open.txt"]) == ("2", "1")


def test_what_cannot_move_is_refused_with_the_way_out(repo: TestRepo) -> None:
    """A bound lane, work that others have, and merges by hand are refused; promoting works."""
    follower(repo)
    with pytest.raises(Refused, match="bound to a branch") as refused:
        repo.lanes.sync("main", onto="base")
    assert refused.value.hint == "merge instead: git lanes promote base --into main"
    repo.commit("base", {"base.txt": "2\n"})
    repo.git("branch", "theirs", "refs/lanes/head/top")
    with pytest.raises(Refused, match="'theirs' has it"):
        repo.lanes.sync("top")
    repo.lanes.promote("base", into="top")
    repo.git("branch", "-D", "theirs")
    repo.commit("base", {"base.txt": "3\n"})
    with pytest.raises(Refused, match="has merged lane 'base'"):
        repo.lanes.sync("top")


def test_work_that_others_have_is_refused_before_all_else(repo: TestRepo) -> None:
    """Neither a collision, nor an edit in the way, nor an agent's answer comes before that."""
    follower(repo)
    repo.commit("top", {"base.txt": "top's\n"})
    repo.commit("base", {"base.txt": "base's\n", "new.txt": "1\n"})
    repo.git("branch", "theirs", "refs/lanes/head/top")
    repo.write({"new.txt": "edit\n"}, repo.workspace("top"))
    before, asked = repo.refs(), list[Question]()
    for strategy in ("abort", "parent", "manual", "agent"):
        with pytest.raises(Refused, match="'theirs' has it"):
            repo.lanes.sync("top", strategy=strategy, handler=asked.append)
    with pytest.raises(Refused, match="'theirs' has it"):
        repo.lanes.sync("top", dry_run=True)
    assert (asked, repo.refs()) == ([], before)
    assert (repo.workspace("top") / "new.txt").read_text() == "edit\n"


def test_onto_another_lane_expected_or_dry(repo: TestRepo) -> None:
    """Another lane can be named; a head that is not expected refuses; a dry run moves nothing."""
    follower(repo)
    repo.commit("main", {"src/app.py": "2\n"})
    before = repo.refs()
    with pytest.raises(Raced):
        repo.lanes.sync("top", expect="1234567")
    made = repo.lanes.sync("top", onto="main", dry_run=True)
    assert (made.laid_again, made.head) == ({"top/1": "top/2"}, None)
    assert repo.refs() == before
    made = repo.lanes.sync("top", onto="main")
    files = repo.files(str(made.head))
    assert (files["src/app.py"], files["base.txt"], files["top.txt"]) == ("2", "1", "1")
    repo.commit("base", {"top.txt": "2\n"})
    made = repo.lanes.sync("top", dry_run=True)
    assert [x.path for x in made.collisions] == [b"top.txt"]
    assert repo.lanes.lane("top").status != "conflicted"
    with pytest.raises(Refused, match="with itself"):
        repo.lanes.sync("top", onto="top")


def test_contents_are_merged_where_git_can(repo: TestRepo) -> None:
    """With `merge` edits of other lines meet; of the same lines the sync stops all the same."""
    follower(repo)
    repo.commit("top", {"lines.txt": LINES.replace("line 1", "top's")})
    repo.commit("base", {"lines.txt": LINES.replace("line 7", "base's")})
    made = repo.lanes.sync("top", strategy="merge")
    text = repo.git("cat-file", "blob", f"{made.head}:lines.txt")
    assert ("top's" in text, "base's" in text) == (True, True)
    assert made.resolved == {"lines.txt": "merge"}
    repo.commit("top", {"lines.txt": LINES.replace("line 3", "top's")})
    repo.commit("base", {"lines.txt": LINES.replace("line 3", "base's")})
    with pytest.raises(Collision):
        repo.lanes.sync("top", strategy="merge")


def test_a_handler_answers(repo: TestRepo) -> None:
    """It gets three contents, both intents and how many there are; None leaves a path."""
    follower(repo)
    repo.commit("top", {"base.txt": "top's\n", "lines.txt": "top's\n"})
    repo.commit("base", {"base.txt": "base's\n", "lines.txt": "base's\n"})
    asked: list[Question] = []

    def handler(question: Question) -> str | None:
        asked.append(question)
        return "both\n" if question.path == b"base.txt" else None

    with pytest.raises(Collision) as refused:
        repo.lanes.sync("top", strategy="agent", handler=handler)
    assert [x["path"] for x in refused.value.data["collisions"]] == ["lines.txt"]
    first, second = asked
    assert (first.base, first.lane_content, first.parent_content) == (
        b"1\n",
        b"top's\n",
        b"base's\n",
    )
    assert [(x.index, x.total) for x in asked] == [(1, 2), (2, 2)]
    assert (first.mine.agent, second.theirs.agent) == ("agent-top", "agent-base")
    assert (first.mine.attempt, first.theirs.attempt) == ("top/2", "base/2")
    place = repo.lanes.start_conflict("top").path
    assert repo.git("show", ":base.txt", cwd=repo.workspace("top")) == "both"
    repo.write({"lines.txt": "mine\n"}, repo.workspace("top"))
    made = repo.lanes.continue_conflict("top", handler=handler)
    files = repo.files(str(made.head))
    assert (files["base.txt"], files["lines.txt"]) == ("both", "mine")
    assert place == str(repo.workspace("top"))


ANSWERS = """
import json, sys
asked = json.load(sys.stdin)
if asked["path"] == "lines.txt":
    sys.exit(3)
text = asked["lane"]["content"] + asked["parent"]["content"]
print(json.dumps({"content": text}))
"""


def test_the_configured_command_answers(repo: TestRepo, cli: Cli) -> None:
    """It is asked by JSON, no shell between; where it fails the path is left to people."""
    follower(repo)
    repo.commit("top", {"base.txt": "top's\n", "lines.txt": "top's\n"})
    repo.commit("base", {"base.txt": "base's\n", "lines.txt": "base's\n"})
    ran = cli("sync", "top", "--strategy", "agent")
    assert ran.code == 128
    assert "no conflict agent is configured" in ran.err
    script = repo.path.with_name("it's an agent.py")
    script.write_text(ANSWERS)
    for word in ("python3", str(script)):
        repo.git("config", "--add", "lanes.conflictAgent", word)
    ran = cli("sync", "top", "--strategy", "agent")
    assert ran.code == 1
    assert "leaves 'lines.txt' to people: exit code 3" in ran.err
    (found,) = repo.lanes.conflicts()
    assert [x.path for x in found.paths] == [b"lines.txt"]
    assert repo.git("cat-file", "blob", f"{found.files}:base.txt") == "top's\nbase's"


def test_a_command_that_does_not_stop_to_talk(
    repo: TestRepo, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is ended as soon as it says more than is read, and the path is left to people."""
    monkeypatch.setattr(agents, "_MOST", 1 << 20)
    follower(repo)
    repo.commit("top", {"base.txt": "top's\n"})
    repo.commit("base", {"base.txt": "base's\n"})
    repo.git("config", "lanes.conflictAgent", "yes")
    with repo.open() as lanes:
        with pytest.raises(Collision):
            lanes.sync("top", strategy="agent")
        assert any("to people: it says more than 1 MiB" in x for x in lanes.take_warnings())


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (Resolution(take="parent"), "base's"),
        (Resolution(take="theirs"), "base's"),  # type: ignore[arg-type]
        (Resolution(take="ours"), "top's"),  # type: ignore[arg-type]
        (Resolution("text\n"), "text"),  # type: ignore[arg-type]
        (Resolution(take="Parent"), None),  # type: ignore[arg-type]
        (Resolution(5), None),  # type: ignore[arg-type]
        (5, None),
    ],
)
def test_what_a_handler_can_mean(repo: TestRepo, answer: Any, wanted: str | None) -> None:
    """Sides are called as strategies are; what means nothing is refused, and nothing moves."""
    repo.work("base")
    repo.lanes.new("top", on="base", workspace=False)
    repo.lanes.put_file("top", "auth.py", b"top's\n")
    repo.commit("base", {"auth.py": "base's\n"})
    before = repo.refs()
    if wanted is None:
        with pytest.raises(BadValue, match="a conflict handler"):
            repo.lanes.sync("top", strategy="agent", handler=lambda _: answer)
        assert repo.refs() == before
    else:
        repo.lanes.sync("top", strategy="agent", handler=lambda _: answer)
        assert repo.files(repo.lanes.head("top"))["auth.py"] == wanted
