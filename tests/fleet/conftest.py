"""A fleet of scripted agents in a repository of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.agents import Fleet, fleet_of
from tests.support.repos import TestRepo


@pytest.fixture
def fleet(repo: TestRepo) -> Iterator[Fleet]:
    """A repository whose agents are scripts; nothing of theirs is left at the end."""
    with fleet_of(repo) as (made,):
        yield made
