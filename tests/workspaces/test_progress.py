"""What is told of work that takes long."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from gitlanes.git import staging
from gitlanes.landing.promote import promote
from gitlanes.lanes import lifecycle
from gitlanes.review import propose
from gitlanes.store.lane_repo import LaneRepo
from gitlanes.workspaces import snapshots
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


@pytest.mark.parametrize("verb", [propose.commit, snapshots.snapshot])
def test_files_are_counted_while_they_are_read(
    repo: TestRepo, verb: Callable[[LaneRepo, str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a commit or a snapshot takes in is told in portions, up to the last file."""
    monkeypatch.setattr(staging, "_AT_ONCE", 20)
    repo.write(FILES, repo.lane("full"))
    told: list[tuple[str, int, int]] = []
    with repo.inner() as inner:
        inner.progress = lambda *step: told.append(step)
        verb(inner, "full")
    read = [(done, total) for what, done, total in told if what == "reading files"]
    assert read == [(0, 50), (20, 50), (40, 50), (50, 50)]
