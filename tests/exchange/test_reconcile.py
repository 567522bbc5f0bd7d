"""Work that a host squashed or rebased into a branch is found again, with its records."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitlanes import Collision, Cost, Intent, Negative, NotFound, Refused
from gitlanes.models.reconciled import Match
from tests.support import host
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

LONG = "".join(f"line {number}\n" for number in range(30))


def work(repo: TestRepo, lane: str, *edits: dict[str, str]) -> None:
    """Make a lane with one accepted attempt for each edit, and export it."""
    repo.lanes.new(lane)
    for number, edit in enumerate(edits, 1):
        repo.write(dict(edit), repo.workspace(lane))
        why = Intent(prompt=f"why {lane} {number}", agent="a")
        repo.lanes.commit(
            lane, message=f"{lane} {number}", intent=why, cost=Cost(input_tokens=number)
        )
    repo.lanes.export(lane, branch=f"review/{lane}")


def linear(repo: TestRepo, lane: str, edit: dict[str, str]) -> None:
    """Make a lane with an attempt, and a branch with a commit of its own of that."""
    repo.lane(lane, edit)
    repo.lanes.export(lane, branch=f"review/{lane}", form="linear")


def matches(repo: TestRepo) -> dict[str, Match]:
    """Reconcile and return {attempt: match}."""
    found = repo.lanes.reconcile()
    return {str(x.attempt): x for lane in found.lanes for x in lane.matches}


def prompts_at(repo: TestRepo, commit: str) -> list[str]:
    """Return the prompts in the notes on a commit, read with plain git."""
    lines = repo.git("notes", "--ref=lanes/intents", "show", commit).splitlines()
    return sorted(json.loads(x)["prompt"] for x in lines)


@pytest.mark.parametrize("message", ["github", "title"])
def test_a_squash(repo: TestRepo, message: str) -> None:
    """One commit has all: by the Change-Ids that GitHub puts into it, or by its content."""
    work(repo, "auth", {"auth.py": "1\n"}, {"auth.py": "2\n", "new.py": "n\n"})
    repo.save({"other.py": "o\n"})
    said = host.like_github(repo, "review/auth") if message == "github" else "Add auth (!7)"
    commit = host.squash(repo, "review/auth", said)
    found = matches(repo)
    by = "change-id" if message == "github" else "tree"
    assert {x: (y.commit, y.by, y.squash) for x, y in found.items()} == {
        "auth/1": (commit, by, True),
        "auth/2": (commit, by, True),
    }
    assert prompts_at(repo, commit) == ["why auth 1", "why auth 2"]


@pytest.mark.parametrize("trailers", [True, False])
def test_a_rebase(repo: TestRepo, trailers: bool) -> None:
    """Each commit has its own work, with its message or without its trailers."""
    work(repo, "auth", {"auth.py": "1\n"}, {"auth.py": "2\n"})
    repo.save({"other.py": "o\n"})
    made = host.rebase(repo, "review/auth", trailers=trailers)
    found = matches(repo)
    assert [found["auth/1"].commit, found["auth/2"].commit] == made
    assert {x.by for x in found.values()} == {"change-id" if trailers else "tree"}
    assert [prompts_at(repo, x) for x in made] == [["why auth 1"], ["why auth 2"]]


@pytest.mark.parametrize("how", ["squash", "rebase"])
def test_beside_other_work_in_the_same_file(make_repo: Callable[..., TestRepo], how: str) -> None:
    """Where git merged contents, its patch id tells."""
    repo = make_repo({"long.txt": LONG})
    work(
        repo,
        "auth",
        {"long.txt": LONG.replace("line 3\n", "three\n")},
        {"long.txt": LONG.replace("line 3\n", "three\n").replace("line 25\n", "twenty-five\n")},
    )
    repo.save({"long.txt": LONG.replace("line 14\n", "fourteen\n")})
    if how == "squash":
        host.squash(repo, "review/auth", "Add auth")
    else:
        host.rebase(repo, "review/auth", trailers=False)
    found = matches(repo)
    assert {x: y.by for x, y in found.items()} == {"auth/1": "patch-id", "auth/2": "patch-id"}
    assert len({x.commit for x in found.values()}) == (1 if how == "squash" else 2)


def test_what_git_calls_the_same_patch(make_repo: Callable[..., TestRepo]) -> None:
    """Other white space, or a mode that did not come along, is other work: it still waits."""
    repo = make_repo({"f.py": "if a:\n    b\nc\n", "long.txt": LONG})
    repo.lanes.new("deeper")
    repo.lanes.new("run")
    repo.commit("deeper", {"f.py": "if a:\n    b\n    c\n"})
    repo.write({"long.txt": LONG.replace("line 3\n", "three\n")}, repo.workspace("run"))
    (repo.workspace("run") / "long.txt").chmod(0o755)
    repo.lanes.commit("run")
    repo.save({"f.py": "if a:\n    b\n  c\n"})
    repo.save({"long.txt": LONG.replace("line 25\n", "other\n")})
    repo.save({"long.txt": LONG.replace("line 25\n", "other\n").replace("line 3\n", "three\n")})
    assert matches(repo) == {}


def test_the_same_patch_elsewhere_in_the_file(make_repo: Callable[..., TestRepo]) -> None:
    """Somebody's like change of another section is not the lane's."""
    sections = "".join(f"[{x}]\n1\n2\n3\noff\n4\n5\n6\n\n" for x in ("web", "db", "mail"))
    repo = make_repo({"conf": sections})
    first, second = (sections.find("off", x) for x in (0, sections.find("mail")))
    work(repo, "mail", {"conf": f"{sections[:second]}on{sections[second + 3 :]}"})
    repo.save({"conf": f"{sections[:first]}on{sections[first + 3 :]}"})
    assert matches(repo) == {}
    with pytest.raises(Collision):
        repo.lanes.promote("mail")


def test_what_comes_after_lands_alone(repo: TestRepo) -> None:
    """The lane counts as landed, and its next promotion carries only what is new."""
    work(repo, "auth", {"auth.py": "1\n"})
    host.squash(repo, "review/auth", "Add auth")
    found = repo.lanes.reconcile()
    assert [(x.lane, x.merged, x.left) for x in found.lanes] == [("auth", True, ())]
    assert all(x.landed for x in repo.lanes.lanes().lanes)
    with pytest.raises(Negative, match="nothing to promote"):
        repo.lanes.promote("auth")
    repo.save({"auth.py": "people\n"})
    repo.commit("auth", {"more.py": "m\n"})
    assert repo.lanes.promote("auth").source_only == (b"more.py",)
    assert repo.files("main")["auth.py"] == "people"


def test_only_the_first(repo: TestRepo) -> None:
    """Of a lane that went on since, the first commits landed; the rest is named."""
    work(repo, "auth", {"auth.py": "1\n"}, {"auth.py": "2\n"})
    host.squash(repo, "review/auth~1", "Add auth")
    (lane,) = repo.lanes.reconcile().lanes
    assert (lane.merged, [x.attempt for x in lane.matches]) == (False, ["auth/1"])
    assert lane.left == (repo.rev("review/auth"),)
    assert repo.lanes.promote("auth").base == (repo.rev("review/auth~1"),)


def test_one_out_of_the_middle(repo: TestRepo) -> None:
    """A picked commit gets its records; the lane's landing counts from where it did."""
    work(repo, "auth", {"auth.py": "1\n"}, {"two.py": "2\n"}, {"three.py": "3\n"})
    repo.git("cherry-pick", "review/auth~1")
    (lane,) = repo.lanes.reconcile().lanes
    assert [(x.attempt, x.commit) for x in lane.matches] == [("auth/2", repo.rev("main"))]
    assert prompts_at(repo, "main") == ["why auth 2"]
    assert repo.lanes.promote("auth").source_only == (b"auth.py", b"three.py")
    assert repo.files("main")["two.py"] == "2"


