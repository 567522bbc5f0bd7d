"""What agents that were run here left beside the objects: prompts, logs, what was noted of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes.git import locks
from gitlanes.git.replacing import replace_file
from gitlanes.models.epochs import Remains
from gitlanes.models.fleet import LIVE, RUNS

if TYPE_CHECKING:
    from gitlanes.epochs.secret import Secret
    from gitlanes.store.lane_repo import LaneRepo

_HOW = "its agent has not ended: git lanes kill it, then git lanes purge of the same secret"


def holding(repo: LaneRepo, secret: Secret) -> list[str]:
    """Return the ids of runs with the secret in a file of theirs."""
    every = sorted((repo.state_directory / RUNS).glob("*/"))
    return [x.name for x in every if any(_files(x, secret))]


def clean(repo: LaneRepo, secret: Secret) -> None:
    """Take it out of the files of those that have ended."""
    for name in holding(repo, secret):
        directory = repo.state_directory / RUNS / name
        if _has_ended(directory):
            for file, data in _files(directory, secret):
                replace_file(file, secret.without(data))


def remains(repo: LaneRepo, runs: list[str]) -> Iterator[Remains]:
    """Yield those of some runs that are at work, or wait for that: their files are in use."""
    for name in runs:
        if not _has_ended(repo.state_directory / RUNS / name):
            yield Remains("run", name, _HOW)


def _files(directory: Path, secret: Secret) -> Iterator[tuple[Path, bytes]]:
    for file in sorted(x for x in directory.rglob("*") if x.is_file()):
        with suppress(OSError):
            if secret.within(data := file.read_bytes()):
                yield file, data


def _has_ended(directory: Path) -> bool:
    try:
        status = json.loads((directory / "state.json").read_bytes())["status"]
    except (OSError, ValueError, KeyError, TypeError):
        status = None
    return status not in LIVE and locks.holder(directory / "lock") is None
