"""Ordinary branches as lanes: made, followed, and back out again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitlanes import BadName, BadValue, Negative, NotFound, Raced, Refused
from gitlanes.exchange import incoming
from gitlanes.exchange.importing import import_branch
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def change(number: int) -> str:
    """Return a Change-Id."""
    return f"I{number:040x}"


def save(repo: TestRepo, number: int, files: dict[str, str | None]) -> str:
    """Commit files with a Change-Id, by plain git."""
    return repo.save(files, f"Step {number}\n\nChange-Id: {change(number)}\n")


@pytest.fixture
def branch(repo: TestRepo) -> TestRepo:
    """A branch feature/x of three commits, checked out."""
    repo.git("switch", "--quiet", "--create", "feature/x")
    for number in (1, 2, 3):
        save(repo, number, {f"{number}.py": f"{number}\n"})
    return repo


def test_a_branch_becomes_a_lane(branch: TestRepo) -> None:
    """Each of its commits is an accepted attempt of that very commit, under its Change-Id."""
    made = branch.lanes.import_branch("feature/x")
    assert (made.lane, made.created, made.taken) == ("feature-x", True, 3)
    assert [(x.id, x.status, x.kind, x.change_id) for x in made.attempts] == [
        (f"feature-x/{n}", "accepted", "import", change(n)) for n in (1, 2, 3)
    ]
    assert made.attempts[1].commit == branch.rev("feature/x~1")
    assert branch.lanes.head("feature-x") == branch.rev("feature/x")
    landed = branch.lanes.promote("feature-x")
    assert landed.source_only == (b"1.py", b"2.py", b"3.py")


def test_it_is_followed(branch: TestRepo) -> None:
    """Imported again, only new commits are taken in."""
    branch.lanes.import_branch("feature/x")
    with pytest.raises(Negative, match="nothing to import"):
        branch.lanes.import_branch("feature/x")
    save(branch, 4, {"4.py": "4\n"})
    made = branch.lanes.import_branch("feature/x")
    assert (made.created, [x.id for x in made.attempts]) == (False, ["feature-x/4"])


def test_a_rewritten_branch(branch: TestRepo) -> None:
    """New patch sets are attempts of the changes that they were, and take their place."""
    branch.lanes.import_branch("feature/x")
    branch.git("reset", "--quiet", "--hard", "HEAD~2")
    save(branch, 2, {"2.py": "again\n"})
    made = branch.lanes.import_branch("feature/x")
    assert ([x.id for x in made.attempts], made.superseded) == (
        ["feature-x/4"],
        ("feature-x/3", "feature-x/2"),
    )
    (two,) = branch.lanes.change(change(2))
    assert [(x.attempt.id, x.attempt.status) for x in two.attempts] == [
        ("feature-x/4", "accepted"),
        ("feature-x/2", "superseded"),
    ]
    assert two.attempts[1].attempt.superseded_by == "feature-x/4"
    assert branch.lanes.head("feature-x") == branch.rev("feature/x")


def test_a_branch_that_merged_main(branch: TestRepo) -> None:
    """What it merged from main is main's: it is no collision, and never taken back."""
    branch.git("switch", "--quiet", "main")
    branch.save({"auth.py": "people\n"})
    branch.lanes.import_branch("main")
    branch.git("switch", "--quiet", "feature/x")
    branch.git("merge", "--quiet", "--no-edit", "main")
    save(branch, 4, {"auth.py": "lane\n"})
    made = branch.lanes.import_branch("feature/x")
    assert made.taken == 5
    branch.git("switch", "--quiet", "main")
    assert branch.lanes.promote("feature-x").collisions == ()
    assert branch.files("main")["auth.py"] == "lane"
    branch.lanes.export("feature-x", branch="out", form="as-is")


def test_a_branch_that_went_back(branch: TestRepo) -> None:
    """What it let go of here is superseded; with work on top it stays, as does what others have."""
    branch.lanes.import_branch("feature/x")
    branch.git("reset", "--quiet", "--hard", "HEAD~2")
    made = branch.lanes.import_branch("feature/x")
    assert (made.taken, set(made.superseded)) == (0, {"feature-x/2", "feature-x/3"})
    assert branch.lanes.head("feature-x") == branch.rev("feature/x")
    with pytest.raises(Negative, match="nothing to import"):
        branch.lanes.import_branch("feature/x")
    branch.lanes.put_file("feature-x", "mine.py", b"mine\n")
    branch.git("reset", "--quiet", "--hard", "HEAD~1")
    with pytest.raises(Negative, match="nothing to import"):
        branch.lanes.import_branch("feature/x")


