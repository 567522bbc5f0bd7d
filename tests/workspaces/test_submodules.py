"""What only a workspace's submodule has, which is kept when the workspace goes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.repos import TestRepo


@pytest.fixture
def place(repo: TestRepo, make_repo: Callable[..., TestRepo]) -> Path:
    """The submodule in a lane's workspace."""
    library = make_repo({"lib.py": "1\n"})
    repo.git("submodule", "--quiet", "add", str(library.path), "sub")
    repo.git("commit", "--quiet", "--message=add a submodule")
    repo.lanes.new("auth")
    work = repo.workspace("auth")
    repo.git("submodule", "--quiet", "update", "--init", cwd=work)
    return work / "sub"


def kept(repo: TestRepo) -> dict[str, str]:
    """Return {name: id} of what was kept, in the submodule of the repository itself."""
    shape = "--format=%(refname) %(objectname)"
    rows = repo.git("for-each-ref", shape, "refs/lanes", cwd=repo.path / "sub").splitlines()
    return {row.split()[0].split("/", 5)[5]: row.split()[1] for row in rows}


def test_tags_and_stashes_are_kept(repo: TestRepo, place: Path) -> None:
    """Files are as HEAD has them, so nothing has to be forced; yet there is more than HEAD."""
    wanted = dict[str, str]()
    for number in (1, 0):
        (place / "lib.py").write_text(f"stash {number}\n")
        repo.git("stash", "--quiet", cwd=place)
        wanted[f"stash/{number}"] = repo.git("rev-parse", "refs/stash", cwd=place)
    repo.git("commit", "--quiet", "--allow-empty", "--message=tagged", cwd=place)
    repo.git("tag", "keep", cwd=place)
    wanted["tags/keep"] = repo.git("rev-parse", "HEAD", cwd=place)
    repo.git("reset", "--quiet", "--hard", "HEAD~1", cwd=place)
    repo.lanes.archive("auth")
    found = kept(repo)
    assert {key: found.get(key) for key in wanted} == wanted
    assert "edits" not in found


def test_what_is_staged_alone_is_kept(repo: TestRepo, place: Path) -> None:
    """It is a parent of the commit that keeps the files."""
    (place / "lib.py").write_text("staged\n")
    repo.git("add", "lib.py", cwd=place)
    (place / "lib.py").write_text("in the file\n")
    repo.lanes.remove_workspace("auth", force=True)
    edits = kept(repo)["edits"]
    files = [repo.git("show", f"{x}:lib.py", cwd=repo.path / "sub") for x in (edits, f"{edits}^2")]
    assert files == ["in the file", "staged"]
