"""Work that reached both sides through a third lane: taken back on one, it is not brought again."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from gitlanes import Collision
from tests.support.repos import TestRepo

MODES = ["merge", "squash", "replay"]


def take_back(repo: TestRepo, path: str = "p", text: str = "0\n") -> None:
    """Let somebody take on main what landed there back to what it was."""
    repo.save({path: text})


@pytest.fixture
def repo(make_repo: Callable[..., TestRepo]) -> TestRepo:
    """A repository with a file p."""
    return make_repo({"p": "0\n", "q": "0\n"})


def promoted(repo: TestRepo, lane: str, mode: str = "merge") -> str:
    """Promote a lane, or let that collide; either way return what main has at p then."""
    with suppress(Collision):
        repo.lanes.promote(lane, mode=mode)
    return repo.files("main")["p"]


@pytest.mark.parametrize("mode", MODES)
def test_a_lane_that_landed_on_the_source_and_on_the_target(repo: TestRepo, mode: str) -> None:
    """What main took back of lane a stays so when b, which has a's work, lands."""
    repo.lane("a", {"p": "1\n"})
    repo.lane("b")
    repo.lanes.promote("a", into="b", mode=mode)
    repo.lanes.promote("a", mode=mode)
    take_back(repo)
    repo.lanes.update_workspace("b")
    repo.commit("b", {"q": "b\n"})
    assert promoted(repo, "b", mode) == "0"


def test_what_the_source_received_and_left_alone_is_no_change_of_its(repo: TestRepo) -> None:
    """With the third lane's work in both histories nothing collides, and only the rest lands."""
    repo.lane("a", {"p": "1\n"})
    repo.lane("b")
    repo.lanes.promote("a", into="b")
    repo.lanes.promote("a")
    repo.commit("a", {"p": "2\n"})
    repo.lanes.promote("a")
    repo.lanes.update_workspace("b")
    repo.commit("b", {"q": "b\n"})
    landed = repo.lanes.promote("b")
    assert landed.source_only == (b"q",)
    assert (repo.files("main")["p"], repo.files("main")["q"]) == ("2", "b")


def test_a_lane_whose_work_landed_through_another(repo: TestRepo) -> None:
    """What main took back of a's work, which b had brought, is not brought again by a."""
    repo.lane("b")
    repo.lane("a", {"p": "1\n"})
    repo.lanes.promote("a", into="b")
    repo.lanes.promote("b")
    take_back(repo)
    repo.commit("a", {"q": "a\n"})
    assert promoted(repo, "a") == "0"


@pytest.mark.parametrize("mode", MODES)
def test_a_lane_whose_child_landed_first(repo: TestRepo, mode: str) -> None:
    """What main took back of a child, which had it from its origin, the origin does not bring."""
    repo.lane("a", {"p": "1\n"})
    repo.lanes.new("child", start="a")
    repo.commit("child", {"child": "1\n"})
    repo.lanes.promote("child", mode=mode)
    take_back(repo)
    repo.commit("a", {"q": "a\n"})
    assert promoted(repo, "a", mode) == "0"


def test_a_lane_that_another_s_agent_started_from_a_commit_of(repo: TestRepo) -> None:
    """The same where the child was started from a commit by its id."""
    repo.lane("a", {"p": "1\n"})
    repo.lanes.new("child", start=repo.lanes.head("a"))
    repo.commit("child", {"child": "1\n"})
    repo.lanes.promote("child", mode="squash")
    take_back(repo)
    repo.commit("a", {"q": "a\n"})
    assert promoted(repo, "a", "squash") == "0"


def merge_of(repo: TestRepo, place: Path, what: str) -> None:
    """Let an agent merge something itself, and edit another file."""
    repo.git("merge", "--quiet", "--no-edit", what, cwd=place)
    repo.write({"q": "b\n"}, place)


