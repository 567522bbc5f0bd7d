"""A file or a link that takes the place of a directory, with edits in that."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitlanes import Refused
from tests.support.repos import TestRepo

EDITS = ("unstaged", "staged", "staged and gone")


def replaced(repo: TestRepo, *, link: bool) -> None:
    """Land on main that src, a directory, is a file or a link."""
    place = repo.lane("swap")
    (place / "src/app.py").unlink()
    (place / "src").rmdir()
    if link:
        (place / "src").symlink_to("auth.py")
    else:
        (place / "src").write_text("file\n")
    repo.commit("swap", {})
    repo.lanes.promote("swap")


def edit(repo: TestRepo, place: Path, kind: str) -> None:
    """Edit the file in that directory."""
    repo.write({"src/app.py": "hours of work\n"}, place)
    if kind != "unstaged":
        repo.git("add", "src/app.py", cwd=place)
    if kind == "staged and gone":
        (place / "src/app.py").unlink()
        (place / "src").rmdir()


def edited(repo: TestRepo, place: Path, kind: str) -> str:
    """Return what became of that edit."""
    staged = repo.git("cat-file", "blob", ":src/app.py", cwd=place)
    assert kind == "unstaged" or staged == "hours of work"
    return staged if kind == "staged and gone" else (place / "src/app.py").read_text().strip()


@pytest.mark.parametrize("link", [False, True], ids=["file", "link"])
@pytest.mark.parametrize("kind", EDITS)
def test_an_edit_in_the_directory_stays(repo: TestRepo, kind: str, link: bool) -> None:
    """The bound branch waits, and a workspace is not brought there: git overlooks such edits."""
    place = repo.lane("other")
    for where in (repo.path, place):
        edit(repo, where, kind)
    replaced(repo, link=link)
    assert edited(repo, repo.path, kind) == "hours of work"
    with pytest.raises(Refused) as refused:
        repo.lanes.update_workspace("other", to="swap")
    assert refused.value.data["in_the_way"] == ["src/app.py"]
    assert edited(repo, place, kind) == "hours of work"


def test_what_is_so_already_is_no_obstacle(repo: TestRepo) -> None:
    """Who made the same change by hand is followed, staged or not."""
    place = repo.lane("other")
    for where in (repo.path, place):
        (where / "src/app.py").unlink()
        (where / "src").rmdir()
        (where / "src").write_text("file\n")
    repo.git("add", "--all", cwd=place)
    replaced(repo, link=False)
    assert repo.git("status", "--porcelain") == ""
    assert repo.rev("main") == repo.lanes.head("main")
    repo.lanes.update_workspace("other", to="swap")
    assert repo.git("diff", "HEAD", "refs/lanes/head/swap", "--stat", cwd=place) != ""
    assert repo.git("diff", "refs/lanes/head/swap", "--stat", cwd=place) == ""
    repo.fsck()
