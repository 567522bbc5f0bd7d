"""Fixtures for all tests: a hermetic environment, repositories, the command line."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support.cli import Ran, run_cli
from tests.support.clones import Clones, Make
from tests.support.repos import Content, TestRepo
from tests.support.templates import ClonesTemplates, Templates

# What tests need of the machine; each process that they start is given all of it.
_KEPT = ("PATH", "TMPDIR", "PYTHON", "VIRTUAL_ENV", "HYPOTHESIS", "GITLANES_TEST", "LD_", "COV_")

# How long a busy machine takes to make an example says nothing.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

# With it Python would compile our modules anew in each process that a test starts.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

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


def pytest_xdist_auto_num_workers() -> int:
    """Use one process more than there are cores: tests wait for processes a good deal."""
    return (os.cpu_count() or 1) + 1


def pytest_collection_finish() -> None:
    """Let Python's collector pass over what pytest keeps of all tests until the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True, scope="session")
def _ctrl_c() -> None:
    """Let Ctrl-C interrupt, as tests need it: who starts them in the background ignores it."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """An environment in which git knows nothing of the machine that it runs on."""
    home = tmp_path / "home"
    home.mkdir()
    config = home / "gitconfig"
    config.write_text(_CONFIG)
    kept = {key: value for key, value in os.environ.items() if key.startswith(_KEPT)}
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


@pytest.fixture(scope="session")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """The repositories that those of tests are copied from."""
    return Templates(tmp_path_factory.mktemp("templates"))


@pytest.fixture
def make_repo(
    tmp_path: Path, environ: dict[str, str], templates: Templates
) -> Iterator[Callable[..., TestRepo]]:
    """A maker of repositories: ``make_repo(files, bare=…, adopted=…, name=…)``."""
    made: list[TestRepo] = []

    def make(
        files: Mapping[str, Content] | None = None,
        *,
        name: str = "repo",
        bare: bool = False,
        adopted: bool = True,
    ) -> TestRepo:
        # A bare one is a clone, which knows where it came from.
        maker = partial(TestRepo.make, bare=True) if bare else templates.copy
        repo = maker(tmp_path / name, environ, files, adopted=adopted)
        made.append(repo)
        return repo

    yield make
    for repo in made:
        repo.close()


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
def repo(make_repo: Callable[..., TestRepo]) -> TestRepo:
    """A small adopted repository: auth.py and src/app.py on branch main."""
    return make_repo()


@pytest.fixture
def cli(repo: TestRepo) -> Callable[..., Ran]:
    """`git lanes` in this process: ``cli("new", "auth")``, ``cli(…, cwd=path)``."""

    def run(*args: str, cwd: Path | None = None) -> Ran:
        return run_cli(cwd or repo.path, repo.environ, *args)

    return run
