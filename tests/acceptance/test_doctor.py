"""What killed processes leave: named by `doctor`, mended by `--fix`, gone on the second run."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.cli import Ran, spawn_cli
from tests.support.crashing import Crashes
from tests.support.repos import TestRepo


@pytest.fixture(scope="module")
def crashes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crashes]:
    """Runs commands in processes that kill themselves."""
    with Crashes(Path(tmp_path_factory.mktemp("crashes"))) as running:
        yield running


def dead_agent(repo: TestRepo, crashes: Crashes) -> None:
    """Let an agent claim a workspace and die."""
    del crashes
    repo.lane("claimed")
    agent = subprocess.Popen(["sleep", "1000"])
    args = ("workspace", "claim", "claimed", "--agent", "bob", "--pid", str(agent.pid))
    assert spawn_cli(repo.path, repo.environ, *args).code == 0
    agent.kill()
    agent.wait()


def dirty_marker(repo: TestRepo, crashes: Crashes) -> None:
    """Let a promotion die between the lane's head and the files that follow it."""
    repo.lane("landed", {"auth.py": "better\n", "new.txt": "new\n"})
    _killed_before(repo, crashes, "git read-tree", "promote", "landed")
    assert not (repo.path / "new.txt").exists()


def half_done(repo: TestRepo, crashes: Crashes) -> None:
    """Let a proposal die when all that it moves is written down, and nothing has moved."""
    repo.write({"work.txt": "work\n"}, repo.lane("proposed"))
    _killed_before(repo, crashes, "git update-ref", "propose", "proposed", "-m", "work")
    assert (repo.path / ".git/lanes/pending").exists()


def _killed_before(repo: TestRepo, crashes: Crashes, step: str, *args: str) -> None:
    assert crashes.run(repo.path, repo.environ, *args, before=step).killed


# What leaves it, and the names of all that is found then.
ALL: dict[str, tuple[Callable[[TestRepo, Crashes], None], tuple[str, ...]]] = {
    "stale-lock": (dead_agent, ("stale-lock",)),
    "dirty-marker": (dirty_marker, ("dirty-marker",)),
    "interrupted-operation": (half_done, ("interrupted-operation", "dirty-marker", "leftover")),
}


def doctor(repo: TestRepo, *args: str) -> Ran:
    """Run `git lanes doctor` in a process of its own."""
    return spawn_cli(repo.path, repo.environ, "doctor", *args)


def named(ran: Ran) -> list[str]:
    """Return the names of the checks that found something, in the order told."""
    lines = ran.out.splitlines()
    return [x.partition(":")[0] for x in lines if not x.startswith("  ")]


@pytest.mark.parametrize("name", ALL)
def test_what_a_dead_process_left(name: str, repo: TestRepo, crashes: Crashes) -> None:
    """Each is named with exit 1, mended by --fix, and gone on the second run."""
    assert doctor(repo).code == 0
    leave, expected = ALL[name]
    leave(repo, crashes)
    for _ in range(2):  # looking mends nothing
        found = doctor(repo)
        assert (found.code, tuple(named(found)), found.err) == (1, expected, "")
        assert "hint: run with --fix to" in found.out
    fixed = doctor(repo, "--fix")
    assert (fixed.code, fixed.out.count("  mended: ")) == (0, len(named(fixed)))
    assert name in named(fixed)
    again = doctor(repo)
    assert (again.code, again.out, again.err) == (0, "", "nothing is wrong: 30 checks\n")
    repo.fsck()


def test_all_of_it_at_once(repo: TestRepo, crashes: Crashes) -> None:
    """All three together are named and mended in one run, and all work goes on."""
    for leave, _ in ALL.values():
        leave(repo, crashes)
    found = doctor(repo, "--json")
    assert found.code == 1
    assert set(ALL) < {x["check"] for x in found.json["findings"]}
    assert all(x["fixable"] for x in found.json["findings"])
    fixed = doctor(repo, "--fix", "--json")
    assert (fixed.code, fixed.json["sound"]) == (0, True)
    assert all(x["done"] for x in fixed.json["findings"])
    assert doctor(repo).code == 0
    assert (repo.path / "new.txt").read_text() == "new\n"
    assert repo.git("status", "--porcelain") == ""
    claim = ("workspace", "claim", "claimed", "--agent", "eve")
    assert spawn_cli(repo.path, repo.environ, *claim).code == 0
    proposed = spawn_cli(repo.path, repo.environ, "commit", "proposed", "-m", "work")
    assert proposed.code == 0, proposed.err
    repo.fsck()
