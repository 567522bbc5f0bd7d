"""Branches and lanes that both went on: people's commits come to the lane they belong to."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gitlanes import Collision, Negative, Refused
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


@pytest.fixture
def worked(repo: TestRepo) -> TestRepo:
    """A lane with one accepted attempt."""
    repo.work("auth", {"auth.py": "lane\n"})
    return repo


def on_branch(repo: TestRepo, branch: str, files: dict[str, str | None], title: str) -> str:
    """Commit files on a branch by plain git, and go back to main."""
    repo.git("switch", "--quiet", branch)
    made = repo.save(files, title)
    repo.git("switch", "--quiet", "main")
    return made


def landed(repo: TestRepo, lane: str) -> list[tuple[str, str]]:
    """Return kind and title of a lane's attempts, oldest first."""
    found = repo.lanes.history(lane).attempts
    return [(x.attempt.kind, x.attempt.title) for x in found][::-1]


@pytest.mark.parametrize("form", ["as-is", "linear", "squash"])
def test_a_reviewer_s_commit(worked: TestRepo, form: str) -> None:
    """Pushed onto an exported branch, it becomes an attempt of the lane, and stays what it is."""
    worked.lanes.export("auth", branch="review", form=form)
    theirs = on_branch(worked, "review", {"doc.md": "d\n"}, "By a reviewer")
    made = worked.lanes.import_branch("review")
    assert (made.lane, made.created, made.taken) == ("auth", False, 1)
    assert made.attempts[0].commit == theirs
    assert worked.files("refs/lanes/head/auth")["doc.md"] == "d"
    assert landed(worked, "auth") == [("work", "work of auth"), ("import", "By a reviewer")]
    with pytest.raises(Negative, match="lane 'auth' has all of branch 'review'"):
        worked.lanes.import_branch("review")
    if form != "squash":
        assert worked.lanes.export("auth", branch="review").commit == theirs
    assert worked.lanes.promote("auth").collisions == ()


@pytest.mark.parametrize("form", ["as-is", "linear"])
def test_the_lane_went_on_too(worked: TestRepo, form: str) -> None:
    """Both are joined by paths, and the branch goes along at the next export."""
    worked.lanes.export("auth", branch="review", form=form)
    on_branch(worked, "review", {"doc.md": "1\n"}, "One")
    on_branch(worked, "review", {"doc.md": "2\n"}, "Two")
    worked.commit("auth", {"more.py": "m\n"}, "More")
    made = worked.lanes.import_branch("review")
    assert made.taken == 2
    there = worked.files("refs/lanes/head/auth")
    assert (there["doc.md"], there["more.py"], there["auth.py"]) == ("2", "m", "lane")
    worked.lanes.export("auth", branch="review")
    assert worked.rev("review^{tree}") == worked.rev("refs/lanes/head/auth^{tree}")
    log = worked.git("log", "--first-parent", "--format=%s", "main..review").splitlines()
    if form == "linear":
        assert log == ["Two", "One", "More", "work of auth"]
    else:
        assert log == ["Merge branch 'review' into lane auth", "More", "work of auth"]
    worked.fsck()


@pytest.mark.parametrize("form", ["as-is", "linear"])
def test_both_touched_a_path(worked: TestRepo, form: str, cli: Cli) -> None:
    """The path is told with both sides, and nothing moved."""
    worked.lanes.export("auth", branch="review", form=form)
    on_branch(worked, "review", {"doc.md": "theirs\n"}, "Theirs")
    worked.commit("auth", {"doc.md": "ours\n"}, "Ours")
    before = worked.refs()
    with pytest.raises(Collision, match="both went on, and touched 1 path") as caught:
        worked.lanes.import_branch("review")
    (path,) = caught.value.data["collisions"]
    assert (path["path"], path["target"]["attempt"]) == ("doc.md", "auth/2")
    assert cli("import", "review").code == 1
    assert worked.refs() == before


@pytest.mark.parametrize("form", ["as-is", "linear"])
def test_what_a_reviewer_merged_of_main(worked: TestRepo, form: str) -> None:
    """It is main's, whatever the lane made of it: no collision, and never taken back."""
    worked.lanes.export("auth", branch="review", form=form)
    worked.save({"src/app.py": "main 1\n"})
    worked.lanes.import_branch("main")
    worked.git("switch", "--quiet", "review")
    worked.git("merge", "--quiet", "--no-edit", "main")
    worked.save({"src/app.py": "review\n"}, "Mend app")
    worked.git("switch", "--quiet", "main")
    worked.commit("auth", {"more.py": "m\n"}, "More")
    assert worked.lanes.import_branch("review").taken == 2
    worked.save({"later.py": "l\n"})
    done = worked.lanes.promote("auth")
    assert done.source_only == (b"auth.py", b"more.py", b"src/app.py")
    assert worked.files("main")["src/app.py"] == "review"


