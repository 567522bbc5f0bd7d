"""Fixtures for tests in a real terminal."""

from __future__ import annotations

import itertools
import os
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.repos import TestRepo
from tests.terminal.screen import Screen, bash

# A server of tmux's that is ending still has its name.
_NUMBERS = itertools.count()
_MANUAL = Path(__file__).parent.parent.parent / "docs/git-lanes.1"
# What would make this terminal another one.
_UNSET = ("PAGER", "LESS", "LV", "NO_COLOR", "TMUX", "TERMINFO", "COLUMNS", "LINES", "MANROFFOPT")


@pytest.fixture
def installed(tmp_path: Path, repo: TestRepo) -> TestRepo:
    """The repository, with `git-lanes` and its manual page where git finds them."""
    commands, manuals = tmp_path / "bin", tmp_path / "share/man/man1"
    commands.mkdir()
    script = commands / "git-lanes"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gitlanes "$@"\n')
    script.chmod(0o755)
    manuals.mkdir(parents=True)
    shutil.copy(_MANUAL, manuals)
    for name in _UNSET:
        repo.environ.pop(name, None)
    repo.environ.update(
        PATH=f"{commands}:{os.environ['PATH']}",
        MANPATH=str(manuals.parent),
        TERM="screen-256color",
        LESSHISTFILE="-",
    )
    return repo


@pytest.fixture
def screens(installed: TestRepo) -> Iterator[Callable[..., Screen]]:
    """A maker of terminals: ``screens("NO_COLOR=1")``, ``screens(shell="fish")``."""
    if shutil.which("tmux") is None:
        pytest.skip("there is no tmux")
    opened: list[Screen] = []

    def make(*settings: str, shell: str | None = None) -> Screen:
        name = f"gitlanes-{os.getpid()}-{next(_NUMBERS)}"
        screen = Screen(name, installed.path, installed.environ, shell or bash(*settings))
        opened.append(screen)
        screen.wait("$")
        return screen

    yield make
    for screen in opened:
        screen.close()
