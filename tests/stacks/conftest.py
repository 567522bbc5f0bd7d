"""A lane with a few changes, each a file of its own."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.repos import TestRepo

Work = Callable[..., list[str]]


@pytest.fixture
def work(repo: TestRepo) -> Work:
    """A maker of changes: ``work("abc")`` commits a.txt, b.txt, c.txt; it returns Change-Ids."""

    def make(names: str, lane: str = "auth") -> list[str]:
        if lane not in {x.name for x in repo.lanes.lanes().lanes}:
            repo.lane(lane)
        found = []
        for name in names:
            made = repo.commit(lane, {f"{name}.txt": f"{name}\n"}, f"Add {name}")
            found.append(str(repo.inner().view.attempt(made).change_id))
        return found

    return make