def test_a_lane_that_merged_main_on_its_way(repo: TestRepo) -> None:
    """What an agent brought in from main is no work of the lane's, and in nobody's way."""
    place = repo.lane("auth", {"auth.py": "1\n"})
    repo.save({"other.py": "o\n"})
    repo.git("merge", "--quiet", "--no-edit", "main", cwd=place)
    repo.commit("auth", {"auth.py": "2\n"})
    repo.lanes.export("auth", branch="review/auth")
    host.squash(repo, "review/auth", "Add auth")
    (lane,) = repo.lanes.reconcile().lanes
    assert lane.merged
    assert {x.by for x in lane.matches} == {"tree"}


def test_again(repo: TestRepo) -> None:
    """Asked again it finds no lane that has landed whole, and records nothing."""
    work(repo, "auth", {"auth.py": "1\n"})
    work(repo, "docs", {"a.md": "1\n"}, {"b.md": "2\n"})
    host.squash(repo, "review/auth", "Add auth")
    repo.git("cherry-pick", "review/docs")
    assert {x: y.known for x, y in matches(repo).items()} == {"auth/1": False, "docs/2": False}
    before = repo.refs()
    assert {x: y.known for x, y in matches(repo).items()} == {"docs/2": True}
    assert repo.refs() == before


def test_a_dry_run(repo: TestRepo) -> None:
    """It says the same and moves no ref, not even for commits not taken in yet."""
    work(repo, "auth", {"auth.py": "1\n"})
    commit = host.squash(repo, "review/auth", "Add auth")
    before = repo.refs()
    (lane,) = repo.lanes.reconcile(dry_run=True).lanes
    assert [x.commit for x in lane.matches] == [commit]
    assert repo.refs() == before


