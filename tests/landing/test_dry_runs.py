"""A dry run says what the promotion would, refusals included."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlanes import NotFound, Raced
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


@pytest.mark.parametrize("dry", [False, True])
def test_it_refuses_what_the_promotion_would(repo: TestRepo, dry: bool) -> None:
    """A forced path that does not collide, and a target that is elsewhere."""
    repo.work("auth", {"auth.py": "new\n"})
    with pytest.raises(NotFound, match="collision on 'nope'"):
        repo.lanes.promote("auth", force=["nope"], dry_run=dry)
    with pytest.raises(Raced):
        repo.lanes.promote("auth", expect="0000000", dry_run=dry)


def test_what_is_forced_counts(repo: TestRepo, cli: Cli) -> None:
    """The files that would land include those that overwrite others'."""
    repo.work("auth", {"auth.py": "one\n"})
    repo.work("login", {"auth.py": "two\n", "login.py": "two\n"})
    repo.lanes.promote("auth")
    said = cli("promote", "login", "--force", "auth.py", "--dry-run").out
    assert said == "login would land on main: 2 files\n"


def test_commits_that_stay_behind_are_told(repo: TestRepo, cli: Cli) -> None:
    """An agent's own commits that nobody proposed do not land, and a word says so."""
    place = repo.lane("auth", {"auth.py": "one\n"})
    assert "stay behind" not in cli("promote", "auth", "--dry-run").err
    repo.write({"auth.py": "two\n"}, place)
    repo.git("commit", "--quiet", "--all", "--message=own", cwd=place)
    assert "were not proposed: they stay behind" in cli("promote", "auth").err
    assert repo.files("main")["auth.py"] == "one"


@pytest.mark.parametrize("far", ["", "~1"])
def test_what_people_merged_by_hand_is_no_news(repo: TestRepo, cli: Cli, far: str) -> None:
    """Before the lane of the branch knows of it, too: all of a lane, or what was there then."""
    repo.work("auth", {"a.py": "1\n"})
    repo.commit("auth", {"b.py": "1\n"})
    repo.git("merge", "--quiet", "--no-ff", f"refs/lanes/head/auth{far}")
    told = cli("check", "auth").out
    wanted = "auth would land on main: 1 file\n" if far else "auth has nothing new for main\n"
    assert told == wanted
    assert cli("promote", "auth", "--dry-run").out == wanted
    assert cli("promote", "auth").code == (0 if far else 1)
