"""What tests of several clones share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.clones import Clones

Make = Callable[..., Clones]


@pytest.fixture
def make_clones(tmp_path: Path, environ: dict[str, str]) -> Iterator[Make]:
    """A maker of clones: ``make_clones("abc", lanes=["auth"])``."""
    made: list[Clones] = []

    def make(names: str = "ab", **how: Any) -> Clones:
        made.append(Clones(tmp_path / "clones", environ, names, **how))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def clones(make_clones: Make) -> Clones:
    """Two clones that both have lane auth."""
    return make_clones(lanes=["auth"])
