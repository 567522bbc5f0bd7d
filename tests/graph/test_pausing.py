"""Lanes that take no work for now, or none any more."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlanes import Negative, Refused
from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


@pytest.mark.parametrize("status", ["paused", "abandoned"])
def test_no_work_is_taken(repo: TestRepo, status: str) -> None:
    """Proposing, deciding and promoting are refused with the reason; nothing is lost."""
    place = repo.lane("auth", {"auth.py": "1\n"})
    repo.propose("auth", {"auth.py": "2\n"})
    repo.write({"auth.py": "3\n"}, place)
    (repo.lanes.pause if status == "paused" else repo.lanes.abandon)("auth", reason="see ada")
    for verb in (
        lambda: repo.lanes.propose("auth"),
        lambda: repo.lanes.commit("auth"),
        lambda: repo.lanes.accept("auth/2"),
        lambda: repo.lanes.promote("auth"),
    ):
        with pytest.raises(Refused, match=f"lane 'auth' is {status}: see ada"):
            verb()
    assert (place / "auth.py").read_text() == "3\n"
    repo.lanes.resume("auth")
    assert repo.lanes.accept("auth/2").attempt.status == "accepted"


def test_what_follows_is_given_up_with_it(repo: TestRepo) -> None:
    """Lanes that others follow are not abandoned alone; with them it is one operation."""
    for name, on in (("base", None), ("top", "base"), ("leaf", "top")):
        repo.lanes.new(name, on=on, workspace=False)
    with pytest.raises(Refused, match="lane 'base' is followed by top, leaf"):
        repo.lanes.abandon("base")
    made = repo.lanes.abandon("base", cascade=True, reason="no")
    assert (made.lanes, made.skipped) == (("base", "top", "leaf"), ())
    (operation,) = repo.lanes.operations(limit=1).operations
    assert [x.lane for x in operation.lanes] == ["base", "leaf", "top"]
    repo.lanes.resume("top")
    assert repo.lanes.abandon("top", cascade=True).skipped == ("leaf",)


def test_from_and_to(repo: TestRepo) -> None:
    """What is so already is a negative answer, and what cannot be so a refusal."""
    repo.lanes.new("auth", workspace=False)
    with pytest.raises(Negative, match="is active already"):
        repo.lanes.resume("auth")
    repo.lanes.pause("auth")
    with pytest.raises(Negative, match="is paused already"):
        repo.lanes.pause("auth")
    repo.lanes.abandon("auth")
    with pytest.raises(Refused, match="lane 'auth' is abandoned"):
        repo.lanes.pause("auth")
    with pytest.raises(Refused, match="lane 'main' is the repository's own"):
        repo.lanes.abandon("main")


def test_what_the_commands_say(repo: TestRepo, cli: Cli) -> None:
    """One line for each lane; the list shows what they are."""
    repo.lanes.new("auth", workspace=False)
    assert cli("pause", "auth", "--reason", "wait").out == "paused lane auth\n"
    assert "  paused " in cli("list").out
    assert cli("promote", "auth").err == (
        "error: lane 'auth' is paused: wait\nhint: bring it back with 'git lanes resume auth'\n"
    )
    assert cli("resume", "auth").out == "lane auth is active\n"
    assert cli("abandon", "auth").out == "abandoned lane auth\n"
