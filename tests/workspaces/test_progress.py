"""What is told of work that takes long."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlanes.landing.promote import promote
from gitlanes.lanes import lifecycle
from gitlanes.store.lane_repo import LaneRepo
from gitlanes.workspaces.restoring import restore
from gitlanes.workspaces.switching import switch
from gitlanes.workspaces.updating import update
from tests.support.repos import TestRepo

FILES = {f"files/{x}": f"{x}\n" for x in range(50)}

VERBS: dict[str, Callable[[LaneRepo], object]] = {
    "new": lambda repo: lifecycle.new(repo, "third", start="full"),
    "update": lambda repo: update(repo, "empty", to="full"),
    "switch": lambda repo: switch(repo, "spare", workspace="empty"),
    "restore": lambda repo: restore(repo, "full", "empty"),
    "following": lambda repo: promote(repo, "full"),
}


@pytest.mark.parametrize("verb", VERBS)
def test_files_are_counted_while_they_are_written(repo: TestRepo, verb: str) -> None:
    """Git's own count of the files reaches whoever watches, up to the last one."""
    repo.lane("full", FILES)
    repo.lane("empty")
    repo.lanes.new("spare", start="full", workspace=False)
    told: list[tuple[str, int, int]] = []
    with repo.inner() as inner:
        inner.progress = lambda *step: told.append(step)
        VERBS[verb](inner)
    written = [(done, total) for what, done, total in told if what == "writing files"]
    assert written[-1] in {(50, 50), (52, 52)}
