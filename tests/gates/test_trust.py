"""`git lanes trust`: what would run is shown, and the exact text is remembered."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest

from gitlanes import Negative, Refused, Waiver
from tests.gates.test_flow import NO_BAD
from tests.support.cli import Ran, spawn_cli
from tests.support.gates import gate, set_gates, text_of
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def test_showing_trusting_and_taking_back(repo: TestRepo, cli: Cli) -> None:
    """Each says what it did; the file holds the SHA-256 of the text, one a line."""
    command = gate("g", "echo '\x1b[2J'")
    set_gates(repo, command, trusted=False)
    head = repo.rev("main")[:12]
    shown = "g: sh -c 'echo '\"'\"'\\x1b[2J'\"'\"''\n"
    assert cli("trust", "--show") == Ran(1, f"{shown}'main' at {head}: not trusted\n", "")
    assert cli("trust", "--yes") == Ran(0, f"'main' at {head}: trusted\n", shown)
    digest = hashlib.sha256(text_of(command).encode()).hexdigest()
    assert (repo.path / ".git/lanes/trusted").read_text() == f"{digest}\n"
    assert cli("trust", "--show") == Ran(0, f"{shown}'main' at {head}: trusted\n", "")
    assert cli("trust", "--revoke") == Ran(0, f"'main' at {head}: not trusted\n", "")
    assert (repo.path / ".git/lanes/trusted").read_text() == ""
    assert cli("trust", "--revoke").code == 1


def test_it_asks_first(repo: TestRepo) -> None:
    """Without a terminal it wants --yes."""
    set_gates(repo, NO_BAD, trusted=False)
    done = spawn_cli(repo.path, repo.environ, "trust")
    assert (done.code, done.err.splitlines()[-1]) == (128, "hint: use --yes")
    assert not repo.lanes.trusted().trusted


def test_what_runs_nothing_needs_no_trust(repo: TestRepo, cli: Cli) -> None:
    """Policy alone is in force at once, and there is nothing to trust."""
    set_gates(repo, policy={"protected": ["x"]})
    assert cli("trust", "--yes") == Ran(
        1,
        "",
        "error: '.gitlanes.toml' in lane 'main' runs nothing\nhint: there is nothing to trust\n",
    )
    repo.work("auth", {"auth.py": "1\n"})
    with pytest.raises(Refused, match="protected"):
        repo.commit("auth", {"x": "1\n"})


def test_people_s_newest_commit_is_what_is_trusted(repo: TestRepo, cli: Cli) -> None:
    """What the branch has beyond the lane is shown without moving anything, then taken in."""
    repo.save({".gitlanes.toml": text_of(NO_BAD)})
    refs = repo.refs()
    assert cli("trust", "--show").code == 1
    assert repo.refs() == refs
    assert cli("trust", "--yes").code == 0
    assert repo.lanes.head("main") == repo.rev("main")


def test_another_lane_s_text(repo: TestRepo) -> None:
    """A target with a text of its own is trusted by its name, and only as it was read."""
    repo.lane("stage")
    repo.write({".gitlanes.toml": text_of(gate("own", "true"))}, repo.workspace("stage"))
    repo.lanes.commit("stage", message="w", waiver=Waiver(allow_protected=True))
    found = repo.lanes.trusted("stage")
    assert (found.trusted, found.commands) == (False, (("own", "sh -c true"),))
    repo.lane("auth", {"auth.py": "1\n"})
    with pytest.raises(Refused, match="'stage' is not trusted"):
        repo.lanes.promote("auth", into="stage")
    with pytest.raises(Refused, match="changed meanwhile"):
        repo.lanes.trust("stage", text="0" * 64)
    repo.lanes.trust("stage", text=found.text)
    repo.lanes.promote("auth", into="stage")
    with pytest.raises(Negative):
        repo.lanes.trust("main")
