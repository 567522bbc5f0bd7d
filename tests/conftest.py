"""Fixtures for all tests: a hermetic environment, repositories, the command line."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.cli import Ran, run_cli
from tests.support.repos import TestRepo

_CONFIG = """\
[user]
    name = Test Person
    email = person@example.com
[init]
    defaultBranch = main
[gc]
    auto = 0
[maintenance]
    auto = false
[protocol "file"]
    allow = always
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment in which git knows nothing of the machine that it runs on."""
    home = tmp_path / "home"
    home.mkdir()
    config = home / "gitconfig"
    config.write_text(_CONFIG)
    kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    return {
        **kept,
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / "xdg"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(config),
        "PYTHONPATH": str(Path(__file__).parent.parent),
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
    }


@pytest.fixture
def make_repo(tmp_path: Path, environ: dict[str, str]) -> Iterator[Callable[..., TestRepo]]:
    """A maker of repositories: ``make_repo(files, bare=…, adopted=…, name=…)``."""
    made: list[TestRepo] = []

    def make(files: object = None, *, name: str = "repo", **options: bool) -> TestRepo:
        repo = TestRepo.make(tmp_path / name, environ, files, **options)  # type: ignore[arg-type]
        made.append(repo)
        return repo

    yield make
    for repo in made:
        repo.close()


@pytest.fixture
def repo(make_repo: Callable[..., TestRepo]) -> TestRepo:
    """A small adopted repository: auth.py and src/app.py on branch main."""
    return make_repo()


@pytest.fixture
def cli(repo: TestRepo) -> Callable[..., Ran]:
    """`git lanes` in this process: ``cli("new", "auth")``, ``cli(…, cwd=path)``."""

    def run(*args: str, cwd: Path | None = None) -> Ran:
        return run_cli(cwd or repo.path, repo.environ, *args)

    return run
