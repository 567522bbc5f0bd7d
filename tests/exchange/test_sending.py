"""Exported branches beside others: remotes', those of other clones, those of lanes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import Refused
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


@pytest.fixture
def worked(repo: TestRepo) -> TestRepo:
    """A lane with an accepted attempt."""
    repo.lane("auth", {"auth.py": "1\n"})
    return repo


@pytest.fixture
def server(worked: TestRepo, tmp_path: Path) -> Path:
    """A bare repository that is the remote 'origin'."""
    place = tmp_path / "server.git"
    worked.git("init", "--quiet", "--bare", str(place))
    worked.git("remote", "add", "origin", str(place))
    return place


def test_branches_that_are_not_here(worked: TestRepo, tmp_path: Path) -> None:
    """One that somebody deleted does not come back, one in another repository is not made here."""
    worked.git("config", "lanes.autoExport", "true")
    other = TestRepo.make(tmp_path / "other", worked.environ, adopted=False)
    worked.lanes.export("auth", branch="gone", form="linear")
    worked.git("branch", "--quiet", "-D", "gone")
    worked.lanes.export("auth", branch="elsewhere", repository=other.path)
    worked.lane("top", {"top.py": "t\n"})
    with worked.open() as lanes:
        lanes.promote("top", into="auth")
        assert not lanes.take_warnings()
    assert {"refs/heads/gone", "refs/heads/elsewhere"}.isdisjoint(worked.refs())


@pytest.mark.parametrize("form", ["as-is", "linear"])
def test_the_branch_of_a_lane(worked: TestRepo, form: str) -> None:
    """What lands on a lane lands by promotion: its branch is not moved under it by an export."""
    worked.git("switch", "--quiet", "--create", "elsewhere")
    before = worked.refs()
    with pytest.raises(Refused, match="lane 'main' is bound to branch 'main'"):
        worked.lanes.export("auth", branch="main", form=form)
    assert worked.refs() == before
    worked.lane("mine", {"mine.py": "m\n"})
    worked.lanes.bind("mine", "feature")
    worked.lanes.export("mine", branch="feature")
    worked.git("branch", "--quiet", "--force", "feature", "main")
    with pytest.raises(Refused, match="lane 'mine' is bound to branch 'feature'"):
        worked.lanes.export("mine", branch="feature", form="linear")
    worked.lanes.export("mine", branch="feature", form="as-is")
    assert worked.rev("feature") == worked.lanes.head("mine")


def test_a_renamed_lane(worked: TestRepo) -> None:
    """What was exported keeps its commits; only what comes after has the new name."""
    before = worked.lanes.export("auth", branch="out", form="linear").commits
    worked.lanes.rename("auth", "login")
    assert worked.lanes.export("login", branch="out").commits == before
    worked.commit("login", {"more.py": "m\n"})
    assert worked.lanes.export("login", branch="out").commits[:1] == before
    names = worked.git("log", "--format=%(trailers:key=Lane,valueonly)", "main..out").split()
    assert names == ["login", "auth"]


def test_pushed_elsewhere_than_fetched(worked: TestRepo, server: Path, tmp_path: Path) -> None:
    """Where pushes go to a fork, what is there counts, and not what the remote has."""
    fork = tmp_path / "fork.git"
    worked.git("init", "--quiet", "--bare", str(fork))
    worked.git("config", "remote.origin.pushUrl", str(fork))
    worked.lanes.export("auth", branch="out", push="origin")
    worked.commit("auth", {"more.py": "m\n"})
    made = worked.lanes.export("auth", branch="out", push="origin")
    assert worked.git("rev-parse", "out", cwd=fork) == made.commit
    assert worked.git("for-each-ref", cwd=server) == ""


def test_pushed_after_many_rewrites(worked: TestRepo, server: Path) -> None:
    """Wherever an export left the branch, be that long ago, it may be taken along."""
    worked.lanes.export("auth", branch="out", form="linear", push="origin")
    for number in range(10):
        worked.write({"auth.py": f"{number}\n"}, worked.workspace("auth"))
        worked.lanes.amend("auth")
        worked.lanes.export("auth", branch="out")
    made = worked.lanes.export("auth", branch="out", push="origin")
    assert worked.git("rev-parse", "out", cwd=server) == made.commit
    worked.lane("other", {"other.py": "o\n"})
    with pytest.raises(Refused, match="has commits that the lane has not"):
        worked.lanes.export("other", branch="out", repository=server)


@pytest.mark.parametrize(
    ("name", "code", "said"),
    [("", 129, "empty remote name"), ("elsewhere", 128, "remote 'elsewhere' not found")],
)
def test_no_such_remote(
    worked: TestRepo, server: Path, cli: Cli, name: str, code: int, said: str
) -> None:
    """A name that is empty, as of a variable not set, is no wish for the usual remote."""
    before = worked.refs()
    ran = cli("export", "auth", "--branch", "out", "--push", name)
    assert (ran.code, ran.err.split("\n")[0]) == (code, f"error: {said}")
    assert worked.refs() == before
    assert worked.git("for-each-ref", cwd=server) == ""
    assert cli("push", name).code == code
