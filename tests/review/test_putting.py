"""Files put into a lane without a workspace."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlanes import (
    BadValue,
    BudgetExceeded,
    Collision,
    Cost,
    GateFailed,
    Intent,
    Limits,
    NotFound,
    NothingToPropose,
    Raced,
    Refused,
)
from tests.support.gates import gate, set_gates
from tests.support.repos import TestRepo


def test_a_file_is_put_without_a_workspace(make_repo: Callable[..., TestRepo]) -> None:
    """An attempt with intent and cost, in a bare repository; modes stay, deletion works."""
    repo = make_repo(bare=True)
    lanes = repo.lanes
    lanes.new("docs", workspace=False)
    said = {"intent": Intent(prompt="Say hello", agent="w"), "cost": Cost(input_tokens=7)}
    made = lanes.put_file("docs", "a/b/hello.md", b"hello\r\n", **said)  # type: ignore[arg-type]
    assert (made.attempt.status, made.attempt.title, made.attempt.whole) == (
        "accepted",
        "Say hello",
        False,
    )
    assert lanes.cat("docs", "a/b/hello.md") == b"hello\r\n"
    assert lanes.cost(lanes=["docs"]).total["input_tokens"] == 7
    assert lanes.put_file("docs", "auth.py", None).attempt.title == "Put auth.py"
    assert sorted(repo.files("refs/lanes/head/docs")) == ["a/b/hello.md", "src/app.py"]
    with pytest.raises(NothingToPropose, match="lane 'docs' has this content already"):
        lanes.put_file("docs", "src/app.py", b"app\n")
    with pytest.raises(NotFound, match=r"file 'auth\.py' not found"):
        lanes.put_file("docs", "auth.py", None)
    with pytest.raises(Raced):
        lanes.put_file("docs", "x", b"x", expect="0" * 40)
    repo.fsck()


@pytest.mark.parametrize(
    "path",
    [
        *("", "/etc/passwd", "../x", "a/../b", "a//b", "a/", ".git/hooks/x", "A/.GIT/config"),
        *(".git /x", "git~1/x", ".g\u200cit/config", ".git::$INDEX_ALLOCATION/x", "a\0b", "."),
    ],
)
def test_a_path_that_git_would_not_check_out(repo: TestRepo, path: str) -> None:
    """Paths outside, or into what a file system takes for git's own directory, are refused."""
    before = repo.refs()
    with pytest.raises(BadValue):
        repo.lanes.put_file("main", path, b"x")
    assert repo.refs() == before


def test_what_no_file_can_be_put_over(repo: TestRepo) -> None:
    """A link, a directory, a file as a directory, and too large a content are refused."""
    (repo.path / "link").symlink_to("auth.py")
    repo.git("add", "link")
    repo.git("commit", "--quiet", "--message=link")
    repo.lanes.lanes()
    repo.git("config", "lanes.maxBlobSize", "10")
    repo.lanes.new("x", workspace=False, start="HEAD")
    for path in ("link", "src"):
        with pytest.raises(Refused, match="no ordinary file"):
            repo.lanes.put_file("x", path, b"x")
    with pytest.raises(BadValue, match="a file and a directory at once"):
        repo.lanes.put_file("x", "auth.py/inside", b"x")
    with pytest.raises(Refused, match="'big' has 11 bytes, more than 10") as caught:
        repo.open().put_file("x", "big", b"x" * 11)
    assert caught.value.data["too_large"] == ["big"]


def test_a_workspace_stays_as_it_is(repo: TestRepo) -> None:
    """Work in the workspace lands beside what was put; on the same path the two collide."""
    place = repo.lane("auth")
    repo.write({"mine.txt": "mine\n"}, place)
    repo.lanes.put_file("auth", "put.txt", b"put\n")
    assert not (place / "put.txt").exists()
    assert (place / "mine.txt").read_text() == "mine\n"
    assert repo.lanes.commit("auth", message="mine").attempt.status == "accepted"
    assert {"put.txt", "mine.txt"} <= set(repo.files("refs/lanes/head/auth"))
    repo.lanes.update_workspace("auth")
    assert (place / "put.txt").read_text() == "put\n"
    repo.lanes.put_file("auth", "put.txt", b"again\n")
    repo.write({"put.txt": "edited\n"}, place)
    with pytest.raises(Collision):
        repo.lanes.commit("auth", message="edited")


def test_the_branch_and_its_files_follow(repo: TestRepo) -> None:
    """Put into the adopted lane, a file is on the branch and on disk; commits of people stay."""
    own = repo.save({"people.txt": "p\n"})
    made = repo.lanes.put_file("main", "plan.json", b"{}\n")
    assert made.followed is True
    assert (repo.path / "plan.json").read_text() == "{}\n"
    assert repo.git("log", "--format=%H", "main").splitlines()[1] == own
    assert repo.git("status", "--porcelain") == ""


def test_it_goes_through_gates_and_budgets(repo: TestRepo) -> None:
    """A gate's no rejects it with the verdict, an open one can be judged, a budget refuses."""
    set_gates(repo, gate("no-bad", "! grep -rn BAD --include=*.py ."))
    repo.lanes.new("auth", workspace=False)
    with pytest.raises(GateFailed):
        repo.lanes.put_file("auth", "a.py", b"BAD\n")
    told = repo.lanes.show("auth/1").attempts[0]
    assert told.attempt.status == "rejected"
    assert {x["name"] for x in told.notes.evaluations} == {"decision", "no-bad"}
    change = told.attempt.change_id
    made = repo.lanes.put_file("auth", "a.py", b"fine\n", accept=False, change=change)
    assert (made.attempt.open, made.attempt.change_id) == (True, change)
    assert repo.lanes.accept("auth/2").attempt.status == "accepted"
    repo.lanes.set_budget("auth", Limits(output_tokens=5))
    repo.lanes.put_file("auth", "b.py", b"b\n", cost=Cost(output_tokens=5))
    with pytest.raises(BudgetExceeded):
        repo.lanes.put_file("auth", "c.py", b"c\n")
