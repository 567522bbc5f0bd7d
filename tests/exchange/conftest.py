"""What tests of several clones share."""

from __future__ import annotations

import pytest

from tests.support.clones import Clones, Make


@pytest.fixture
def clones(make_clones: Make) -> Clones:
    """Two clones that both have lane auth."""
    return make_clones(lanes=["auth"])
