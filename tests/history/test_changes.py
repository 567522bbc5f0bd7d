"""Changes: listed, and found by any commit that they ever were."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlanes import BadValue, Negative, NotFound
from tests.support import host
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def change_of(repo: TestRepo, attempt: str) -> str:
    """Return an attempt's Change-Id."""
    return str(repo.lanes.show(attempt).attempts[0].attempt.change_id)


def test_through_retries(repo: TestRepo) -> None:
    """A change has all its attempts, newest first, and is as far as the best of them."""
    repo.lane("auth")
    repo.propose("auth", {"auth.py": "1\n"})
    repo.lanes.reject("auth/1")
    (change,) = repo.lanes.change("auth/1")
    assert (change.status, [x.attempt.id for x in change.attempts]) == ("rejected", ["auth/1"])
    repo.commit("auth", {"auth.py": "2\n"})
    (change,) = repo.lanes.change(change.change_id[:9])
    assert (change.status, [x.attempt.id for x in change.attempts]) == (
        "accepted",
        ["auth/2", "auth/1"],
    )
    repo.lanes.promote("auth")
    (change,) = repo.lanes.change("auth/2")
    assert (change.status, [x.attempt.id for x in change.landings]) == ("landed", ["main/1"])


def test_by_any_commit(repo: TestRepo) -> None:
    """Commits of an agent's own, amended attempts and replays all lead to their change."""
    place = repo.lane("auth")
    repo.write({"auth.py": "1\n"}, place)
    repo.git("commit", "--quiet", "--all", "--message=mine", cwd=place)
    own = repo.git("rev-parse", "HEAD", cwd=place)
    repo.commit("auth", {"auth.py": "2\n"})
    change = change_of(repo, "auth/1")
    first = repo.rev("refs/lanes/head/auth")
    repo.write({"auth.py": "3\n"}, place)
    repo.lanes.amend("auth", of="auth/1")
    repo.lanes.promote("auth", mode="replay")
    for commit in (own, first, repo.rev("refs/lanes/head/auth"), repo.rev("main")):
        assert [x.change_id for x in repo.lanes.change(commit)] == [change]


def test_of_a_host_s_squash(repo: TestRepo, cli: Cli) -> None:
    """The commit that a host made leads to all changes in it, and they to the commit."""
    for number in (1, 2):
        repo.lane("auth") if number == 1 else None
        repo.commit("auth", {f"{number}.py": "x\n"})
    repo.lanes.export("auth", branch="review")
    commit = host.squash(repo, "review", "Title")
    repo.lanes.reconcile()
    found = repo.lanes.change(commit)
    assert {x.change_id for x in found} == {change_of(repo, x) for x in ("auth/1", "auth/2")}
    assert {(x.status, x.reached[0].into, x.reached[0].match.commit) for x in found} == {
        ("landed", "main", commit)
    }
    said = cli("change", "show", "auth/2").out
    assert f"  is {commit[:12]} in main by tree, squashed\n" in said


def test_what_is_none(repo: TestRepo, cli: Cli) -> None:
    """A commit of nobody's change, and an id that fits none or two, are not found."""
    with pytest.raises(NotFound, match="change 'main'"):
        repo.lanes.change("main")
    assert cli("change", "show", "I0000") == Ran(
        128, "", "error: change 'I0000' not found\nhint: see 'git lanes history'\n"
    )


def test_the_list(repo: TestRepo, cli: Cli) -> None:
    """Each change once, by its newest attempt; a lane's alone, and at most so many."""
    repo.lane("auth")
    repo.propose("auth", {"auth.py": "1\n"}, message="log in")
    repo.lanes.reject("auth/1")
    repo.lane("docs", {"a.md": "1\n"})
    repo.write({"auth.py": "2\n"}, repo.workspace("auth"))
    repo.lanes.propose("auth", message="log in better")
    one, two = (change_of(repo, x)[:13] for x in ("auth/2", "docs/1"))
    assert cli("changes", "list").out == (
        "CHANGE         ATTEMPT  STATUS    TITLE\n"
        f"{one}  auth/2   proposed  log in better\n"
        f"{two}  docs/1   accepted  work of docs\n"
    )
    assert [x.attempt for x in repo.lanes.changes("docs").changes] == ["docs/1"]
    assert [x.attempt for x in repo.lanes.changes(limit=1).changes] == ["auth/2"]


def test_through_rewrites(repo: TestRepo, cli: Cli) -> None:
    """What git rewrote, and what somebody told of, leads to the change from either end."""
    repo.work("auth", {"auth.py": "1\n"})
    repo.lanes.export("auth", branch="mine")
    old = repo.rev("mine")
    repo.git("switch", "--quiet", "mine")
    new = repo.save({"split.py": "s\n"}, "no id")
    repo.lanes.record_rewrites([(old, new)], "amend")
    change = change_of(repo, "auth/1")
    assert [x.change_id for x in repo.lanes.change(new)] == [change]
    more = repo.save({"other.py": "o\n"}, "no id either")
    ran = cli("change", "record", "--split", "auth/1", new, more)
    assert ran == Ran(0, f"{old[:12]} became {more[:12]}\n", "")
    (found,) = repo.lanes.change(more)
    assert (found.change_id, {x.new for x in found.rewrites}) == (change, {new, more})
    assert f"  {old[:12]} became {more[:12]}\n" in cli("change", "show", more).out


@pytest.mark.parametrize(("kind", "count"), [("squash", 3), ("drop", 2)])
def test_what_git_cannot_tell(repo: TestRepo, kind: str, count: int) -> None:
    """A squash makes one of several, a drop nothing; told again there is nothing to record."""
    repo.work("auth", {"auth.py": "1\n"})
    repo.commit("auth", {"auth.py": "2\n"})
    commits = ["auth/1", "auth/2", repo.save({"squash.py": "s\n"})][:count]
    (lane,) = repo.lanes.record_change(kind, *commits).lanes
    heads = [repo.lanes.show(x).attempts[0].attempt.commit for x in ("auth/1", "auth/2")]
    new = repo.rev("main") if kind == "squash" else None
    assert [(x.old, x.new, x.squash) for x in lane.commits] == [
        (x, new, kind == "squash") for x in heads
    ]
    with pytest.raises(Negative, match="nothing to record"):
        repo.lanes.record_change(kind, *commits)
    with pytest.raises(BadValue, match="too few commits"):
        repo.lanes.record_change("squash", "auth/1")
    with pytest.raises(Negative, match="no attempt is concerned"):
        repo.lanes.record_change("drop", "main")
