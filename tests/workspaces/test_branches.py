"""What status says of bound lanes and their branches; it writes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes.models.lanes import LaneFinding
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]

NEXT = "the next command that works on the lane"


def findings(repo: TestRepo) -> dict[str, LaneFinding]:
    """Return what status finds, by kind; and see that it moved nothing."""
    before = repo.refs()
    found = repo.lanes.status().findings
    assert repo.refs() == before
    return {x.kind: x for x in found}


def landed_aside(repo: TestRepo) -> None:
    """Land a lane while an edit keeps the root from following; take the edit back."""
    repo.lane("auth", {"auth.py": "landed\n"})
    repo.write({"auth.py": "mine\n"})
    repo.lanes.promote("auth")
    repo.git("checkout", "--quiet", "auth.py")


def test_agreed(repo: TestRepo) -> None:
    """Nothing is said where lane and branch agree."""
    repo.lane("auth", {"auth.py": "x\n"})
    repo.lanes.promote("auth")
    assert findings(repo) == {}


def test_ahead(repo: TestRepo) -> None:
    """People's commits that wait to be taken in."""
    repo.save({"people.txt": "1\n"})
    assert findings(repo) == {
        "branch-ahead": LaneFinding(
            "branch-ahead",
            "main",
            "branch 'main' has commits that lane 'main' has not",
            f"{NEXT} takes them in",
        )
    }


def test_behind(repo: TestRepo) -> None:
    """A branch that could not follow."""
    landed_aside(repo)
    assert findings(repo) == {
        "branch-behind": LaneFinding(
            "branch-behind",
            "main",
            "branch 'main' is behind lane 'main'",
            f"{NEXT} brings it along",
        )
    }


def test_parted(repo: TestRepo) -> None:
    """Both went on."""
    landed_aside(repo)
    repo.save({"people.txt": "1\n"})
    found = findings(repo)["branch-parted"]
    assert found.message == "branch 'main' and lane 'main' both went on"
    assert found.hint == f"{NEXT} joins them, unless both touched a path"


def test_moved_back(repo: TestRepo, cli: Cli) -> None:
    """`git reset --hard HEAD^`: the line, and the three ways out."""
    repo.lane("auth", {"auth.py": "x\n"})
    repo.lanes.promote("auth")
    repo.git("reset", "--quiet", "--hard", "HEAD^")
    assert cli("status").err == (
        "warning: branch 'main' was moved back: it has lost commits that lane 'main' has\n"
        "hint: bring them back (git reset --keep refs/lanes/head/main), drop them from the lane, "
        "too (the same, then 'git revert' each, with '-m 1' where it is a merge), or let them part "
        "(git lanes bind main --unset)\n"
    )
    assert findings(repo).keys() == {"branch-reset"}


@pytest.mark.parametrize("how", ["amend", "rebase"])
def test_rewritten(repo: TestRepo, cli: Cli, how: str) -> None:
    """An amended or rebased branch: the line, and the ways out."""
    first = repo.rev("main")
    repo.save({"people.txt": "1\n"})
    repo.lanes.new("auth")
    if how == "amend":
        repo.git("commit", "--quiet", "--amend", "--message=other")
    else:
        repo.git("reset", "--quiet", "--hard", first)
        repo.save({"else.txt": "1\n"})
    assert cli("status").err == (
        "warning: branch 'main' was rewritten: it has lost commits that lane 'main' has\n"
        "hint: lay its own on them again (git rebase refs/lanes/head/main main), drop its own "
        "(git reset --keep refs/lanes/head/main), or let them part (git lanes bind main --unset)\n"
    )
    assert findings(repo).keys() == {"branch-rewritten"}


