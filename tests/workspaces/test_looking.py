"""Detached workspaces: for looking at any state, and no lane's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import NotFound, Refused
from tests.support.cli import Ran
from tests.support.repos import TestRepo


@pytest.fixture
def repo(repo: TestRepo) -> TestRepo:
    """A repository with lane auth: an accepted and an open attempt, and a snapshot."""
    repo.lane("auth", {"one.txt": "1\n"})
    repo.propose("auth", {"two.txt": "2\n"})
    repo.write({"three.txt": "3\n"}, repo.workspace("auth"))
    repo.lanes.snapshot("auth")
    return repo


def look(repo: TestRepo, at: str | None = None, path: Path | None = None) -> Path:
    """Make a detached workspace of lane auth and return its directory."""
    return Path(repo.lanes.create_workspace("auth", at=at, detached=True, path=path).path)


@pytest.mark.parametrize(
    ("at", "name", "file"), [("auth/2", "auth@2", "two.txt"), ("auth/s1", "auth@s1", "three.txt")]
)
def test_any_state_can_be_looked_at(repo: TestRepo, at: str, name: str, file: str) -> None:
    """An attempt still open, or a snapshot: the directory beside the lane's has its files."""
    place = look(repo, at)
    assert place == repo.path.with_name("repo.lanes") / name
    assert (place / file).exists()
    assert repo.git("status", "--porcelain", cwd=place) == ""
    assert repo.workspace("auth").name == "auth"


def test_other_states_are_named_by_their_commit(repo: TestRepo) -> None:
    """The head, a revision and another lane's attempt give seven hex digits."""
    assert look(repo).name == f"auth@{repo.lanes.head('auth')[:7]}"
    assert look(repo, "main").name == f"auth@{repo.rev('main')[:7]}"


def test_several_of_one_state(repo: TestRepo, tmp_path: Path) -> None:
    """At the usual place there is one; others go elsewhere and get ids of their own."""
    place = look(repo, "auth/1")
    with pytest.raises(Refused, match="'auth@1' is there already"):
        look(repo, "auth/1")
    look(repo, "auth/1", tmp_path / "second")
    assert repo.lanes.workspace("auth@1-2").path == str(tmp_path / "second")
    repo.lanes.remove_workspace(str(tmp_path / "second"))
    repo.lanes.remove_workspace("auth@1")
    assert not place.exists()


def test_one_in_a_directory_called_like_the_lane(repo: TestRepo, tmp_path: Path) -> None:
    """Where it lies does not make it the lane's own."""
    repo.lanes.remove_workspace("auth", force=True)
    look(repo, "auth/1", tmp_path / "auth")
    with pytest.raises(NotFound, match="workspace of lane 'auth' not found"):
        repo.lanes.workspace("auth")
    assert repo.lanes.lane("auth").path is None


def test_it_outlives_its_lane(repo: TestRepo) -> None:
    """With the lane deleted it goes to any state that is named; only the head is no more."""
    place = look(repo, "auth/1")
    repo.lanes.delete("auth", force=True)
    inside = repo.open(place)
    with pytest.raises(Refused, match="lane 'auth' of workspace 'auth@1' was deleted"):
        inside.update_workspace()
    assert inside.update_workspace(to="main").state == repo.rev("main")
    assert not (place / "one.txt").exists()
    repo.write({"mine.txt": "mine\n"}, place)
    with pytest.raises(Refused) as refused:
        inside.restore("auth/1")
    assert refused.value.hint.startswith("move them elsewhere, or use --force")


def test_nothing_is_proposed_from_it(repo: TestRepo) -> None:
    """Standing in it one is in no lane's workspace; the lane by name is its own workspace."""
    place = look(repo, "auth/1")
    repo.write({"mine.txt": "mine\n"}, place)
    inside = repo.open(place)
    before = repo.refs()
    for verb in (inside.propose, inside.commit, inside.promote):
        with pytest.raises(Refused, match="detached workspace 'auth@1', for looking only"):
            verb()
    assert repo.refs() == before
    status = inside.status()
    assert (status.lane, status.workspace) == (None, "auth@1")
    assert status.unsaved == (("??", b"mine.txt"),)
    made = inside.commit("auth")
    assert "mine.txt" not in repo.files(made.attempt.tree)
    assert "three.txt" in repo.files(made.attempt.tree)


def test_it_goes_to_any_state_with_its_head(repo: TestRepo) -> None:
    """An update moves HEAD along everywhere and keeps edits elsewhere."""
    place = look(repo, "auth/1")
    repo.write({"notes.txt": "notes\n"}, place)
    repo.lanes.update_workspace("auth@1", to="auth/2")
    assert (place / "two.txt").exists()
    assert repo.git("status", "--porcelain", cwd=place) == "?? notes.txt"
    inside = repo.open(place)
    inside.update_workspace()
    assert repo.git("rev-parse", "HEAD", cwd=place) == repo.lanes.head("auth")
    saved = inside.snapshot()
    assert (saved.id, "notes.txt" in repo.files(saved.tree)) == ("auth/s2", True)
    inside.restore("auth/2")
    assert (place / "two.txt").exists()


def test_edits_in_it_are_not_removed(repo: TestRepo) -> None:
    """Unsaved files keep it; with force a snapshot of the lane has them."""
    place = look(repo, "auth/1")
    repo.write({"notes.txt": "notes\n"}, place)
    with pytest.raises(Refused, match="workspace 'auth@1' has 1 unsaved file"):
        repo.lanes.remove_workspace("auth@1")
    saved = repo.lanes.remove_workspace("auth@1", force=True)
    assert saved is not None
    assert "notes.txt" in repo.files(saved.tree)
    with pytest.raises(NotFound):
        repo.lanes.workspace("auth@1")


def test_it_can_be_removed_when_its_directory_or_its_lane_is_gone(repo: TestRepo) -> None:
    """What is left of it goes with the same command."""
    import shutil

    shutil.rmtree(look(repo, "auth/1"))
    with pytest.raises(Refused, match="workspace 'auth@1' is gone"):
        repo.lanes.update_workspace("auth@1")
    repo.lanes.remove_workspace("auth@1")
    look(repo, "auth/1")
    repo.lanes.delete("auth", force=True)
    repo.lanes.remove_workspace("auth@1")
    assert repo.git("worktree", "list").count("\n") == 0


def test_the_lane_s_own_may_begin_at_an_older_state(repo: TestRepo) -> None:
    """Only in its own history, where the base can be; its next commit reverts nothing since."""
    repo.lanes.commit("auth")
    repo.lanes.remove_workspace("auth")
    repo.lane("dev", {"dev.txt": "dev\n"})
    with pytest.raises(Refused, match="'dev' is not in the history of lane 'auth'"):
        repo.lanes.create_workspace("auth", at="dev")
    made = repo.lanes.create_workspace("auth", at="auth/1")
    assert made.base == repo.lanes.show("auth/1").attempts[0].attempt.commit
    assert not (Path(made.path) / "two.txt").exists()
    repo.commit("auth", {"four.txt": "4\n"})
    assert repo.files("refs/lanes/head/auth").keys() >= {"two.txt", "three.txt", "four.txt"}


def test_one_that_outlives_its_lane_is_told_of(repo: TestRepo, cli: Callable[..., Ran]) -> None:
    """Who deletes the lane hears where it stays, and how it goes."""
    look(repo)
    said = cli("delete", "auth", "--yes", "--force").err
    assert "stays: remove it with 'git lanes workspace remove auth@" in said
