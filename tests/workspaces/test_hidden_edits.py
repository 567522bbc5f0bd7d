"""Edits that git was told not to look at: skipped files, and those assumed to be unchanged."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitlanes import Refused
from tests.support.repos import TestRepo

FLAGS = ("--skip-worktree", "--assume-unchanged")


def hide(repo: TestRepo, place: Path, flag: str) -> None:
    """Edit a file that git does not look at."""
    repo.git("update-index", flag, "auth.py", cwd=place)
    (place / "auth.py").write_text("precious\n")
    assert repo.git("status", "--porcelain", cwd=place) == ""


@pytest.mark.parametrize("flag", FLAGS)
def test_they_do_not_go_with_their_workspace(repo: TestRepo, flag: str) -> None:
    """Removal and restoring refuse; forced, a snapshot has them."""
    place = repo.lane("auth")
    hide(repo, place, flag)
    with pytest.raises(Refused, match="has 1 unsaved file") as refused:
        repo.lanes.remove_workspace("auth")
    assert "--no-skip-worktree" in refused.value.hint
    with pytest.raises(Refused, match="has 1 unsaved file"):
        repo.lanes.restore("main", "auth")
    assert (place / "auth.py").read_text() == "precious\n"
    repo.lanes.restore("main", "auth", force=True)
    assert (place / "auth.py").read_text() == "login\n"
    hide(repo, place, flag)
    repo.lanes.remove_workspace("auth", force=True)
    assert not place.exists()
    # The same content is the same snapshot.
    assert repo.files("refs/lanes/snapshots/auth/1")["auth.py"] == "precious"


@pytest.mark.parametrize("flag", FLAGS)
def test_a_branch_waits_for_them(repo: TestRepo, flag: str) -> None:
    """They are told as any other edit in the way, and once they are away the branch follows."""
    hide(repo, repo.path, flag)
    repo.lane("dev", {"auth.py": "new\n"})
    repo.lanes.promote("dev")
    assert (repo.path / "auth.py").read_text() == "precious\n"
    assert not repo.lanes.doctor().findings
    repo.git("update-index", flag.replace("--", "--no-"), "auth.py")
    repo.git("checkout", "auth.py")
    repo.lanes.update_workspace("main")
    assert (repo.path / "auth.py").read_text() == "new\n"


def test_one_without_an_edit_is_nothing_to_keep(repo: TestRepo) -> None:
    """The workspace goes without a word."""
    place = repo.lane("auth")
    repo.git("update-index", "--skip-worktree", "auth.py", cwd=place)
    repo.lanes.remove_workspace("auth")
    assert not place.exists()


def test_one_among_many(repo: TestRepo) -> None:
    """Where more files come in than a command line names, the hidden one is seen all the same."""
    repo.save({f"many/{number}": "0\n" for number in range(150)})
    repo.git("update-index", "--skip-worktree", "many/7")
    (repo.path / "many/7").write_text("precious\n")
    repo.lane("dev", {f"many/{number}": "1\n" for number in range(150)})
    repo.lanes.promote("dev")
    assert (repo.path / "many/7").read_text() == "precious\n"
    assert (repo.path / "many/8").read_text() == "0\n"
    assert repo.rev("main") != repo.lanes.head("main")


def test_a_link_that_leads_nowhere(repo: TestRepo) -> None:
    """It is an edit like any other."""
    place = repo.lane("auth")
    repo.git("update-index", "--assume-unchanged", "auth.py", cwd=place)
    (place / "auth.py").unlink()
    (place / "auth.py").symlink_to("nowhere")
    with pytest.raises(Refused, match="has 1 unsaved file"):
        repo.lanes.remove_workspace("auth")
    assert (place / "auth.py").is_symlink()
