"""A branch that comes in and goes out again, beside git's own fast-export and fast-import."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.kit.measuring import Bar, Bench, Side
from tests.support.repos import TestRepo


@pytest.mark.parametrize(("commits", "most"), [(200, 2_000), (10_000, 60_000)])
def test_round_trip(bench: Bench, forest: Callable[..., TestRepo], commits: int, most: int) -> None:
    """Import a branch as a lane and export that again, linear; the trees are the same."""
    size = commits
    commits = 20 if bench.quick else commits
    repo = forest(1_000, bare=True)

    def prepare(number: int) -> str:
        branch = f"in{size}-{number}"
        grow_branch(repo, branch, commits)
        return branch

    def ours(branch: str) -> None:
        repo.lanes.import_branch(branch)
        repo.lanes.export(branch, branch=f"out-{branch}", form="linear")

    def theirs(branch: str) -> None:
        git = ["git", "-C", str(repo.path)]
        names = ["--refspec", f"refs/heads/{branch}:refs/heads/git-{branch}"]
        told = subprocess.run(
            [*git, "fast-export", *names, f"main..{branch}"],
            env=repo.environ,
            capture_output=True,
            check=True,
        ).stdout
        subprocess.run([*git, "fast-import", "--quiet"], env=repo.environ, input=told, check=True)

    def check(branch: str) -> None:
        wanted = repo.git("log", "--format=%T", f"main..{branch}")
        assert len(wanted.split()) == commits
        assert repo.git("log", "--format=%T", f"main..out-{branch}") == wanted
        assert repo.git("log", "--format=%T", f"main..git-{branch}") == wanted

    bench.compare(
        f"import and export {commits:,} commits",
        ours,
        Side("fast-export and fast-import", theirs),
        prepare=prepare,
        check=check,
        bar=Bar(most, f"<= {most / 1000:g} s"),
        rounds=3,
    )


def grow_branch(repo: TestRepo, branch: str, commits: int) -> None:
    """Make a branch of commits with Change-Ids, each with a file of its own."""
    rows = []
    for number in range(1, commits + 1):
        message = f"{branch} {number}\n\nChange-Id: I{number:040x}\n"
        content = f"{branch} {number}\n"
        rows.append(
            f"commit refs/heads/{branch}\n"
            f"committer A <a@example.com> {1_700_000_000 + number} +0000\n"
        )
        rows.append(f"data {len(message)}\n{message}")
        rows += ["from refs/heads/main^0\n"] if number == 1 else []
        rows.append(
            f"M 100644 inline new/{number % 50}/{number}.txt\ndata {len(content)}\n{content}\n"
        )
    subprocess.run(
        ["git", "-C", str(Path(repo.path)), "fast-import", "--quiet"],
        env=repo.environ,
        input="".join(rows).encode(),
        check=True,
    )
