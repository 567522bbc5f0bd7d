"""Repositories that lie in a workspace without being submodules."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import Refused
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def embed(repo: TestRepo, place: Path, *, commit: bool) -> None:
    """Make a repository there, with a commit or without."""
    repo.git("init", "--quiet", str(place))
    if commit:
        repo.git("commit", "--quiet", "--allow-empty", "--message=own", cwd=place)


def test_of_one_with_a_commit_only_that_is_taken_in(repo: TestRepo, cli: Cli) -> None:
    """A word says so once, as git says it itself."""
    place = repo.lane("auth")
    embed(repo, place / "lib", commit=True)
    said = cli("commit", "auth", "-m", "add lib").err
    assert "'lib' is a git repository of its own: only the id of its commit is taken in" in said
    repo.write({"auth.py": "new\n"}, place)
    assert cli("commit", "auth", "-m", "more").err == ""


def test_one_without_a_commit_stands_in_nobody_s_way(repo: TestRepo, cli: Cli) -> None:
    """It is left out with a word; named, and where it would be deleted, it is refused."""
    place = repo.lane("auth")
    embed(repo, place / "lib", commit=False)
    embed(repo, place / "more", commit=False)
    repo.write({"auth.py": "new\n"}, place)
    with pytest.raises(Refused, match="'lib' is a git repository without a commit"):
        repo.lanes.commit("auth", message="lib", paths=["lib"])
    said = cli("commit", "auth", "-m", "all").err
    assert "'more' is a git repository without a commit, and is left out" in said
    assert repo.files(repo.lanes.head("auth"))["auth.py"] == "new"
    repo.lanes.snapshot("auth")
    with pytest.raises(Refused, match="exists only in this workspace"):
        repo.lanes.remove_workspace("auth", force=True)
    assert (place / "lib/.git").is_dir()


@pytest.mark.parametrize("way", ["archive", "delete", "remove_workspace"])
def test_one_that_is_ignored_is_not_deleted(repo: TestRepo, way: str) -> None:
    """Its commits are nowhere else, whatever git is told to look at, and whatever is forced."""
    place = repo.lane("auth", {".gitignore": "/lib\n/build\n"})
    embed(repo, place / "lib", commit=True)
    repo.write({"build/out.o": "o\n"}, place)
    for force in (False, True):
        with pytest.raises(Refused, match="exists only in this workspace"):
            getattr(repo.lanes, way)("auth", force=force)
    (place / "lib").rename(place.parent / "lib")
    getattr(repo.lanes, way)("auth")
    assert not place.exists()


@pytest.mark.parametrize(
    "own", ["commit", "edit", "stash", "branch", "no remote", "nothing", "a broken one"]
)
def test_one_below_an_ignored_directory(repo: TestRepo, tmp_path: Path, own: str) -> None:
    """A clone that a build fetched goes with it; what has something of its own does not."""
    origin = tmp_path / "origin"
    embed(repo, origin, commit=True)
    place = repo.lane("auth", {".gitignore": "/build\n"})
    inner = place / "build/deps/lib"
    repo.git("clone", "--quiet", str(origin), str(inner))
    save = ("commit", "--quiet", "--allow-empty", "--message=more")
    if own in ("commit", "branch"):
        repo.git(*save, cwd=inner)
    if own == "branch":
        repo.git("switch", "--quiet", "--detach", "HEAD~1", cwd=inner)
    if own in ("edit", "stash"):
        (inner / "new.txt").write_text("new\n")
    if own == "stash":
        repo.git("stash", "--quiet", "--include-untracked", cwd=inner)
    if own == "no remote":
        repo.git("remote", "remove", "origin", cwd=inner)
    if own == "a broken one":
        (inner / ".git").rename(inner / "git")
        (inner / ".git").mkdir()
    if own in ("nothing", "a broken one"):
        repo.lanes.archive("auth")
        assert not place.exists()
        return
    with pytest.raises(Refused, match=r"'build/deps/lib' in .* exists only in this workspace"):
        repo.lanes.archive("auth", force=True)
    assert inner.exists()
