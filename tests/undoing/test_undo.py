"""Each kind of operation is taken back exactly, or refused with the reason."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

from gitlanes import Collision, LanesError, Negative, Refused
from gitlanes.models.plain import plain
from tests.support.repos import TestRepo

# What an undo leaves as it is: numbers that were given out, and what was used up.
_STAYS = ("next", "spent")


def told(repo: TestRepo) -> dict[str, Any]:
    """Return {lane: its record but for what stays} of all lanes that there are."""
    found = {}
    for state in repo.inner().view.lanes():
        record = plain(state.record)
        found[state.record.name] = {x: y for x, y in record.items() if x not in _STAYS}
    return found


Act = Callable[[TestRepo], object]

ACTS: dict[str, Act] = {
    "new": lambda r: r.lanes.new("fresh"),
    "commit": lambda r: r.commit("auth", {"auth.py": "2\n"}),
    "propose": lambda r: r.propose("auth", {"auth.py": "2\n"}),
    "accept": lambda r: r.lanes.accept("auth/2"),
    "reject": lambda r: r.lanes.reject("auth/2"),
    "promote into a lane": lambda r: r.lanes.promote("auth", into="side"),
    "squash": lambda r: r.lanes.promote("auth", into="side", mode="squash"),
    "replay": lambda r: r.lanes.promote("auth", into="side", mode="replay"),
    "left open": lambda r: r.lanes.promote("auth", into="side", propose=True),
    "sync": lambda r: r.lanes.sync("auth", onto="side"),
    "edit": lambda r: r.lanes.edit("auth", description="what it is", meta={"k": "v"}),
    "rename": lambda r: r.lanes.rename("auth", "login"),
    "delete": lambda r: r.lanes.delete("side", force=True),
    "archive": lambda r: r.lanes.archive("side"),
    "pause": lambda r: r.lanes.pause("auth"),
    "abandon": lambda r: r.lanes.abandon("auth"),
    "follow": lambda r: r.lanes.follow("auth", "side"),
    "amend": lambda r: r.lanes.amend("auth", message="better"),
}


@pytest.fixture
def two(repo: TestRepo) -> TestRepo:
    """Two lanes with a commit each, the first with an open attempt of its own."""
    repo.lane("auth", {"auth.py": "1\n"})
    repo.lane("side", {"side.txt": "1\n"})
    return repo


@pytest.mark.parametrize("name", ACTS)
def test_each_kind_is_undone_and_done_again(two: TestRepo, name: str) -> None:
    """Records and heads are as before, and after a redo as they were made."""
    if name in ("accept", "reject"):
        two.propose("auth", {"auth.py": "2\n"})
    before = told(two)
    ACTS[name](two)
    made = told(two)
    assert made != before
    two.lanes.undo()
    assert told(two) == before
    two.lanes.redo()
    assert told(two) == made
    two.lanes.undo()
    assert told(two) == before
    assert "error" not in two.git("fsck", "--strict")