def test_deleted(repo: TestRepo, cli: Cli) -> None:
    """A deleted branch, with the root on another one."""
    repo.git("switch", "--quiet", "--create", "other")
    repo.git("branch", "--quiet", "-D", "main")
    assert cli("status").err == (
        "warning: branch 'main' of lane 'main' was deleted\n"
        "hint: make it again (git branch main refs/lanes/head/main), or let them part "
        "(git lanes bind main --unset)\n"
        "warning: the repository's directory is on branch 'other', not on 'main'\n"
        "hint: 'git switch main' lets its files go along with lane 'main' again\n"
    )
    assert findings(repo).keys() == {"branch-missing", "root-elsewhere"}


def test_detached(repo: TestRepo) -> None:
    """The root on no branch at all."""
    repo.git("switch", "--quiet", "--detach")
    found = findings(repo)["root-elsewhere"]
    assert found.message == "the repository's directory is on no branch, not on 'main'"


@pytest.mark.parametrize("doing", ["rebase", "merge", "cherry-pick", "revert", "bisect"])
def test_in_the_middle_of_something(repo: TestRepo, cli: Cli, doing: str) -> None:
    """It is said, a landing moves no file, a commit is refused, and afterwards all goes on."""
    repo.git("switch", "--quiet", "--create", "side")
    repo.save({"auth.py": "side\n"})
    repo.git("switch", "--quiet", "main")
    repo.save({"auth.py": "people\n"})
    repo.lane("docs", {"docs.md": "1\n"})
    start = {
        "rebase": ["rebase", "side"],
        "merge": ["merge", "side"],
        "cherry-pick": ["cherry-pick", "side"],
        "revert": ["revert", "--no-edit", "HEAD~1"],
        "bisect": ["bisect", "start"],
    }[doing]
    if doing == "revert":
        repo.save({"auth.py": "more\n"})
        repo.lanes.new("late")
    repo.git(*start, check=False)
    end = "reset" if doing == "bisect" else "--abort"
    found = findings(repo)["root-busy"]
    assert found.message == f"the repository's directory is in the middle of a {doing}"
    assert found.hint == f"finish it, or run 'git {doing} {end}'"
    files = {x.name: x.read_bytes() for x in repo.path.iterdir() if x.is_file()}
    landed = cli("promote", "docs", "--json")
    assert (landed.code, landed.json["followed"]) == (0, False)
    assert {x.name: x.read_bytes() for x in repo.path.iterdir() if x.is_file()} == files
    refused = cli("commit", "main", "-m", "x")
    assert (refused.code, refused.out) == (128, "")
    assert refused.err.startswith(f"error: {found.message}\n")
    repo.git(doing, end)
    repo.write({"mine.txt": "mine\n"})
    assert cli("commit", "main", "-m", "x").code == 0
    assert findings(repo) == {}
    assert repo.files("main").keys() >= {"docs.md", "mine.txt"}


def test_checked_out_in_a_linked_work_tree(repo: TestRepo, tmp_path: Path) -> None:
    """The branch waits where it is checked out, which is named."""
    repo.git("switch", "--quiet", "--create", "aside")
    theirs = tmp_path / "their tree"
    repo.git("worktree", "add", "--quiet", str(theirs), "main")
    repo.lane("auth", {"auth.py": "x\n"})
    following = repo.lanes.promote("auth").following
    assert following is not None
    assert following.remains == f"the branch is checked out in '{theirs}'"
    found = findings(repo)
    assert found.keys() == {"branch-behind", "root-elsewhere", "branch-in-worktree"}
    assert found["branch-in-worktree"].message == f"branch 'main' is checked out in '{theirs}'"
    repo.git("merge", "--quiet", "--ff-only", "refs/lanes/head/main", cwd=theirs)
    assert findings(repo).keys() == {"root-elsewhere", "branch-in-worktree"}


def test_a_bare_repository(make_repo: Callable[..., TestRepo]) -> None:
    """There only the branch's ref is looked at."""
    repo = make_repo(bare=True)
    assert findings(repo) == {}
    repo.lane("auth", {"auth.py": "x\n"})
    repo.lanes.promote("auth")
    assert findings(repo) == {}
    repo.git("update-ref", "refs/heads/main", "refs/heads/main^")
    assert findings(repo).keys() == {"branch-reset"}
