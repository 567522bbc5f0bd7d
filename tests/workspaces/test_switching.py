"""`workspace switch`: a directory goes to another lane, and nothing of the first one is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from gitlanes import Locked, Raced, Refused
from gitlanes.workspaces import capture, finding
from tests.support.repos import TestRepo


@pytest.fixture
def place(repo: TestRepo) -> Path:
    """Lane auth with a workspace and work of its own, and lane dev without a workspace."""
    found = repo.lane("auth", {"auth.py": "of auth\n", "new.txt": "new\n"})
    repo.lanes.new("dev", workspace=False)
    return found


def test_the_directory_is_the_other_lane_s(repo: TestRepo, place: Path) -> None:
    """Files, HEAD and base are those of the other lane, which commits from there at once."""
    before = (place / "src/app.py").stat().st_ino
    made = repo.lanes.switch_workspace("dev", workspace="auth")
    assert (made.lane, made.written, made.removed, made.snapshot) == ("dev", 1, 1, None)
    assert (place / "src/app.py").stat().st_ino == before
    assert repo.workspace("dev") == place
    assert repo.git("rev-parse", "HEAD", cwd=place) == repo.lanes.head("dev")
    assert repo.git("status", "--porcelain", cwd=place) == ""
    assert "workspace of lane dev" in repo.git("worktree", "list", "--porcelain")
    repo.commit("dev", {"dev.txt": "dev\n"})
    assert repo.files("refs/lanes/head/dev").keys() == {"auth.py", "dev.txt", "src/app.py"}
    with pytest.raises(Exception, match="workspace of lane 'auth' not found"):
        repo.workspace("auth")


def test_from_within(repo: TestRepo, place: Path) -> None:
    """Without a name it is the present directory, and again there is nothing to do."""
    inside = repo.open(place)
    inside.switch_workspace("dev")
    assert repo.workspace("dev") == place
    again = repo.open(place).switch_workspace("dev")
    assert (again.lane, again.written, again.removed) == ("dev", 0, 0)


def test_an_open_attempt_is_no_obstacle(repo: TestRepo, place: Path) -> None:
    """What is proposed is kept by its record; it can be accepted with the directory gone."""
    attempt = repo.propose("auth", {"offer.txt": "offer\n"})
    repo.lanes.switch_workspace("dev", workspace="auth")
    assert not (place / "offer.txt").exists()
    repo.lanes.accept(attempt)
    assert "offer.txt" in repo.files("refs/lanes/head/auth")


def test_unsaved_work_refuses(repo: TestRepo, place: Path) -> None:
    """Edits refuse by name; with force they are in a snapshot of the lane whose they were."""
    repo.write({"auth.py": "edited\n", "more.txt": "more\n"}, place)
    with pytest.raises(Refused, match="2 unsaved files") as refused:
        repo.lanes.switch_workspace("dev", workspace="auth")
    assert refused.value.data["in_the_way"] == ["auth.py", "more.txt"]
    assert repo.workspace("auth") == place
    saved = repo.lanes.switch_workspace("dev", workspace="auth", force=True).snapshot
    assert saved is not None
    assert saved.id == "auth/s1"
    assert repo.files(saved.tree)["more.txt"] == "more"
    assert repo.git("status", "--porcelain", cwd=place) == ""


def test_a_locked_index_leaves_the_directory_with_its_lane(repo: TestRepo, place: Path) -> None:
    """Where another git command holds the index, nothing changes hands: lane, base, files."""
    held = Path(repo.git("rev-parse", "--absolute-git-dir", cwd=place))
    (held / "index.lock").touch()
    before = (held / "lanes.json").read_text()
    with pytest.raises(Locked, match="index"):
        repo.lanes.switch_workspace("dev", workspace="auth")
    (held / "index.lock").unlink()
    assert (held / "lanes.json").read_text() == before
    assert repo.workspace("auth") == place
    repo.commit("auth", {"more.txt": "more\n"})
    assert repo.files("refs/lanes/head/auth")["more.txt"] == "more"


def test_commits_that_were_not_proposed_refuse(repo: TestRepo, place: Path) -> None:
    """With force a snapshot holds them, and the new lane's proposals do not list them."""
    repo.write({"own.txt": "own\n"}, place)
    repo.git("add", "own.txt", cwd=place)
    repo.git("commit", "--quiet", "--message=own", cwd=place)
    own = repo.git("rev-parse", "HEAD", cwd=place)
    with pytest.raises(Refused, match="commits that were not proposed"):
        repo.lanes.switch_workspace("dev", workspace="auth")
    saved = repo.lanes.switch_workspace("dev", workspace="auth", force=True).snapshot
    assert saved is not None
    assert repo.rev(f"{saved.ref}^") == own
    assert repo.git("rev-parse", "HEAD", cwd=place) == repo.lanes.head("dev")
    attempt = repo.commit("dev", {"dev.txt": "dev\n"})
    assert "commits" not in repo.lanes.show(attempt).attempts[0].intent


def test_ignored_files_in_the_way_refuse(repo: TestRepo) -> None:
    """An ignored file where the other lane has one is not overwritten."""
    repo.save({".gitignore": "*.ign\n"})
    place = repo.lane("auth")
    dev = repo.lane("dev")
    repo.write({"a.ign": "theirs\n"}, dev)
    repo.git("add", "--force", "a.ign", cwd=dev)
    repo.lanes.commit("dev")
    repo.lanes.remove_workspace("dev")
    repo.write({"a.ign": "mine\n"}, place)
    with pytest.raises(Refused) as refused:
        repo.lanes.switch_workspace("dev", workspace="auth")
    assert refused.value.data["in_the_way"] == ["a.ign"]
    assert (place / "a.ign").read_text() == "mine\n"


@pytest.mark.parametrize(
    ("prepare", "lane", "workspace", "message"),
    [
        (lambda repo: repo.lane("other"), "other", "auth", "has a workspace already: '.*other'"),
        (lambda _: None, "dev", "main", "the repository's own directory cannot be handed"),
        (
            lambda repo: repo.lanes.create_workspace("auth", detached=True, at="auth/1"),
            "dev",
            "auth@1",
            "is for looking only",
        ),
    ],
)
def test_what_cannot_be_handed_over(
    repo: TestRepo,
    place: Path,
    prepare: Callable[[TestRepo], object],
    lane: str,
    workspace: str,
    message: str,
) -> None:
    """A lane with a workspace, the repository's own directory and detached ones are refused."""
    prepare(repo)
    with pytest.raises(Refused, match=message):
        repo.lanes.switch_workspace(lane, workspace=workspace)
    assert repo.workspace("auth") == place


def test_who_waited_for_the_directory_does_not_work_in_it(repo: TestRepo, place: Path) -> None:
    """A command that found the directory while it was still the first lane's gives up."""
    with repo.inner() as inner:
        found = finding.workspace_of(inner, inner.view.lane("auth").record)
        assert found is not None
        repo.lanes.switch_workspace("dev", workspace="auth")
        with (
            pytest.raises(Raced, match="handed to lane 'dev' meanwhile"),
            capture.held(inner, found),
        ):
            pass
    assert repo.workspace("dev") == place