def test_an_imported_branch(repo: TestRepo) -> None:
    """The lane made of it has work of its own, the branch went on: one merge has both."""
    repo.git("branch", "feature/x")
    on_branch(repo, "feature/x", {"x.py": "1\n"}, "One")
    repo.lanes.import_branch("feature/x")
    repo.lanes.put_file("feature-x", "own.py", b"o\n", message="Own")
    theirs = on_branch(repo, "feature/x", {"x.py": "2\n"}, "Two")
    repo.lanes.import_branch("feature/x")
    head = repo.lanes.head("feature-x")
    assert repo.git("log", "-1", "--format=%P", head).split()[1] == theirs
    assert {"own.py", "x.py"} <= repo.files(head).keys()
    on_branch(repo, "feature/x", {"x.py": "3\n"}, "Three")
    assert [x.title for x in repo.lanes.import_branch("feature/x").attempts] == ["Three"]
    assert repo.lanes.export("feature-x", branch="feature/x").commit == repo.rev("feature/x")
    assert repo.files("feature/x")["x.py"] == "3"


def test_a_rewritten_branch(worked: TestRepo) -> None:
    """Below the lane's own work nothing is guessed: it comes in as another lane."""
    worked.lanes.export("auth", branch="review", form="linear")
    worked.git("branch", "--force", "review", "main")
    on_branch(worked, "review", {"doc.md": "d\n"}, "Anew")
    with pytest.raises(Refused, match="it does not stand on what was exported to it any more"):
        worked.lanes.import_branch("review")
    assert worked.lanes.import_branch("review", lane="anew").created
    worked.git("branch", "feature")
    on_branch(worked, "feature", {"f.py": "1\n"}, "One")
    worked.lanes.import_branch("feature")
    worked.lanes.put_file("feature", "own.py", b"o\n", message="Own")
    worked.git("branch", "--force", "feature", "main")
    on_branch(worked, "feature", {"f.py": "2\n"}, "Two")
    with pytest.raises(Refused, match="it does not stand on what lane 'feature' built on any more"):
        worked.lanes.import_branch("feature")


def test_the_first_lane_itself(make_repo: Callable[..., TestRepo]) -> None:
    """A lane that is bound to no branch takes in what came to its export."""
    repo = make_repo()
    repo.lanes.unbind("main")
    repo.lanes.put_file("main", "own.py", b"o\n", message="Own")
    repo.lanes.export("main", branch="out")
    on_branch(repo, "out", {"doc.md": "d\n"}, "Doc")
    made = repo.lanes.import_branch("out")
    assert (made.lane, made.taken, repo.lanes.lane("main").head) == ("main", 1, made.tip)
    with repo.inner() as inner:
        assert inner.view.lane("main").record.landed == {}


def test_a_branch_of_two_lanes(worked: TestRepo) -> None:
    """Which lane a branch belongs to is asked, unless one of them is named as it."""
    worked.lanes.new("other", start="auth")
    worked.lanes.export("auth", branch="review")
    worked.lanes.export("other", branch="review")
    on_branch(worked, "review", {"doc.md": "d\n"}, "Doc")
    with pytest.raises(Refused, match="branch 'review' is that of lanes auth, other"):
        worked.lanes.import_branch("review")
    assert worked.lanes.import_branch("review", lane="other").lane == "other"


def test_another_lane_s_work(worked: TestRepo) -> None:
    """What a person merged of another lane's is known to both, and lands once."""
    worked.git("branch", "feature")
    on_branch(worked, "feature", {"f.py": "1\n"}, "One")
    worked.git("switch", "--quiet", "feature")
    worked.git("merge", "--quiet", "--no-edit", "refs/lanes/head/auth")
    worked.git("switch", "--quiet", "main")
    worked.lanes.import_branch("feature")
    worked.commit("auth", {"auth.py": "later\n"})
    worked.lanes.promote("auth")
    assert worked.lanes.promote("feature").source_only == (b"f.py",)
    assert worked.files("main")["auth.py"] == "later"


acts = st.lists(
    st.tuples(
        st.sampled_from(["lane", "people", "import", "export"]),
        st.sampled_from("ab"),
        st.integers(0, 9),
    ),
    max_size=10,
)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(form=st.sampled_from(["as-is", "linear"]), history=acts)
def test_nobody_s_work_is_lost(
    environ: dict[str, str], form: str, history: list[tuple[str, str, int]]
) -> None:
    """People on the branch and an agent in the lane, in any order: in the end both have it all."""
    with tempfile.TemporaryDirectory() as place:
        repo = TestRepo.make(Path(place) / "repo", environ)
        repo.lanes.new("lane", workspace=False)
        repo.lanes.put_file("lane", "lane-a", b"first\n", message="First")
        repo.lanes.export("lane", branch="out", form=form)
        wanted = {"lane-a": "first"}
        for number, (who, name, value) in enumerate([*history, ("import", "a", 0)]):
            file, text = f"{who}-{name}", f"{number} {value}"
            if who in ("lane", "people"):
                wanted[file] = text
            if who == "lane":
                repo.lanes.put_file("lane", file, f"{text}\n".encode(), message=text)
            elif who == "people":
                on_branch(repo, "out", {file: f"{text}\n"}, text)
            elif who == "import":
                _try(lambda: repo.lanes.import_branch("out"))
            else:
                _try(lambda: repo.lanes.export("lane", branch="out"))
        repo.lanes.export("lane", branch="out")
        for revision in ("out", "refs/lanes/head/lane"):
            there = repo.files(revision)
            assert {x: there[x] for x in there if x.startswith(("lane", "people"))} == wanted
        repo.fsck()
        repo.close()


def _try(act: Callable[[], object]) -> None:
    """Do what has nothing to do, or has to wait for an import, at times."""
    try:
        act()
    except (Negative, Refused):
        return
