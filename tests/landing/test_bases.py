"""From where a lane's changes count: recorded when work lands, and never the target's new head."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitlanes import Collision, Negative, Refused
from gitlanes.models.records import Lane
from tests.support.repos import TestRepo

MODES = ["merge", "squash", "replay"]


def record(repo: TestRepo, lane: str) -> Lane:
    """Return a lane's record."""
    with repo.inner() as inner:
        return inner.view.lane(lane).record


def touched(repo: TestRepo, old: str, new: str = "main") -> set[str]:
    """Return the paths that differ between two commits."""
    return set(repo.git("diff", "--no-renames", "--name-only", old, new).split("\n")) - {""}


def land(repo: TestRepo, lane: str, mode: str = "merge") -> set[str]:
    """Promote a lane into main, and return the paths that this changed there."""
    before = repo.lanes.head("main")
    repo.lanes.promote(lane, mode=mode)
    return touched(repo, before)


@pytest.mark.parametrize("mode", MODES)
def test_the_landed_head_is_recorded(repo: TestRepo, mode: str) -> None:
    """In every mode the source's record says which head landed, and as which commit."""
    repo.work("auth", {"auth.py": "1\n"})
    fork, head = record(repo, "auth").fork, repo.lanes.head("auth")
    main = record(repo, "main").uuid
    assert record(repo, "auth").landed[main].bases == (fork,)
    landed = repo.lanes.promote("auth", mode=mode)
    known = record(repo, "auth").landed[main]
    assert (landed.base, known.bases, known.source, known.at) == (
        (fork,),
        (head,),
        head,
        landed.head,
    )
    with pytest.raises(Negative, match="nothing to promote"):
        repo.lanes.promote("auth", mode=mode)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        *zip(MODES, MODES, strict=True),
        ("merge", "replay"),
        ("squash", "merge"),
        ("replay", "squash"),
    ],
)
def test_a_second_promotion_carries_only_new_work(repo: TestRepo, first: str, second: str) -> None:
    """Work that landed before does not land again, and what others made of it stays."""
    repo.work("auth", {"auth.py": "1\n", "shared.py": "by auth\n"})
    assert land(repo, "auth", first) == {"auth.py", "shared.py"}
    repo.work("other", {"shared.py": "by other\n", "other.py": "1\n"})
    assert land(repo, "other", first) == {"shared.py", "other.py"}
    repo.commit("auth", {"more.py": "1\n"})
    assert land(repo, "auth", second) == {"more.py"}
    repo.commit("auth", {"auth.py": "2\n"})
    assert land(repo, "auth", second) == {"auth.py"}
    assert repo.files("main") == {
        "auth.py": "2",
        "shared.py": "by other",
        "other.py": "1",
        "more.py": "1",
        "src/app.py": "app",
    }


@pytest.mark.parametrize("mode", MODES)
def test_a_path_that_landed_can_be_changed_further(repo: TestRepo, mode: str) -> None:
    """Going on with one's own landed file is no collision; somebody's change of it meanwhile is."""
    repo.work("auth", {"auth.py": "1\n"})
    land(repo, "auth", mode)
    repo.commit("auth", {"auth.py": "2\n"})
    assert land(repo, "auth", mode) == {"auth.py"}
    repo.work("other", {"auth.py": "by other\n"})
    land(repo, "other", mode)
    repo.commit("auth", {"auth.py": "3\n"})
    with pytest.raises(Collision):
        repo.lanes.promote("auth", mode=mode)
    assert repo.files("main")["auth.py"] == "by other"


@pytest.mark.parametrize("mode", MODES)
def test_taking_landed_work_back_is_new_work(repo: TestRepo, mode: str) -> None:
    """A lane that restores what it was before its own landing lands that."""
    repo.work("auth", {"auth.py": "1\n", "new.py": "1\n"})
    land(repo, "auth", mode)
    repo.commit("auth", {"auth.py": "login\n", "new.py": None})
    assert land(repo, "auth", mode) == {"auth.py", "new.py"}
    assert repo.files("main") == {"auth.py": "login", "src/app.py": "app"}


