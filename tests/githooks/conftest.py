"""The shells that hooks have to work under, and a repository with them in force."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.repos import TestRepo

HOOKS = Path(__file__).parents[2] / "hooks"
_EVERY = [x for x in (("dash",), ("bash", "--posix"), ("busybox", "sh")) if shutil.which(x[0])]
SHELLS = [
    pytest.param(x, id=x[0], marks=[pytest.mark.slow] if x[0] == "busybox" else []) for x in _EVERY
]

Hook = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> tuple[str, ...]:
    """One shell after the other."""
    found: tuple[str, ...] = request.param
    return found


@pytest.fixture
def hooked(make_repo: Callable[..., TestRepo]) -> TestRepo:
    """A repository that is adopted and has our hooks; `git lanes` is on its PATH."""
    repo = make_repo()
    repo.lanes.hook_install()
    return with_lanes(repo)


def with_lanes(repo: TestRepo) -> TestRepo:
    """Put `git lanes` of these sources onto the PATH of a repository's git."""
    import sys

    programs = repo.path.parent / "bin"
    programs.mkdir(exist_ok=True)
    program = programs / "git-lanes"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gitlanes "$@"\n')
    program.chmod(0o755)
    repo.environ["PATH"] = f"{programs}:{repo.environ['PATH']}"
    return repo
