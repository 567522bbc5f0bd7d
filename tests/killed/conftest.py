"""What tests of killed commands share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.crashing import Crashes


@pytest.fixture(scope="session")
def crashes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crashes]:
    """Runs commands in processes that kill themselves."""
    with Crashes(Path(tmp_path_factory.mktemp("crashes"))) as running:
        yield running
