"""Binding a lane to a branch, and letting them part."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import Raced, Refused
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def agreed(repo: TestRepo, lane: str, branch: str) -> bool:
    """Say whether lane, branch and what was seen of it are one commit."""
    names = (f"refs/lanes/head/{lane}", f"refs/lanes/seen/{lane}", f"refs/heads/{branch}")
    return len({repo.rev(x) for x in names}) == 1


def test_a_branch_that_does_not_exist_is_made(repo: TestRepo, cli: Cli) -> None:
    """It is made at the lane's head, and goes along with what is committed in the workspace."""
    place = repo.lane("auth", {"auth.py": "1\n"})
    head = repo.rev("refs/lanes/head/auth")
    assert cli("bind", "auth", "feature") == Ran(
        0, f"lane auth is bound to branch feature, at {head[:12]}\nmade branch feature\n", ""
    )
    assert agreed(repo, "auth", "feature")
    repo.write({"auth.py": "2\n"}, place)
    assert cli("commit", "-m", "more", cwd=place).code == 0
    assert agreed(repo, "auth", "feature")
    assert repo.files("feature")["auth.py"] == "2"
    assert repo.git("status", "--porcelain", cwd=place) == ""


def test_a_branch_ahead_is_taken_in(repo: TestRepo, cli: Cli) -> None:
    """Commits of the branch become an attempt of the lane."""
    repo.work("auth")
    repo.git("switch", "--quiet", "--create", "feature")
    tip = repo.save({"people.txt": "1\n"}, "by people")
    assert cli("bind", "auth", "feature") == Ran(
        0,
        f"lane auth is bound to branch feature, at {tip[:12]}\ntook in the branch's commits\n",
        "",
    )
    assert agreed(repo, "auth", "feature")
    told = repo.lanes.history("auth").attempts[0].attempt
    assert (told.kind, told.status, told.title) == ("import", "accepted", "by people")


def test_a_branch_behind_is_brought_along(repo: TestRepo) -> None:
    """A branch that the lane has wholly is fast-forwarded."""
    repo.git("branch", "feature")
    repo.work("auth", {"auth.py": "1\n"})
    made = repo.lanes.bind("auth", "feature")
    assert (made.created, made.imported, made.following.followed if made.following else None) == (
        False,
        False,
        True,
    )
    assert agreed(repo, "auth", "feature")


def test_both_went_on(repo: TestRepo, cli: Cli) -> None:
    """Then nothing moves, and joining them first is the way out."""
    repo.work("auth", {"auth.py": "1\n"})
    repo.git("switch", "--quiet", "--create", "feature")
    repo.save({"people.txt": "1\n"})
    before = repo.refs()
    assert cli("bind", "auth", "feature") == Ran(
        128,
        "",
        "error: branch 'feature' and lane 'auth' both have commits that the other has not\n"
        "hint: join them first: 'git merge refs/lanes/head/auth' or "
        "'git rebase refs/lanes/head/auth' on the branch\n",
    )
    assert repo.refs() == before
    repo.git("merge", "--quiet", "--no-edit", "refs/lanes/head/auth")
    assert cli("bind", "auth", "feature").code == 0
    assert agreed(repo, "auth", "feature")


def test_a_branch_of_another_lane(repo: TestRepo, cli: Cli) -> None:
    """A branch is one lane's."""
    repo.work("auth")
    assert cli("bind", "auth", "main") == Ran(
        128,
        "",
        "error: lane 'main' is bound to branch 'main'\n"
        "hint: let them part first with 'git lanes bind main --unset'\n",
    )


@pytest.mark.parametrize(("there", "wanted"), [("topic/one", "topic"), ("topic", "topic/one")])
def test_a_branch_where_another_is_a_directory(
    repo: TestRepo, cli: Cli, there: str, wanted: str
) -> None:
    """Where git has no place for the branch, the lane stays as it was."""
    repo.work("auth")
    repo.git("branch", there)
    assert cli("bind", "auth", wanted) == Ran(
        128,
        "",
        f"error: branch '{there}' is in the way of branch '{wanted}'\nhint: choose another name\n",
    )
    assert repo.lanes.lane("auth").branch is None