def test_a_branch_that_is_behind(branch: TestRepo) -> None:
    """One that never was where the lane is, or another repository's, takes nothing back."""
    branch.lanes.import_branch("feature/x")
    other = branch.path.with_name("other")
    branch.git("clone", "--quiet", "--branch=feature/x", str(branch.path), str(other))
    branch.git("reset", "--quiet", "--hard", "HEAD~1", cwd=other)
    with pytest.raises(Negative, match="nothing to import"):
        branch.lanes.import_branch("feature/x", repository=str(other))
    behind = branch.rev("feature/x~1")
    branch.git("switch", "--quiet", "main")
    branch.git("branch", "--delete", "--force", "feature/x")
    branch.git("branch", "feature/x", behind)
    with pytest.raises(Negative, match="nothing to import"):
        branch.lanes.import_branch("feature/x")


def test_the_branch_of_a_bound_lane(repo: TestRepo, cli: Cli) -> None:
    """What people committed there is taken into that lane."""
    commit = repo.save({"people.py": "p\n"})
    assert cli("import", "main").out == f"lane main at {commit[:12]}: 1 commit of branch main\n"
    assert repo.lanes.head("main") == commit
    with pytest.raises(Negative, match="nothing to import"):
        repo.lanes.import_branch("main")
    with pytest.raises(Refused, match="branch 'main' is bound to lane 'main'"):
        repo.lanes.import_branch("main", lane="other")


def test_a_full_name(branch: TestRepo) -> None:
    """A branch is the same under its full name."""
    branch.lanes.import_branch("refs/heads/feature/x")
    with pytest.raises(Negative, match="has all of branch 'feature/x'"):
        branch.lanes.import_branch("feature/x")


def test_a_commit_without_a_message(branch: TestRepo) -> None:
    """Exported linear it is what it was; squashed alone it has a subject, which is no trailer."""
    branch.git("switch", "--quiet", "--create", "wordless", "main")
    branch.write({"w.py": "w\n"})
    branch.git("add", "--all")
    branch.git("commit", "--quiet", "--allow-empty-message", "--message=")
    branch.lanes.import_branch("wordless")
    assert branch.lanes.export("wordless", branch="out", form="linear").old is None
    assert branch.rev("out") == branch.rev("wordless")
    branch.lanes.export("wordless", branch="out", form="squash")
    assert branch.git("log", "-1", "--format=%s", "out") == "Work of lane wordless"


def test_a_range(branch: TestRepo) -> None:
    """Only the commits asked for; the lane starts where they do."""
    made = branch.lanes.import_branch("feature/x", commits="feature/x~2..feature/x~1")
    (warning,) = branch.lanes.take_warnings()
    assert "stands on 1 commit below that range which 'main' has not" in warning
    assert [x.title for x in made.attempts] == ["Step 2"]
    assert branch.lanes.lane("feature-x").fork == branch.rev("feature/x~2")
    for wrong, error in (("main", BadValue), ("a...b", BadValue), ("no..main", NotFound)):
        with pytest.raises(error):
            branch.lanes.import_branch("feature/x", lane="other", commits=wrong)
    with pytest.raises(Refused, match="does not stand on"):
        branch.lanes.import_branch("feature/x", lane="other", commits="feature/x..main")


def test_from_another_repository(branch: TestRepo, tmp_path: Path) -> None:
    """A branch of a clone elsewhere comes with its objects, and leaves no ref behind."""
    other = tmp_path / "other"
    branch.git("clone", "--quiet", str(branch.path), str(other))
    branch.git("checkout", "--quiet", "-b", "far", cwd=other)
    (other / "far.py").write_text("f\n")
    branch.git("add", "--all", cwd=other)
    branch.git("commit", "--quiet", "--message=Far", cwd=other)
    before = branch.refs()
    made = branch.lanes.import_branch("far", repository=other)
    assert made.tip == branch.git("rev-parse", "far", cwd=other)
    new = branch.refs().keys() - before.keys()
    assert new == {"refs/lanes/head/far", "refs/lanes/journal/far"}
    with pytest.raises(NotFound, match="branch 'near'"):
        branch.lanes.import_branch("near", repository=other)
    branch.fsck()


def test_a_remote_s_branch(branch: TestRepo) -> None:
    """What was fetched is found as git calls it."""
    branch.git("remote", "add", "origin", str(branch.path))
    branch.git("fetch", "--quiet", "origin")
    assert branch.lanes.import_branch("origin/feature/x").lane == "origin-feature-x"


