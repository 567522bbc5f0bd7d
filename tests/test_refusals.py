"""Refusals word for word: each is one line that names the thing, and a hint; nothing moves."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]
Refuses = Callable[..., None]


@pytest.fixture
def refuses(repo: TestRepo, cli: Cli) -> Iterator[Refuses]:
    """A checker: ``refuses(args, code, said)``; at the end every ref is where it was."""
    repo.lane("auth", {"auth.py": "better\n"})
    repo.propose("auth", {"auth.py": "best\n"})
    before = repo.refs()

    def check(args: tuple[str, ...], code: int, said: str) -> None:
        done = cli(*args)
        assert (args, done) == (args, Ran(code, "", said))

    yield check
    assert repo.refs() == before


BAD_AGENTS = {
    "x" * 5000: "x" * 60,
    "a\udcffb": "a\\udcffb",
    "a\x1b[31mb": "a\\x1b[31mb",
    "a\nb": "a\\nb",
    " ": " ",
}


@pytest.mark.parametrize("agent", BAD_AGENTS)
def test_bad_agents(repo: TestRepo, refuses: Refuses, agent: str) -> None:
    """An agent that could not be told is recorded by no verb."""
    repo.write({"auth.py": "edited\n"}, repo.workspace("auth"))
    for args in (
        ("commit", "auth", "-m", "x", "--agent", agent),
        ("commit", "auth", "--amend", "--agent", agent),
        ("propose", "auth", "-m", "x", "--agent", agent),
        ("promote", "auth", "--agent", agent),
        ("new", "other", "--agent", agent),
        ("workspace", "claim", "auth", "--agent", agent),
        ("accept", "auth/2", "--by", agent),
        ("reject", "auth/2", "--by", agent),
    ):
        refuses(
            args,
            129,
            f"error: bad agent id '{BAD_AGENTS[agent]}'\n"
            "hint: use printable characters, at most 200 of them\n",
        )
