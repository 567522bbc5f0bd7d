"""Lanes that depend on lanes, as their users see it."""

from __future__ import annotations

from collections.abc import Callable

from tests.support.cli import Ran
from tests.support.repos import TestRepo

Cli = Callable[..., Ran]


def test_a_cycle_is_refused(repo: TestRepo, cli: Cli) -> None:
    """A cycle of two or three, or a lane on itself, is refused naming it; nothing is written."""
    cli("new", "a")
    cli("new", "b", "--on", "a")
    cli("new", "c", "--on", "b")
    before = repo.refs()
    for on, said in (("a", "a -> a"), ("b", "a -> b -> a"), ("c", "a -> c -> b -> a")):
        ran = cli("dep", "add", "a", "--on", on)
        assert ran.code == 128
        assert f"{said} would be a cycle" in ran.err
    assert repo.refs() == before