def test_bound_again(repo: TestRepo, cli: Cli) -> None:
    """Bound to the same branch nothing is written; to another one it changes over."""
    repo.work("auth")
    cli("bind", "auth", "one")
    before = repo.refs()
    assert cli("bind", "auth", "one").code == 0
    assert repo.refs() == before
    assert cli("bind", "auth", "two").code == 0
    assert repo.lanes.lane("auth").branch == "two"
    assert agreed(repo, "auth", "two")
    assert repo.rev("one") == before["refs/heads/one"]


def test_they_part(repo: TestRepo, cli: Cli) -> None:
    """Both stay where they are, and go on apart; what was agreed on is forgotten."""
    repo.lane("auth", {"auth.py": "1\n"})
    assert cli("bind", "--unset", "main") == Ran(0, "lane main and branch main are apart\n", "")
    assert "refs/lanes/seen/main" not in repo.refs()
    tip = repo.rev("main")
    repo.lanes.promote("auth")
    assert repo.rev("main") == tip
    assert repo.lanes.status().findings == ()
    assert cli("bind", "--unset", "main") == Ran(
        1, "", "error: lane 'main' is not bound\nhint: see 'git lanes show main'\n"
    )
    assert cli("bind", "main", "main").code == 0
    assert agreed(repo, "main", "main")
    assert (repo.path / "auth.py").read_text() == "1\n"


def test_the_present_lane(repo: TestRepo, cli: Cli) -> None:
    """Inside a workspace its lane need not be named."""
    place = repo.lane("auth")
    assert cli("bind", "feature", cwd=place).code == 0
    assert repo.lanes.lane("auth").branch == "feature"
    assert cli("bind", "--unset", cwd=place).code == 0
    assert repo.lanes.lane("auth").branch is None


def test_arguments(cli: Cli) -> None:
    """Neither too few nor too many."""
    assert cli("bind") == Ran(
        129, "", "error: missing argument 'BRANCH'\nhint: see 'git lanes bind -h'\n"
    )
    assert cli("bind", "auth", "x", "--unset").err.startswith("error: --unset takes no branch\n")
    assert (
        cli("bind", "auth", "x").err == "error: lane 'auth' not found\nhint: see 'git lanes list'\n"
    )


def test_a_detached_head_is_bound_later(make_repo: Callable[..., TestRepo], cli: Cli) -> None:
    """`init` on a detached HEAD names the command, which makes the root the lane's again."""
    repo = make_repo(adopted=False, name="detached")
    repo.git("switch", "--quiet", "--detach")
    done = cli("init", cwd=repo.path)
    assert done.err == (
        "hint: HEAD is detached, so no branch follows the lane; on a branch, run "
        "'git lanes bind main BRANCH'\n"
    )
    repo.git("switch", "--quiet", "main")
    repo.save({"people.txt": "1\n"})
    assert cli("bind", "main", "main", cwd=repo.path).code == 0
    repo.write({"root.txt": "1\n"})
    assert cli("commit", "-m", "root", cwd=repo.path).code == 0
    assert agreed(repo, "main", "main")
    assert repo.git("status", "--porcelain") == ""


def test_expect(repo: TestRepo) -> None:
    """With a head that is not the lane's any more, nothing moves."""
    repo.work("auth", {"auth.py": "1\n"})
    before = repo.refs()
    stale = repo.rev("main")
    with pytest.raises(Raced):
        repo.lanes.bind("auth", "feature", expect=stale)
    with pytest.raises(Raced):
        repo.lanes.unbind("main", expect=repo.rev("refs/lanes/head/auth"))
    assert repo.refs() == before


def test_an_archived_lane(repo: TestRepo) -> None:
    """A lane that takes no work takes no branch."""
    repo.work("auth")
    repo.lanes.archive("auth")
    with pytest.raises(Refused, match="archived"):
        repo.lanes.bind("auth", "feature")


