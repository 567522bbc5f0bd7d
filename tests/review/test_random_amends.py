"""Random stacks, amended at random: `git cherry-pick` says what the later ones become."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from gitlanes import Collision
from tests.review.test_decisions import attempt
from tests.support.amounts import many
from tests.support.repos import TestRepo

PATHS = ("a", "b", "d/c", "d/e/f", "g")
START = {"a": "a at first\n", "d/c": "c at first\n"}
Edits = dict[str, str | None]

contents = st.one_of(st.none(), st.integers(0, 3).map(lambda x: f"version {x}\n"))
edits = st.dictionaries(st.sampled_from(PATHS), contents, min_size=1, max_size=3)
stacks = st.lists(edits, min_size=1, max_size=5)


@contextmanager
def scratch() -> Iterator[TestRepo]:
    """Make a repository that goes at the end."""
    with tempfile.TemporaryDirectory(prefix="amends-") as directory:
        home = Path(directory)
        config = home / "gitconfig"
        config.write_text("[user]\nname = T\nemail = t@example.com\n[gc]\nauto = 0\n")
        environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        environ |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": str(config), "HOME": str(home)}
        repo = TestRepo.make(home / "repo", environ, dict(START))
        try:
            yield repo
        finally:
            repo.close()


def effective(files: dict[str, str], wanted: Edits) -> Edits:
    """Return what of some edits changes anything."""
    return {path: text for path, text in wanted.items() if files.get(path) != text}


def applied(files: dict[str, str], wanted: Edits) -> dict[str, str]:
    """Return a listing after some edits."""
    after = {**files, **{path: text for path, text in wanted.items() if text is not None}}
    return {path: text for path, text in after.items() if wanted.get(path, "") is not None}


def picked(repo: TestRepo, commits: list[str], at: int, wanted: Edits) -> list[str]:
    """Return the trees that git makes of commit `at` with the edits, and of those after it."""
    place = repo.path.with_name("oracle")
    repo.git("worktree", "add", "--quiet", "--detach", str(place), commits[at])
    repo.write(wanted, place)
    repo.git("add", "--all", cwd=place)
    repo.git("commit", "--quiet", "--amend", "--allow-empty", "--no-edit", cwd=place)
    trees = [repo.git("rev-parse", "HEAD^{tree}", cwd=place)]
    for commit in commits[at + 1 :]:
        repo.git("cherry-pick", "--allow-empty", "--keep-redundant-commits", commit, cwd=place)
        trees.append(repo.git("rev-parse", "HEAD^{tree}", cwd=place))
    return trees


def check(stack: list[Edits], accepted: int, at: int, wanted: Edits) -> None:
    """Build a stack, the first ones accepted and the others open, amend one, ask git."""
    with scratch() as repo:
        place, files = repo.lane("auth"), dict(START)
        touched: list[set[str]] = []
        for step in stack:
            news = effective(files, step)
            if not news:
                continue
            repo.write(news, place)
            if len(touched) < accepted:
                repo.lanes.commit("auth", message=f"step {len(touched)}")
            else:
                below = [x.id for x in repo.lanes.lane("auth").open]
                repo.lanes.propose("auth", change="new", on=below[-1] if below else None)
            files = applied(files, news)
            touched.append(set(news))
        edit = effective(files, wanted)
        if not touched or not edit:
            return
        at %= len(touched)
        later = set().union(*touched[at + 1 :])
        names = [f"auth/{number}" for number in range(1, len(touched) + 1)]
        commits = [attempt(repo, x).commit for x in names]
        repo.write(edit, place)
        before = repo.refs()
        try:
            made = repo.lanes.amend("auth", of=names[at])
        except Collision as refused:
            event("collides")
            found = {x["path"] for x in refused.data["collisions"]}
            assert found
            assert found <= set(edit) & later
            assert repo.refs() == before
            return
        assert not set(edit) & later
        event(f"{len(touched) - at - 1} laid again")
        new = [made.attempt, *(attempt(repo, made.laid_again[x]) for x in names[at + 1 :])]
        assert [x.tree for x in new] == picked(repo, commits, at, edit)
        wanted_status = ["accepted"] * accepted + ["proposed"] * len(touched)
        assert [x.status for x in new] == wanted_status[at : len(touched)]
        assert repo.git("status", "--porcelain", cwd=place) == ""
        repo.fsck()


examples = given(stack=stacks, accepted=st.integers(0, 5), at=st.integers(0, 4), wanted=edits)
usual = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@settings(max_examples=15, **usual)  # type: ignore[arg-type]
@examples
def test_an_amended_stack_is_what_git_makes_of_it(
    stack: list[Edits], accepted: int, at: int, wanted: Edits
) -> None:
    """Where no later one touched the edited files git's picks are the same, else it is refused."""
    check(stack, accepted, at, wanted)


@pytest.mark.slow
@settings(max_examples=many(40), **usual)  # type: ignore[arg-type]
@examples
def test_many_amended_stacks_are_what_git_makes_of_them(
    stack: list[Edits], accepted: int, at: int, wanted: Edits
) -> None:
    """The same, for longer."""
    check(stack, accepted, at, wanted)
