"""What tests of several clones share."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from tests.support.clones import Clones
from tests.support.templates import ClonesTemplates

Make = Callable[..., Clones]


@pytest.fixture(scope="session")
def clones_templates(tmp_path_factory: pytest.TempPathFactory) -> ClonesTemplates:
    """The clones that those of tests are copied from."""
    return ClonesTemplates(tmp_path_factory.mktemp("clones"))


@pytest.fixture
def make_clones(
    tmp_path: Path, environ: dict[str, str], clones_templates: ClonesTemplates
) -> Iterator[Make]:
    """A maker of clones: ``make_clones("abc", lanes=["auth"])``."""
    made: list[Clones] = []

    def make(names: str = "ab", lanes: Sequence[str] = ()) -> Clones:
        made.append(clones_templates.copy(tmp_path / "clones", environ, names, lanes))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def clones(make_clones: Make) -> Clones:
    """Two clones that both have lane auth."""
    return make_clones(lanes=["auth"])
