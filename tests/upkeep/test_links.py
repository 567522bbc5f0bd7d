"""What git keeps of a work tree: doctor finds what is wrong, and what it says helps."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


@pytest.fixture
def place(repo: TestRepo) -> Path:
    """The workspace of lane auth, with an edit in it."""
    place = repo.lane("auth", {"auth.py": "1\n"})
    repo.write({"edit.py": "precious\n"}, place)
    return place


def found(cli: Cli, *options: str) -> list[str]:
    """Return what doctor says of workspaces that are broken, missing or foreign."""
    lines = cli("doctor", *options).out.splitlines()
    names = ("broken-workspace", "missing-workspace", "foreign-workspace", "  ")
    return [x for x in lines if x.startswith(names) and "git fsck" not in x]


def assert_whole(repo: TestRepo, cli: Cli, place: Path) -> None:
    """Assert that the workspace is one again, with its edit."""
    assert found(cli) == []
    assert repo.git("status", "--porcelain", cwd=place) == "?? edit.py"
    assert cli("commit", "-m", "edit", cwd=place).code == 0
    assert repo.files("refs/lanes/head/auth")["edit.py"] == "precious"


def test_a_place_that_git_has_wrong(repo: TestRepo, cli: Cli, place: Path) -> None:
    """It lies where it was: it is not forgotten, and git is told."""
    (repo.path / ".git/worktrees/auth/gitdir").write_text("/nonexistent/.git\n")
    said, mended = found(cli, "--fix")
    assert f"workspace of lane 'auth' is at '{place}', and git looks for it at" in said
    assert mended == "  mended: ran 'git worktree repair'"
    assert_whole(repo, cli, place)


def test_a_workspace_that_was_moved(repo: TestRepo, cli: Cli, place: Path) -> None:
    """Beside its old place it is found, unless a copy makes that doubtful."""
    there = place.rename(place.with_name("elsewhere"))
    subprocess.run(["cp", "-r", str(there), str(place.with_name("copy"))], check=True)
    assert found(cli)[0].startswith("missing-workspace: ")
    subprocess.run(["rm", "-r", str(place.with_name("copy"))], check=True)
    assert len(found(cli, "--fix")) == 2
    assert_whole(repo, cli, there)


def test_a_git_file_that_is_gone(repo: TestRepo, cli: Cli, place: Path) -> None:
    """It is written anew; where another repository is in its place, that is moved away first."""
    (place / ".git").unlink()
    repo.git("init", "--quiet", cwd=place)
    said, hint = found(cli, "--fix")
    assert said == f"broken-workspace: '{place}/.git' is not that of workspace of lane 'auth'"
    subprocess.run(["sh", "-c", hint.partition("(")[2].partition(")")[0]], check=True)
    said, mended = found(cli, "--fix")
    assert said == "broken-workspace: workspace of lane 'auth' has lost its '.git' file"
    assert mended == "  mended: ran 'git worktree repair'"
    subprocess.run(["rm", "-r", f"{place}/.git.other"], check=True)
    assert_whole(repo, cli, place)


@pytest.mark.parametrize("file", ["HEAD", "index"])
@pytest.mark.parametrize("content", [b"", b"DIRC\0\0\0\2 and then something else, much too long"])
def test_files_of_git_s_that_are_damaged(
    repo: TestRepo, cli: Cli, place: Path, file: str, content: bytes
) -> None:
    """Commands say where to look, and what doctor says there helps."""
    (repo.path / ".git/worktrees/auth" / file).write_bytes(content)
    done = cli("commit", "auth", "-m", "edit")
    assert (done.code, done.err.splitlines()[-1]) == (128, "hint: see 'git lanes doctor'")
    assert cli("workspace", "remove", "auth", "--force").code == 128
    said, hint = found(cli, "--fix")
    assert file in said
    assert said.endswith("of workspace of lane 'auth' is damaged")
    way = hint.partition(": ")[2].partition(": ")[2]
    subprocess.run(["sh", "-c", way], cwd=place, env=repo.environ, check=True)
    assert_whole(repo, cli, place)
