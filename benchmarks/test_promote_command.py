"""`git lanes promote` as a user starts it, beside the import and the checkout that it needs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.kit import git_side
from benchmarks.kit.forests import path_of
from benchmarks.kit.landings import BY_GIT, Waiting, contents, move_on, ready
from benchmarks.kit.measuring import Bench, Side
from tests.support.repos import TestRepo

ROUNDS = 15


@pytest.mark.parametrize("files", [1_000, 50_000])
def test_bare(bench: Bench, forest: Callable[..., TestRepo], files: int) -> None:
    """In a bare repository no files follow."""
    repo = forest(files, bare=True)
    bench.compare(
        f"git lanes promote, {files:,} files, bare",
        lambda waiting: promote(waiting, repo.path),
        importing(repo),
        prepare=lambda number: landed_by_git(ready(repo, "main", path_of, number)),
        check=Waiting.check,
        rounds=ROUNDS,
    )


@pytest.mark.parametrize("files", [1_000, 50_000])
def test_from_root(bench: Bench, forest: Callable[..., TestRepo], files: int) -> None:
    """From the repository's own directory, whose files follow."""
    repo = forest(files)
    twin = twin_of(repo)
    bench.compare(
        f"git lanes promote, {files:,} files, root follows",
        lambda waiting: promote(waiting, repo.path),
        importing(repo),
        following(repo, twin),
        prepare=lambda number: with_twin(ready(repo, "main", path_of, number), twin),
        check=followed,
        rounds=ROUNDS,
    )


@pytest.mark.parametrize("files", [1_000, 50_000])
def test_from_workspace(bench: Bench, forest: Callable[..., TestRepo], files: int) -> None:
    """From the lane's own workspace, where unsaved work is looked for, too."""
    repo = forest(files)
    twin, where = twin_of(repo), workspace(repo)

    def prepare(number: int) -> Waiting:
        repo.commit("agent", contents(path_of, -number, range(6, 9)))
        target = move_on(repo, "main", path_of, -number)
        head = repo.lanes.head("agent")
        return with_twin(Waiting(repo, "agent", "main", head, target), twin)

    bench.compare(
        f"git lanes promote, {files:,} files, from its workspace",
        lambda waiting: promote(waiting, where),
        importing(repo),
        following(repo, twin),
        prepare=prepare,
        check=followed,
        rounds=ROUNDS,
    )


def promote(waiting: Waiting, where: Path) -> None:
    """Land the lane with the installed command, standing in `where`."""
    command = [git_side.LANES, "promote", waiting.lane]
    git_side.run(command, where, waiting.repo.environ)


def importing(repo: TestRepo) -> Side:
    """Return the import that every promotion needs; the bar is twice that."""
    run = git_side.importing
    return Side("import pygit2", lambda _: run("pygit2", repo.path, repo.environ), times=2)


def following(repo: TestRepo, twin: Path) -> Side:
    """Return git's step in a work tree that follows the same landing."""

    def read_tree(waiting: Waiting) -> None:
        command = ["git", "read-tree", "-m", "-u", waiting.target, BY_GIT]
        git_side.run(command, twin, repo.environ)

    return Side("read-tree -m -u", read_tree)


def landed_by_git(waiting: Waiting) -> Waiting:
    """Let git land the same on its own branch, to compare the trees."""
    waiting.with_git()
    return waiting


def with_twin(waiting: Waiting, twin: Path) -> Waiting:
    """Put the twin's files to the target before the landing."""
    waiting.repo.git("reset", "--quiet", "--hard", waiting.target, cwd=twin)
    return landed_by_git(waiting)


def followed(waiting: Waiting) -> None:
    """Assert that the landing is git's, and that the root's branch and files are there."""
    waiting.check()
    repo = waiting.repo
    assert repo.rev("refs/heads/main") == repo.lanes.head("main")
    assert repo.git("status", "--porcelain") == ""


def twin_of(repo: TestRepo) -> Path:
    """Return another work tree of the repository, at any commit."""
    twin = repo.path.with_name("twin")
    if not twin.exists():
        repo.git("worktree", "add", "--quiet", "--detach", str(twin))
    return twin


def workspace(repo: TestRepo) -> Path:
    """Return the workspace of lane 'agent'."""
    repo.lanes.new("agent", exist_ok=True)
    return repo.workspace("agent")