@pytest.mark.parametrize("mode", MODES)
def test_a_lane_that_the_source_s_agent_merged(repo: TestRepo, mode: str) -> None:
    """What main took back of a stays so when b lands, whose agent had merged a itself."""
    repo.lane("a", {"p": "1\n"})
    place = repo.lane("b")
    merge_of(repo, place, "refs/lanes/head/a")
    repo.lanes.commit("b")
    repo.lanes.promote("a", mode=mode)
    take_back(repo)
    assert promoted(repo, "b", mode) == "0"


def test_a_lane_that_another_s_agent_merged_and_landed(repo: TestRepo) -> None:
    """What main took back of a's work, which b's agent had merged, a does not bring again."""
    repo.lane("a", {"p": "1\n"})
    place = repo.lane("b")
    merge_of(repo, place, "refs/lanes/head/a")
    repo.lanes.commit("b")
    repo.lanes.promote("b")
    take_back(repo)
    repo.commit("a", {"more": "a\n"})
    assert promoted(repo, "a") == "0"


def test_a_chain_of_lanes(repo: TestRepo) -> None:
    """What main took back stays so, though its work came to a by way of b."""
    repo.lane("a")
    repo.lane("b")
    take_back(repo, text="1\n")
    repo.lanes.promote("main", into="b")
    repo.lanes.promote("b", into="a")
    repo.lanes.update_workspace("a")
    repo.commit("a", {"q": "a\n"})
    take_back(repo)
    assert promoted(repo, "a") == "0"


def test_a_rejected_merge_is_never_certain(repo: TestRepo) -> None:
    """A lane whose agent's merge of a was rejected may have a's files: p collides or stays."""
    repo.lane("a", {"p": "1\n"})
    place = repo.lane("b")
    merge_of(repo, place, "refs/lanes/head/a")
    repo.lanes.reject(repo.lanes.propose("b").attempt.id)
    repo.lanes.commit("b", message="after all")
    repo.lanes.promote("a")
    take_back(repo)
    assert promoted(repo, "b") == "0"


def test_a_branch_that_merged_what_was_taken_back_before(repo: TestRepo) -> None:
    """Main's own past, merged by people into a bound branch, is not brought back by that lane."""
    start = repo.rev("HEAD")
    bad = repo.save({"p": "1\n"})
    repo.save({"p": "0\n"})
    repo.lanes.new("feat", start=start, workspace=False)
    repo.git("branch", "feat", start)
    repo.lanes.bind("feat", "feat")
    place = repo.path.with_name("feat")
    repo.git("worktree", "add", "--quiet", str(place), "feat")
    repo.git("merge", "--quiet", "--no-ff", "--no-edit", bad, cwd=place)
    repo.write({"q": "own\n"}, place)
    repo.git("commit", "--quiet", "--all", "-m", "own", cwd=place)
    repo.lanes.promote("feat")
    assert (repo.files("main")["p"], repo.files("main")["q"]) == ("0", "own")


def test_imports_in_a_shallow_clone(make_repo: Callable[..., TestRepo]) -> None:
    """A topic that merged main is fast-forwarded where main's past was never fetched."""
    whole = make_repo({"p": "0\n"}, adopted=False)
    for number in range(1, 7):
        whole.save({"p": f"{number}\n"})
    path = whole.path.with_name("shallow")
    whole.git("clone", "--quiet", "--depth=4", f"file://{whole.path}", str(path))
    repo = TestRepo(path, whole.environ)
    repo.lanes.init()
    repo.lane("a", {"a": "1\n"})
    repo.git("switch", "--quiet", "-c", "topic", "HEAD~2")
    repo.save({"topic": "1\n"})
    repo.git("merge", "--quiet", "--no-edit", "main")
    repo.git("switch", "--quiet", "main")
    repo.git("merge", "--quiet", "--ff-only", "topic")
    repo.lanes.promote("a")
    repo.save({"more": "1\n"})
    repo.commit("a", {"a": "2\n"})
    repo.lanes.promote("a")
    assert repo.files("main").keys() == {"p", "a", "topic", "more"}
    repo.close()


