"""Hooks of one workspace alone, where the repository's are somebody else's business."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


@pytest.fixture
def place(repo: TestRepo) -> Path:
    """The workspace of lane auth."""
    return repo.lane("auth")


def change(repo: TestRepo, cwd: Path | None = None) -> str:
    """Make a commit; return its Change-Id."""
    repo.git("commit", "--quiet", "--allow-empty", "--message=words", cwd=cwd)
    return repo.git("log", "-1", "--format=%(trailers:key=Change-Id,valueonly)", cwd=cwd)


@pytest.mark.parametrize("setting", [None, ".husky/_", "elsewhere"])
def test_one_workspace(repo: TestRepo, cli: Cli, place: Path, setting: str | None) -> None:
    """Its commits get ids and all other hooks run as before; nobody else's setting changes."""
    directory = place / setting if setting else repo.path / ".git/hooks"
    directory.mkdir(parents=True, exist_ok=True)
    for name in ("pre-commit", "commit-msg"):
        hook = directory / name
        hook.write_text(f'#!/bin/sh\necho {name} "$#" >>"$SAID"\n')
        hook.chmod(0o755)
    if setting:
        repo.git("config", "core.hooksPath", setting)
    said = repo.path / ".git/said"
    repo.environ["SAID"] = str(said)
    done = cli("hook", "install", "--workspace", cwd=place)
    assert done.out == (
        "commit-msg: installed, after the hook that was there\n"
        "post-rewrite: installed, after the hook that was there\n"
    )
    assert done.err == (
        "warning: extensions.worktreeConfig is on now in this repository's git config: "
        "settings of one work tree need it\n"
    )
    assert cli("hook", "install", "--workspace", cwd=place) == Ran(0, done.out, "")
    assert cli("hook", "status", cwd=place) == Ran(0, done.out, "")
    assert len(change(repo, place)) == 41
    assert said.read_text() == "pre-commit 0\ncommit-msg 1\n"
    assert repo.git("config", "--local", "--get-all", "core.hooksPath", check=False) == (
        setting or ""
    )
    assert change(repo) == ""
    assert cli("hook", "status").code == 1
    said.unlink()
    assert cli("hook", "uninstall", cwd=place).code == 0
    assert change(repo, place) == ""
    assert said.read_text() == "pre-commit 0\ncommit-msg 1\n"
    assert repo.git("config", "core.hooksPath", check=False, cwd=place) == (setting or "")
    repo.commit("auth", {"f": "x\n"})
    repo.fsck()


def test_a_frequent_hook(repo: TestRepo, cli: Cli, place: Path) -> None:
    """What git asks for all the time is passed on only where there is one."""
    hooks = repo.path / ".git/hooks"
    hooks.mkdir(exist_ok=True)
    own = repo.path / ".git/worktrees/auth/lanes-hooks"
    assert cli("hook", "install", "--workspace", cwd=place).code == 0
    assert not (own / "reference-transaction").exists()
    (hooks / "reference-transaction").write_text("#!/bin/sh\n")
    assert cli("hook", "uninstall", cwd=place).code == 0
    assert not own.exists()
    assert cli("hook", "install", "--workspace", cwd=place).code == 0
    assert (own / "reference-transaction").exists()


def test_removing_the_workspace(repo: TestRepo, cli: Cli, place: Path) -> None:
    """They go with it."""
    assert cli("hook", "install", "--workspace", cwd=place).code == 0
    assert cli("workspace", "remove", "auth").code == 0
    assert not (repo.path / ".git/worktrees/auth").exists()
    assert repo.git("config", "core.hooksPath", check=False) == ""


def test_where_there_can_be_none(repo: TestRepo, cli: Cli, place: Path) -> None:
    """The repository's own directory, and a work tree with such a setting, are refused."""
    assert cli("hook", "install", "--workspace") == Ran(
        128,
        "",
        "error: this directory is no linked work tree, which alone can have hooks of its own\n"
        "hint: go into a workspace, or leave out --workspace\n",
    )
    repo.git("config", "extensions.worktreeConfig", "true")
    repo.git("config", "--worktree", "core.hooksPath", "mine", cwd=place)
    assert cli("hook", "install", "--workspace", cwd=place) == Ran(
        128,
        "",
        "error: core.hooksPath of this work tree is 'mine' already\n"
        "hint: see 'git config --worktree core.hooksPath'\n",
    )


def test_a_bare_repository(make_repo: Callable[..., TestRepo]) -> None:
    """Where a setting would have to be moved first it is refused, and nothing changes."""
    repo = make_repo(bare=True)
    place = repo.lane("auth")
    before = (repo.path / "config").read_bytes()
    from gitlanes import Refused

    with pytest.raises(Refused, match=r"'core\.bare' is set for all work trees"):
        repo.open(place).hook_install(workspace_only=True)
    assert (repo.path / "config").read_bytes() == before


def test_the_repository_s_are_installed_elsewhere(repo: TestRepo, cli: Cli, place: Path) -> None:
    """A workspace with hooks of its own says where the others go, and that works."""
    assert cli("hook", "install", "--workspace", cwd=place).code == 0
    done = cli("hook", "install", cwd=place)
    assert done.code == 128
    assert "error: this workspace has hooks of its own" in done.err
    assert f"cd {repo.path} && git lanes hook install" in done.err
    assert cli("hook", "install").code == 0
    assert len(change(repo)) == 41
    assert len(change(repo, place)) == 41