def test_a_real_merge_is_known_without(repo: TestRepo) -> None:
    """A merge commit shows by itself what landed: there is nothing to reconcile."""
    work(repo, "auth", {"auth.py": "1\n"})
    repo.git("merge", "--quiet", "--no-ff", "--no-edit", "review/auth")
    assert repo.lanes.reconcile().lanes == ()
    assert all(x.landed for x in repo.lanes.lanes().lanes)


def test_another_branch(repo: TestRepo) -> None:
    """A branch that a lane is bound to can be named; others are not known."""
    work(repo, "auth", {"auth.py": "1\n"})
    repo.lanes.new("next", workspace=False)
    repo.lanes.bind("next", "next")
    repo.git("switch", "--quiet", "next")
    host.squash(repo, "review/auth", "Add auth")
    found = repo.lanes.reconcile("next")
    assert (found.into, found.branch, [x.lane for x in found.lanes]) == ("next", "next", ["auth"])
    assert repo.lanes.reconcile().lanes == ()
    with pytest.raises(NotFound, match="bound branch 'origin/main'"):
        repo.lanes.reconcile("origin/main")


def test_a_branch_that_was_rewritten(repo: TestRepo) -> None:
    """What only a person can decide about the branch comes first."""
    work(repo, "auth", {"auth.py": "1\n"})
    repo.lanes.promote("auth")
    repo.git("reset", "--quiet", "--hard", "HEAD~1")
    repo.save({"auth.py": "other\n"})
    with pytest.raises(Refused, match="branch 'main' was"):
        repo.lanes.reconcile()


@pytest.mark.parametrize("message", ["github", "title"])
@pytest.mark.parametrize("beside", [False, True])
def test_a_version_from_before_it_was_amended(
    repo: TestRepo, cli: Cli, message: str, beside: bool
) -> None:
    """What the host has is not what the lane has by now: that is left, and it is said."""
    linear(repo, "auth", {"auth.py": "1\n"})
    repo.write({"auth.py": "2\n", "new.py": "n\n"}, repo.workspace("auth"))
    assert cli("commit", "auth", "--amend").code == 0
    if beside:
        repo.save({"other.py": "o\n"})
    said = host.like_github(repo, "review/auth") if message == "github" else "Add auth (!7)"
    commit = host.squash(repo, "review/auth", said)
    ran = cli("reconcile")
    told = f"{commit[:12]} has another version of {repo.lanes.head('auth')[:12]}"
    assert (told in ran.err) == (message == "github")
    assert "nothing of any lane's work was found" in ran.err + ran.out
    with pytest.raises(Collision):
        repo.lanes.promote("auth")
    repo.lanes.promote("auth", force=["auth.py"])
    assert repo.files("main").items() >= {"auth.py": "2", "new.py": "n"}.items()