@pytest.mark.parametrize("mode", MODES)
def test_a_lane_that_started_from_another_s_head(repo: TestRepo, mode: str) -> None:
    """What its origin landed since is not its own work: others may have changed it already."""
    repo.work("auth", {"auth.py": "by auth\n"})
    repo.lanes.new("child", start="auth")
    repo.commit("child", {"child.py": "1\n"})
    repo.commit("auth", {"late.py": "1\n"})
    land(repo, "auth", mode)
    repo.work("other", {"auth.py": "by other\n"})
    land(repo, "other")
    assert land(repo, "child", mode) == {"child.py"}
    assert repo.files("main") == {
        "auth.py": "by other",
        "late.py": "1",
        "child.py": "1",
        "src/app.py": "app",
    }


@pytest.mark.parametrize("mode", MODES)
def test_a_lane_that_started_after_its_origin_landed(repo: TestRepo, mode: str) -> None:
    """A lane made from a lane whose work is on main already brings only what is new."""
    repo.work("auth", {"auth.py": "by auth\n"})
    land(repo, "auth", mode)
    repo.work("other", {"auth.py": "by other\n"})
    land(repo, "other")
    repo.lanes.new("child", start="auth")
    repo.commit("child", {"child.py": "1\n"})
    assert land(repo, "child", mode) == {"child.py"}


@pytest.mark.parametrize("mode", MODES)
def test_a_grandchild(repo: TestRepo, mode: str) -> None:
    """The origin's origin counts, too."""
    repo.work("one", {"one.py": "1\n"})
    repo.lanes.new("two", start="one")
    repo.commit("two", {"two.py": "1\n"})
    repo.lanes.new("three", start="two")
    repo.commit("three", {"three.py": "1\n"})
    land(repo, "one", mode)
    repo.work("other", {"one.py": "by other\n"})
    land(repo, "other")
    assert land(repo, "three", mode) == {"two.py", "three.py"}
    assert repo.files("main")["one.py"] == "by other"


def test_a_child_may_land_before_its_origin(repo: TestRepo) -> None:
    """It brings the origin's work along, which the origin does not bring again."""
    repo.work("auth", {"auth.py": "by auth\n"})
    repo.lanes.new("child", start="auth")
    repo.commit("child", {"child.py": "1\n"})
    assert land(repo, "child") == {"auth.py", "child.py"}
    repo.commit("auth", {"late.py": "1\n"})
    assert land(repo, "auth") == {"late.py"}
    assert repo.files("main").keys() == {"auth.py", "child.py", "late.py", "src/app.py"}


def test_a_lane_from_an_old_commit(repo: TestRepo) -> None:
    """A lane started from main's past counts from there: what main did since is main's."""
    old = repo.rev("main")
    repo.save({"auth.py": "people\n", "people.py": "1\n"})
    repo.lanes.new("late", start=old)
    repo.commit("late", {"src/app.py": "late\n"})
    assert land(repo, "late") == {"src/app.py"}
    assert repo.files("main") == {"auth.py": "people", "people.py": "1", "src/app.py": "late"}
    repo.lanes.new("later", start=old)
    repo.commit("later", {"auth.py": "later\n"})
    with pytest.raises(Collision):
        repo.lanes.promote("later")


@pytest.mark.parametrize("mode", MODES)
def test_a_lane_from_outside_the_target_s_history(repo: TestRepo, mode: str) -> None:
    """A lane started from an unmerged branch brings that branch's work along."""
    repo.git("switch", "--quiet", "--create", "feature")
    repo.save({"feature.py": "1\n"}, "feature one")
    repo.save({"feature.py": "2\n"}, "feature two")
    repo.git("switch", "--quiet", "main")
    repo.save({"people.py": "1\n"})
    repo.lanes.new("auth", start="feature")
    repo.commit("auth", {"auth.py": "1\n"})
    assert land(repo, "auth", mode) == {"feature.py", "auth.py"}
    assert repo.files("main")["feature.py"] == "2"
    assert repo.files("main")["people.py"] == "1"
    if mode == "replay":
        subjects = repo.git("log", "-3", "--format=%s", "main").splitlines()
        assert subjects == ["work of auth", "feature two", "feature one"]


