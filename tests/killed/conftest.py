"""What tests of killed commands share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("tests.killed.scenes")

from tests.support.crashing import Crashes  # noqa: E402 - the modules named above come after


@pytest.fixture(scope="session")
def crashes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crashes]:
    """Runs commands in processes that kill themselves."""
    with Crashes(Path(tmp_path_factory.mktemp("crashes"))) as running:
        yield running