def test_a_version_that_another_lane_has(repo: TestRepo) -> None:
    """What was picked into a lane and went on there did not land with what it was picked from."""
    linear(repo, "first", {"auth.py": "1\n"})
    place = repo.lane("second")
    repo.git("cherry-pick", repo.lanes.head("first"), cwd=place)
    repo.write({"extra.py": "e\n"}, place)
    repo.git("add", "--all", cwd=place)
    repo.git("commit", "--quiet", "--amend", "--no-edit", cwd=place)
    repo.lanes.commit("second")
    host.squash(repo, "review/first", host.like_github(repo, "review/first"))
    found = {x.lane: x.merged for x in repo.lanes.reconcile().lanes}
    assert found == {"first": True}
    assert "another version of" in "".join(repo.lanes.take_warnings())
    repo.lanes.promote("second")
    assert repo.files("main").items() >= {"auth.py": "1", "extra.py": "e"}.items()


def test_what_a_reviewer_made_of_it(repo: TestRepo, cli: Cli) -> None:
    """A change that is like no version of it landed all the same: its id says so."""
    linear(repo, "auth", {"auth.py": "1\n"})
    repo.write({"auth.py": "2\n"}, repo.workspace("auth"))
    assert cli("commit", "auth", "--amend").code == 0
    change = repo.lanes.show("auth/2").attempts[0].attempt.change_id
    commit = repo.save({"auth.py": "3\n"}, f"by a reviewer\n\nChange-Id: {change}\n")
    (found,) = matches(repo).values()
    assert (found.commit, found.by) == (commit, "change-id")


def test_what_the_command_says(repo: TestRepo, cli: Cli) -> None:
    """A line for each lane and each match, with what told so."""
    work(repo, "auth", {"auth.py": "1\n"}, {"auth.py": "2\n"}, {"auth.py": "3\n"})
    commit = host.squash(repo, "review/auth~1", "Add auth")
    assert cli("reconcile") == Ran(
        0,
        "of lane auth, 2 of 3 are in main\n"
        f"  auth/1 is {commit[:12]} by tree, squashed: auth 1\n"
        f"  auth/2 is {commit[:12]} by tree, squashed: auth 2\n",
        "",
    )
    repo.git("cherry-pick", "review/auth")
    assert cli("reconcile").out.startswith("all of lane auth is in main\n  auth/3 is ")
    assert cli("reconcile") == Ran(0, "", "nothing of any lane's work was found in 'main'\n")


edits = st.dictionaries(st.sampled_from("abc"), st.integers(0, 9), min_size=1, max_size=2)
styles = st.sampled_from(("github", "title", "rebase", "plain rebase"))


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    lanes=st.lists(st.tuples(st.lists(edits, min_size=1, max_size=3), styles), max_size=3),
    moves=st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_nothing_is_missed(
    environ: dict[str, str],
    lanes: list[tuple[list[dict[str, int]], str]],
    moves: list[bool],
) -> None:
    """Whatever a host made of lanes, between other work: all of it is found, with its records."""
    with tempfile.TemporaryDirectory() as place:
        repo = TestRepo.make(Path(place) / "repo", environ)
        wanted = set()
        for number, (steps, _) in enumerate(lanes):
            name = f"lane{number}"
            files = [
                {f"{name}/{x}.txt": f"{step} {value}\n" for x, value in one.items()}
                for step, one in enumerate(steps)
            ]
            work(repo, name, *files)
            wanted |= {f"{name}/{step}" for step in range(1, len(steps) + 1)}
        for number, (_, style) in enumerate(lanes):
            if moves[number]:
                repo.save({f"people{number}.txt": "p\n"})
            branch = f"review/lane{number}"
            if style in ("github", "title"):
                github = style == "github"
                host.squash(repo, branch, host.like_github(repo, branch) if github else "Title")
            else:
                host.rebase(repo, branch, trailers=style == "rebase")
        found = matches(repo)
        assert found.keys() == wanted
        for attempt, match in found.items():
            why = f"why {attempt.replace('/', ' ')}"
            assert why in prompts_at(repo, match.commit)
        assert all(x.landed for x in repo.lanes.lanes().lanes)
        repo.fsck()
        repo.close()