def test_no_common_history(repo: TestRepo) -> None:
    """Where nothing is shared there is no base, and the promotion is refused with the reason."""
    repo.git("switch", "--quiet", "--orphan", "orphan")
    repo.save({"orphan.py": "1\n"})
    repo.git("switch", "--quiet", "main")
    repo.lanes.new("auth", start="orphan", workspace=False)
    before = repo.refs()
    with pytest.raises(Refused, match="no common history"):
        repo.lanes.promote("auth")
    assert repo.refs() == before


def collide(repo: TestRepo) -> Path:
    """Let main and lane auth touch auth.py differently, and return the lane's workspace."""
    place = repo.lane("auth", {"auth.py": "by auth\n", "new.py": "1\n"})
    repo.lane("other", {"auth.py": "by other\n", "other.py": "1\n"})
    repo.lanes.promote("other")
    with pytest.raises(Collision):
        repo.lanes.promote("auth")
    return place


def resolve(repo: TestRepo, place: Path, command: str) -> None:
    """Finish the agent's own merge or rebase."""
    repo.write({"auth.py": "by both\n"}, place)
    repo.git("add", "auth.py", cwd=place)
    if command == "rebase":
        repo.git("-c", "core.editor=true", "rebase", "--continue", cwd=place)
    elif command == "merge":
        repo.git("commit", "--quiet", "--no-edit", cwd=place)


@pytest.mark.parametrize("command", ["merge", "rebase", "merge, not committed"])
def test_the_agent_brought_main_in_itself(repo: TestRepo, command: str) -> None:
    """After the agent's own merge or rebase of main, changes count from what it brought in."""
    place = collide(repo)
    repo.git(command.partition(",")[0], "--quiet", "main", cwd=place, check=False)
    resolve(repo, place, command)
    main = repo.rev("main")
    repo.lanes.commit("auth")
    assert record(repo, "auth").landed[record(repo, "main").uuid].bases == (main,)
    repo.lane("third", {"other.py": "by third\n"})
    land(repo, "third")
    assert land(repo, "auth") == {"auth.py", "new.py"}
    assert repo.files("main") == {
        "auth.py": "by both",
        "new.py": "1",
        "other.py": "by third",
        "src/app.py": "app",
    }


def test_what_the_agent_merged_counts_only_once_accepted(repo: TestRepo) -> None:
    """A rejected proposal with a merge in it makes that a base beside the others, no more."""
    place = collide(repo)
    before = record(repo, "auth").landed
    repo.git("merge", "--quiet", "main", cwd=place, check=False)
    resolve(repo, place, "merge")
    made = repo.lanes.propose("auth")
    assert record(repo, "auth").landed == before
    repo.lanes.reject(made.attempt.id)
    main = record(repo, "main")
    known = before[main.uuid].bases
    assert record(repo, "auth").landed[main.uuid].bases == (*known, main.head)
    with pytest.raises(Collision):
        repo.lanes.promote("auth")


def test_a_merge_is_not_forgotten_by_the_next_proposal(repo: TestRepo) -> None:
    """A proposal that supersedes one with a merge in it still knows what was merged."""
    place = collide(repo)
    repo.git("merge", "--quiet", "main", cwd=place, check=False)
    resolve(repo, place, "merge")
    main = repo.rev("main")
    repo.lanes.propose("auth")
    attempt = repo.propose("auth", {"more.py": "1\n"})
    repo.lanes.accept(attempt)
    assert record(repo, "auth").landed[record(repo, "main").uuid].bases == (main,)
    repo.lane("third", {"other.py": "by third\n"})
    land(repo, "third")
    assert land(repo, "auth") == {"auth.py", "new.py", "more.py"}
    assert repo.files("main")["other.py"] == "by third"