def test_people_commit_on_the_branch_of_a_lane(repo: TestRepo, tmp_path: Path) -> None:
    """Commits of people and of the workspace meet in the lane, whoever comes first."""
    place = repo.lane("auth")
    repo.lanes.bind("auth", "feature")
    theirs = tmp_path / "theirs"
    repo.git("worktree", "add", "--quiet", str(theirs), "feature")
    repo.write({"people.txt": "1\n"}, theirs)
    repo.git("add", "--all", cwd=theirs)
    repo.git("commit", "--quiet", "--message=people", cwd=theirs)
    repo.write({"agent.txt": "1\n"}, place)
    following = repo.lanes.commit("auth").following
    assert following is not None
    assert following.remains == f"the branch is checked out in '{theirs}'"
    assert repo.files("refs/lanes/head/auth").keys() >= {"people.txt", "agent.txt"}
    repo.git("merge", "--quiet", "--ff-only", "refs/lanes/head/auth", cwd=theirs)
    repo.lanes.promote("auth")
    assert repo.files("main").keys() >= {"people.txt", "agent.txt"}


BAD_BRANCHES = {
    **dict.fromkeys(
        ("", "-x", "a..b", "@{-1}", "a b", "a.lock", "x\x1b[31m"),
        "see 'git help check-ref-format'",
    ),
    "x" * 251: "use at most 250 bytes between slashes",
    "a/" + "x" * 300: "use at most 250 bytes between slashes",
    "ü" * 126: "use at most 250 bytes between slashes",
    "refs/heads/x": "leave out 'refs/heads/'",
}


@pytest.mark.parametrize("name", BAD_BRANCHES)
@pytest.mark.parametrize("command", [("bind", "--", "auth"), ("export", "auth", "--branch")])
def test_a_name_that_no_branch_can_have(
    repo: TestRepo, cli: Cli, command: tuple[str, ...], name: str
) -> None:
    """It is refused with what is wrong with it, and every command after it works."""
    repo.work("auth")
    before = repo.refs()
    shown = (name if len(name) <= 60 else name[:57] + "...").replace("\x1b", "\\x1b")
    assert cli(*command, name) == Ran(
        129, "", f"error: bad branch name '{shown}'\nhint: {BAD_BRANCHES[name]}\n"
    )
    assert repo.refs() == before
    assert cli("status").code == 0


@pytest.mark.parametrize("name", ["x" * 250, "\udcffb", "ünï"])
def test_odd_names_of_branches(repo: TestRepo, cli: Cli, name: str) -> None:
    """Any name that git can make a branch of works, bytes that are no text, too."""
    place = repo.lane("auth", {"auth.py": "1\n"})
    assert cli("export", "auth", "--branch", f"{name}/e").code == 0
    assert cli("bind", "auth", f"{name}/b").code == 0
    repo.write({"auth.py": "2\n"}, place)
    assert cli("commit", "-m", "more", cwd=place).code == 0
    assert agreed(repo, "auth", f"{name}/b")
    assert cli("show", "auth", "--json").json["lane"]["branch"] == f"{name}/b"


def test_a_repository_on_a_branch_that_is_no_text(make_repo: Callable[..., TestRepo]) -> None:
    """Such a branch is adopted, followed and taken in as any other."""
    repo = make_repo(adopted=False)
    repo.git("switch", "--quiet", "--create", "br\udcff")
    repo.lanes.init()
    repo.commit(repo.lanes.new("auth").lane.name, {"auth.py": "1\n"})
    following = repo.lanes.promote("auth").following
    assert following
    assert following.followed
    assert agreed(repo, "main", "br\udcff")


@pytest.mark.parametrize("verb", ["archive", "delete"])
def test_a_bound_lane_stays(repo: TestRepo, verb: str) -> None:
    """Its branch would be nobody's: it is set free first, as the hint says."""
    repo.lane("auth", {"auth.py": "1\n"})
    repo.lanes.bind("auth", "feature")
    way = repo.lanes.archive if verb == "archive" else repo.lanes.delete
    with pytest.raises(Refused, match="lane 'auth' is bound to branch 'feature'") as refused:
        way("auth", force=True)
    assert refused.value.hint == "set it free first: git lanes bind auth --unset"
    repo.lanes.unbind("auth")
    way("auth", force=True)
    assert "auth" not in [x.name for x in repo.lanes.lanes().lanes]
