"""Listings while others make, rename and delete lanes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gitlanes import NotFound, Raced, Repo
from gitlanes.lanes import listing
from gitlanes.store.view import View
from tests.support.repos import TestRepo


def again(repo: Repo) -> None:
    """Let another lane have the name."""
    repo.delete("auth", force=True)
    repo.new("auth", workspace=False)


@pytest.fixture
def amid(repo: TestRepo, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Let another process do something once, before or after a reading of all lanes."""

    def plan(what: Callable[[Repo], object], *, after: bool = False) -> None:
        real, todo = listing._read, [what]

        def read(*args: Any) -> Any:
            found = real(*args) if after else None
            while todo:
                with repo.open() as other:
                    todo.pop()(other)
            return found or real(*args)

        monkeypatch.setattr(listing, "_read", read)

    repo.lanes.new("auth", workspace=False)
    return plan


@pytest.mark.parametrize(
    ("what", "hint"),
    [
        (lambda repo: repo.delete("auth", force=True), "see 'git lanes list'"),
        (lambda repo: repo.rename("auth", "login"), "it is called 'login' now"),
    ],
)
def test_a_lane_that_goes_meanwhile(
    repo: TestRepo, amid: Callable[..., None], what: Callable[[Repo], object], hint: str
) -> None:
    """It is not found, as if it had gone before."""
    amid(what)
    with pytest.raises(NotFound, match="lane 'auth' not found") as missed:
        repo.lanes.lane("auth")
    assert missed.value.hint == hint


def test_a_lane_that_comes_meanwhile(repo: TestRepo, amid: Callable[..., None]) -> None:
    """One that another has taken the place of since all were read is looked for again."""
    amid(again, after=True)
    with pytest.raises(Raced, match="lane 'auth' was made anew meanwhile"):
        repo.lanes.status("auth")
    assert [x.name for x in repo.lanes.status("auth").lanes] == ["auth"]


def test_a_lane_that_is_made_just_now(repo: TestRepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between two looks at its journal it comes to be there: it is no damaged one."""
    real, todo = View.find, ["auth"]

    def find(view: View, name: str) -> Any:
        if name in todo:
            todo.clear()
            with repo.open() as other:
                other.new("auth", workspace=False)
            return None
        return real(view, name)

    monkeypatch.setattr(View, "find", find)
    assert repo.lanes.head("auth") == repo.lanes.head("main")