def test_a_lane_has_not_what_its_origin_merged_later(repo: TestRepo) -> None:
    """Main's work that an agent merged into a lane is not that of lanes started from it before."""
    repo.lane("one", {"one.txt": "1\n"})
    repo.lanes.new("two", start="one")
    repo.commit("main", {"src/app.py": "landed\n"})
    place = repo.workspace("one")
    repo.git("merge", "--quiet", "--no-edit", "main", cwd=place)
    repo.commit("one", {"one.txt": "2\n"})
    repo.commit("two", {"two.txt": "2\n"})
    repo.lanes.promote("two")
    assert repo.files("main")["src/app.py"] == "landed"


def test_what_was_merged_by_then_counts(repo: TestRepo) -> None:
    """What a lane had merged when it landed on another one came along, and what came later not."""
    place = repo.lane("one", {"one.txt": "1\n"})
    repo.lane("dev")
    for number in (1, 2):
        repo.commit("main", {"src/app.py": f"{number}\n"})
        head = repo.lanes.head("main")
        repo.git("merge", "--quiet", "--no-edit", "-X", "theirs", head, cwd=place)
        repo.commit("one", {"one.txt": f"{number + 1}\n"})
        if number == 1:
            repo.lanes.promote("one", into="dev")
    assert repo.lanes.promote("dev").source_only == (b"one.txt",)
    assert repo.files("main")["src/app.py"] == "2"


def test_a_lane_that_starts_in_the_middle_of_what_came_in_at_once(repo: TestRepo) -> None:
    """Where no entry knows a commit as the head, git's history says what was merged by then."""
    repo.git("switch", "--quiet", "--create", "one")
    for number in (1, 2):
        repo.save({f"{number}.txt": f"{number}\n"})
    repo.git("switch", "--quiet", "main")
    repo.lanes.import_branch("one")
    repo.lanes.create_workspace("one")
    repo.lanes.new("two", start="one/1")
    repo.commit("main", {"src/app.py": "landed\n"})
    repo.git("merge", "--quiet", "--no-edit", "main", cwd=repo.workspace("one"))
    repo.commit("one", {"one.txt": "2\n"})
    repo.commit("two", {"two.txt": "2\n"})
    repo.lanes.promote("two")
    assert repo.files("main")["src/app.py"] == "landed"


@pytest.mark.parametrize("mode", MODES)
def test_what_is_merged_after_the_landing_did_not_land(repo: TestRepo, mode: str) -> None:
    """An agent's merge into a lane says nothing of what that lane brought to main before."""
    place = repo.lane("a", {"p": "1\n"})
    repo.lane("b", {"b": "1\n"})
    repo.lanes.promote("a", mode=mode)
    merge_of(repo, place, repo.lanes.head("b"))
    repo.lanes.commit("a")
    assert repo.lanes.promote("b", mode=mode).source_only == (b"b",)
    assert repo.files("main")["b"] == "1"


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("others", ["before", "after"])
def test_what_landed_with_a_merge_is_settled(repo: TestRepo, mode: str, others: str) -> None:
    """A lane that landed with what its agent merged goes on at its own paths, and lands again."""
    place = repo.lane("a", {"p": "1\n"})
    repo.lane("b", {"b": "1\n"})
    merge_of(repo, place, repo.lanes.head("b"))
    repo.lanes.commit("a")
    if others == "before":
        repo.lanes.promote("b", mode=mode)
    repo.lanes.promote("a", mode=mode)
    if others == "after":
        repo.save({"b": "people\n"})
    repo.commit("a", {"p": "2\n"})
    assert repo.lanes.promote("a", mode=mode).source_only == (b"p",)
    assert repo.files("main")["b"] == ("people" if others == "after" else "1")