def test_what_cannot_be(branch: TestRepo) -> None:
    """Branches that there are not, lanes that were made otherwise, names that no lane can have."""
    with pytest.raises(NotFound, match="branch 'nope'"):
        branch.lanes.import_branch("nope")
    branch.lanes.new("feature-x", workspace=False)
    with pytest.raises(Refused, match="was not made of branch 'feature/x'"):
        branch.lanes.import_branch("feature/x")
    branch.git("branch", "con")
    with pytest.raises(BadName, match="no lane can be named as branch 'con'"):
        branch.lanes.import_branch("con")
    branch.git("checkout", "--quiet", "--orphan", "alone")
    branch.save({"x": "x\n"})
    with pytest.raises(Refused, match="no history in common"):
        branch.lanes.import_branch("alone")
    with pytest.raises(Negative, match="the range has no commits"):
        branch.lanes.import_branch("alone", commits="alone..alone")
    branch.git("branch", "old", "main")
    with pytest.raises(Negative, match="lane 'main' has all of branch 'old'"):
        branch.lanes.import_branch("old")
    with pytest.raises(BadName, match="empty lane name"):
        branch.lanes.import_branch("feature/x", lane="")


def test_a_branch_with_a_root_of_its_own(branch: TestRepo) -> None:
    """A history that began elsewhere and merged main comes in, and lands."""
    branch.git("switch", "--quiet", "--orphan", "alone")
    branch.save({"alone.py": "a\n"})
    branch.git("merge", "--quiet", "--allow-unrelated-histories", "--no-edit", "main")
    made = branch.lanes.import_branch("alone")
    assert (made.taken, made.attempts[0].base) == (2, None)
    branch.git("switch", "--quiet", "main")
    assert branch.lanes.promote("alone").source_only == (b"alone.py",)
    branch.git("switch", "--quiet", "alone")
    branch.git("commit", "--quiet", "--amend", "--message=rewritten")
    assert branch.lanes.import_branch("alone").superseded == ("alone/2",)


def test_many_commits_come_in_steps(branch: TestRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each step is an operation; one that is broken off is gone on with."""
    monkeypatch.setattr(incoming, "_BATCH", 2)
    taken = branch.lanes.import_branch("feature/x")
    assert (taken.taken, taken.attempts[-1].id) == (3, "feature-x/3")
    verbs = [x.verb for x in branch.lanes.operations("feature-x").operations]
    assert verbs == ["import", "import"]


def test_a_lane_that_moves_meanwhile(branch: TestRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is accepted between two steps is not lost: the import gives up, and can be repeated."""
    monkeypatch.setattr(incoming, "_BATCH", 2)
    with branch.open() as other, branch.inner() as inner:

        def progress(_: str, done: int, __: int) -> None:
            if done == 2:
                other.put_file("feature-x", "own.py", b"o\n", message="Own")

        inner.progress = progress
        with pytest.raises(Raced, match="lane 'feature-x' was moved meanwhile"):
            import_branch(inner, "feature/x")
    assert branch.lanes.import_branch("feature/x").taken == 1
    assert {"own.py", "3.py"} <= branch.files("refs/lanes/head/feature-x").keys()


def test_the_way_back_in(branch: TestRepo) -> None:
    """An exported lane can be imported again: its changes keep their ids, the notes are there."""
    branch.lanes.import_branch("feature/x")
    branch.lanes.export("feature-x", branch="out", form="linear")
    with pytest.raises(Negative, match="lane 'feature-x' has all of branch 'out'"):
        branch.lanes.import_branch("out")
    made = branch.lanes.import_branch("out", lane="again")
    assert [x.change_id for x in made.attempts] == [change(n) for n in (1, 2, 3)]


steps = st.lists(
    st.dictionaries(st.sampled_from(["a", "d/b", "auth.py"]), st.integers(0, 4) | st.none()),
    min_size=1,
    max_size=6,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=steps)
def test_there_and_back(environ: dict[str, str], history: list[dict[str, int | None]]) -> None:
    """Any branch, imported and exported linear: the same trees and Change-Ids in the same order."""
    with tempfile.TemporaryDirectory() as place:
        repo = TestRepo.make(Path(place) / "repo", environ)
        repo.git("switch", "--quiet", "--create", "b")
        made = 0
        for number, edits in enumerate(history, 1):
            there = repo.files("HEAD")
            files = {
                name: None if value is None else f"{value}\n"
                for name, value in edits.items()
                if value is not None or name in there
            }
            repo.write(files)
            repo.git("add", "--all")
            message = f"Step {number}\n\nChange-Id: {change(number)}\n"
            if repo.git("status", "--porcelain"):
                repo.git("commit", "--quiet", f"--message={message}")
                made += 1
        if not made:
            return
        repo.lanes.import_branch("b")
        out = repo.lanes.export("b", branch="out", form="linear")
        wanted = repo.git("log", "--format=%T %(trailers:key=Change-Id,valueonly)", "main..b")
        assert (
            repo.git("log", "--format=%T %(trailers:key=Change-Id,valueonly)", "main..out")
            == wanted
        )
        assert len(out.commits) == made
        assert out.commit == repo.rev("b")  # people's commits are what they were
        repo.fsck()
        repo.close()
