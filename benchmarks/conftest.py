"""Fixtures for the benchmarks, their options, and the table at the end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from benchmarks.kit.environment import hermetic
from benchmarks.kit.forests import grow, grow_wide
from benchmarks.kit.measuring import Bench, Row
from benchmarks.kit.table import lines
from tests.support.repos import TestRepo

_ROWS = pytest.StashKey[list[Row]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add ``--quick``."""
    parser.addoption("--quick", action="store_true", help="small sizes, one round: does it work?")


def pytest_configure(config: pytest.Config) -> None:
    """Begin with an empty table."""
    config.stash[_ROWS] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Allow for the making of large repositories."""
    for item in items:
        item.add_marker(pytest.mark.timeout(1800))


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the table."""
    rows = config.stash[_ROWS]
    if rows:
        quick = config.getoption("--quick")
        sizes = " (quick: the sizes named here were not built)" if quick else ""
        terminalreporter.section("ours beside git's" + sizes)
        terminalreporter.write_line("\n".join(lines(rows)))


@pytest.fixture(scope="session")
def quick(pytestconfig: pytest.Config) -> bool:
    """Whether only to see that everything works."""
    return bool(pytestconfig.getoption("--quick"))


@pytest.fixture(scope="session")
def size(quick: bool) -> Callable[[int], int]:
    """A number of things to build, made small where speed does not matter."""
    return (lambda number: min(number, 300)) if quick else (lambda number: number)


@pytest.fixture
def bench(benchmark: Any, pytestconfig: pytest.Config, quick: bool) -> Bench:
    """The measuring of one comparison."""
    return Bench(benchmark, pytestconfig.stash[_ROWS], quick=quick)


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all the repositories are."""
    return tmp_path_factory.mktemp("forests")


@pytest.fixture(scope="session")
def environ(place: Path) -> dict[str, str]:
    """An environment in which git knows nothing of the machine that it runs on."""
    return hermetic(place / "home")


@pytest.fixture(scope="session")
def forest(
    place: Path, environ: dict[str, str], size: Callable[[int], int]
) -> Iterator[Callable[..., TestRepo]]:
    """A maker of adopted repositories, ``forest(files, bare=…)``; each is made once."""
    made: dict[tuple[int, bool], TestRepo] = {}

    def find(files: int, *, bare: bool = False) -> TestRepo:
        if (files, bare) not in made:
            path = place / f"{files}{'-bare' if bare else ''}" / "repo"
            made[files, bare] = grow(path, environ, size(files), bare=bare)
        return made[files, bare]

    yield find
    for repo in made.values():
        repo.close()


@pytest.fixture(scope="session")
def wide(place: Path, environ: dict[str, str], quick: bool) -> Iterator[tuple[TestRepo, int]]:
    """An adopted bare repository of a million files, and its side: a hundred."""
    side = 10 if quick else 100
    repo = grow_wide(place / "wide", environ, side)
    yield repo, side
    repo.close()