def test_a_merge_that_was_thrown_away_does_not_count(repo: TestRepo) -> None:
    """After a merge was proposed and then reset away, main's work is not taken for known."""
    place = collide(repo)
    base = repo.lanes.head("auth")
    repo.git("merge", "--quiet", "main", cwd=place, check=False)
    resolve(repo, place, "merge")
    repo.lanes.propose("auth")
    repo.git("reset", "--quiet", "--hard", base, cwd=place)
    attempt = repo.propose("auth", {"more.py": "1\n"})
    repo.lanes.accept(attempt)
    with pytest.raises(Collision):
        repo.lanes.promote("auth")
    assert repo.files("main")["other.py"] == "1"


def crossed(repo: TestRepo) -> None:
    """Let auth merge a commit of main that is older than its own squashed landing."""
    place = repo.lane("auth", {"auth.py": "1\n"})
    repo.lane("other", {"other.py": "1\n"})
    repo.lanes.promote("other")
    older = repo.rev("main")
    repo.lanes.promote("auth", mode="squash")
    repo.git("merge", "--quiet", "--no-edit", older, cwd=place)
    repo.commit("auth", {"more.py": "1\n"})
    bases = record(repo, "auth").landed[record(repo, "main").uuid].bases
    assert len(bases) == 2
    assert bases[1] == older


def test_records_that_lead_to_several_bases(repo: TestRepo) -> None:
    """What either base has and both sides share is convergent; only new work changes main."""
    crossed(repo)
    assert land(repo, "auth") == {"more.py"}
    assert repo.files("main").keys() == {"auth.py", "other.py", "more.py", "src/app.py"}
    assert len(record(repo, "auth").landed[record(repo, "main").uuid].bases) == 1


@pytest.mark.parametrize("path", ["auth.py", "other.py"])
def test_several_bases_never_revert(repo: TestRepo, path: str) -> None:
    """A path that main changed since, and that either base has differently, collides."""
    crossed(repo)
    repo.work("third", {path: "by third\n"})
    repo.lanes.promote("third")
    with pytest.raises(Collision) as refused:
        repo.lanes.promote("auth")
    assert [x["path"] for x in refused.value.data["collisions"]] == [path]
    assert repo.files("main")[path] == "by third"


def test_work_that_travels_over_two_lanes(repo: TestRepo) -> None:
    """What landed on a lane that landed on main is not lost, nor brought twice, nor reverted."""
    repo.work("ui", {"ui.py": "1\n"})
    repo.work("auth", {"auth.py": "1\n"})
    repo.lanes.promote("auth", into="ui")
    assert land(repo, "ui") == {"ui.py", "auth.py"}
    repo.commit("auth", {"more.py": "1\n"})
    assert land(repo, "auth") == {"more.py"}
    assert repo.files("main").keys() == {"auth.py", "ui.py", "more.py", "src/app.py"}


def test_main_landed_on_a_lane(repo: TestRepo) -> None:
    """Main's work promoted into a lane comes back with it as nothing new."""
    repo.work("auth", {"auth.py": "1\n"})
    repo.work("other", {"other.py": "1\n"})
    land(repo, "other")
    repo.lanes.promote("main", into="auth")
    assert repo.files("refs/lanes/head/auth").keys() == {"auth.py", "other.py", "src/app.py"}
    assert land(repo, "auth") == {"auth.py"}


def test_a_name_used_again_starts_afresh(repo: TestRepo) -> None:
    """A lane deleted and made again does not inherit what its namesake had landed."""
    repo.work("auth", {"auth.py": "1\n"})
    land(repo, "auth")
    repo.lanes.delete("auth")
    repo.work("other", {"auth.py": "by other\n"})
    land(repo, "other")
    repo.work("auth", {"new.py": "1\n"})
    assert land(repo, "auth") == {"new.py"}
    assert repo.files("main")["auth.py"] == "by other"
