"""Lanes whose directories come from the warm pool, and several that are set up at once."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.kit import git_side
from benchmarks.kit.forests import change, path_of
from benchmarks.kit.landings import contents
from benchmarks.kit.measuring import BY_SIDES, NO_BAR, Bar, Bench, Side
from benchmarks.test_new import discard
from tests.support.repos import TestRepo

VENV = ["python3", "-m", "venv", "--without-pip", ".venv"]
ORDERED = f"[workspace]\nsetup = [{VENV}]\nports = ['PORT']\n"


@pytest.mark.parametrize(("files", "bar"), [(1_000, NO_BAR), (50_000, BY_SIDES)])
def test_new_from_the_pool(
    bench: Bench, forest: Callable[..., TestRepo], files: int, bar: Bar
) -> None:
    """Ours takes a kept directory and writes three files; git's has all of them to write."""
    repo = forest(files)
    repo.git("config", "lanes.pool", "1")
    repo.close()  # it would know the settings as they were
    theirs = repo.path.with_name("pool-by-git")
    repo.lanes.new("fresh")
    head = repo.lanes.head("main")

    def prepare(number: int) -> str:
        repo.lanes.delete("fresh")
        return change(repo, head, contents(path_of, number, range(3)))

    def with_git(commit: str) -> None:
        add = ["git", "worktree", "add", "--quiet", "--detach", str(theirs), commit]
        git_side.run(add, repo.path, repo.environ)

    def check(_: str) -> None:
        ours = repo.workspace("fresh")
        assert (ours / path_of(0)).read_bytes() == (theirs / path_of(0)).read_bytes()
        assert repo.git("status", "--porcelain", cwd=ours) == ""
        discard(repo, theirs)

    bench.compare(
        f"new lane from the pool, {files:,} files, 3 of them others, in process",
        lambda commit: repo.lanes.new("fresh", start=commit),
        Side("git worktree add", with_git, times=0.2),
        prepare=prepare,
        check=check,
        bar=bar,
        rounds=5,
    )
    repo.lanes.delete("fresh")
    repo.git("config", "lanes.pool", "0")
    repo.close()
    repo.lanes.gc(older_than=0)


def test_five_at_once(bench: Bench, place: Path, environ: dict[str, str]) -> None:
    """Five commands at the same time, beside git and the same set-up one after another."""
    files = {path_of(x): f"{x}\n" * 100 for x in range(1_000)}
    repo = TestRepo.make(place / "five" / "repo", environ, {**files, ".gitlanes.toml": ORDERED})
    repo.lanes.trust()
    names = [f"lane-{x}" for x in range(5)]

    def five(_: int) -> None:
        command = [sys.executable, "-m", "gitlanes", "new"]
        every = [
            subprocess.Popen(
                [*command, name], cwd=repo.path, env=repo.environ, stdout=subprocess.DEVNULL
            )
            for name in names
        ]
        assert [x.wait() for x in every] == [0] * len(names)

    def by_hand(_: int) -> None:
        for name in names:
            where = repo.path.with_name(name)
            add = ["git", "worktree", "add", "--quiet", "--detach", str(where), "main"]
            git_side.run(add, repo.path, repo.environ)
            git_side.run(VENV, where, repo.environ)

    def check(_: int) -> None:
        for name in names:
            assert (repo.workspace(name) / ".venv/bin/python").exists()
            repo.lanes.delete(name, force=True)
            discard(repo, repo.path.with_name(name))

    bench.compare(
        "five lanes at once, each with a virtual environment",
        five,
        Side("the same by hand", by_hand, times=1.5),
        check=check,
        rounds=3,
    )
    repo.close()
