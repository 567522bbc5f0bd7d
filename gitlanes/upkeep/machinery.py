"""Checks of what gitlanes and git work with: locks, operations under way, files, settings."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes import clock
from gitlanes.errors import CorruptRecord
from gitlanes.git import locks, worktrees
from gitlanes.models.health import WARNING
from gitlanes.store import layout, pending
from gitlanes.store.transaction import locked
from gitlanes.upkeep.survey import Problem, Survey, problem, saying

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# A lock this old, in seconds, is not held by a command that is about to end.
_SETTLED = 2.0
_LOCAL = "move the repository to a local file system: NFS, SMB and 9p may lack locks"


def file_locks(survey: Survey) -> Iterator[Problem]:
    """Try whether locks keep others out where the repository lies."""
    directory = survey.repo.state_directory
    place = directory if directory.is_dir() else Path(survey.repo.place.common_dir)
    if not locks.work_here(place, survey.repo.git):
        locks.forget(place)
        yield problem(f"file locks do not work in '{place}'", str(place), _LOCAL)


def operations(survey: Survey) -> Iterator[Problem]:
    """Find an operation that was interrupted before all its refs had moved."""
    repo = survey.repo
    if not pending.exists(repo.state_directory) or not survey.idle:
        return
    path = str(repo.state_directory / "pending")
    try:
        found = pending.read(repo.state_directory)
    except CorruptRecord as error:
        yield problem(
            error.message, path, "set it aside as 'pending.damaged'", partial(_set_aside, repo)
        )
        return
    if found is not None:
        names = ", ".join(move.name for move in (*found.moves, *found.drops)) or found.worktree
        yield problem(
            f"an operation was interrupted while it moved {names}",
            path,
            "finish it, or forget it if nothing had moved",
            partial(_recovered, repo),
        )


def _recovered(repo: LaneRepo) -> str:
    with saying(repo) as said, locked(repo):
        pass  # whoever takes the lock finishes what was interrupted
    return "finished or forgot it" + (f", but {said[0]}" if said else "")


def _set_aside(repo: LaneRepo) -> str:
    with locks.hold(repo.state_directory / "lock", "the repository", timeout=0):
        pending.set_aside(repo.state_directory)
    return "set it aside as 'pending.damaged'; check 'head' tells what it had moved"


def git_locks(survey: Survey) -> Iterator[Problem]:
    """Find lock files of git that nobody seems to hold; only git's user can know for certain."""
    if pending.exists(survey.repo.state_directory):
        return  # it names its locks, and whoever finishes it removes them
    for path in _git_locks(survey):
        if _is_old(path) and survey.quiet:
            yield problem(
                f"lock file '{path}' was left by a git command that was killed",
                str(path),
                "make sure that no git command runs in this repository, then delete that file",
            )


def _git_locks(survey: Survey) -> Iterator[Path]:
    common = Path(survey.repo.place.common_dir)
    for prefix in layout.OURS:
        yield from sorted(common.joinpath(prefix).rglob("*.lock"))
    yield common / "packed-refs.lock"
    for spot, state in survey.known:
        own = state.step.locks if state.step else ()  # named in its marker, and removed with it
        yield from (
            path
            for name in ("index.lock", "HEAD.lock")
            if str(path := Path(spot.git_dir, name)) not in own
        )


def _is_old(path: Path) -> bool:
    try:
        return abs(clock.now() - path.stat().st_mtime) > _SETTLED
    except OSError:
        return False


def leftovers(survey: Survey) -> Iterator[Problem]:
    """Find temporary files that a killed command left: they harm nobody, and nobody uses them."""
    repo = survey.repo
    if survey.idle:
        directory = repo.state_directory
        yield from map(partial(_left, repo, str(directory / "lock")), _temporary(directory))
        yield from map(partial(_begun, repo), _beginnings(survey))
    for spot, _ in survey.known:
        if spot.idle:
            lock = os.path.join(spot.git_dir, "lanes.lock")
            yield from map(partial(_left, repo, lock), _temporary(Path(spot.git_dir)))


def _temporary(directory: Path) -> list[Path]:
    if directory.name == "lanes":
        return [*sorted(directory.glob("*.new")), *directory.glob("trash")]
    return sorted([*directory.glob("lanes*.new"), *directory.glob("lanes-index*")])


def _left(repo: LaneRepo, lock: str, path: Path) -> Problem:
    def delete() -> str:
        with locked(repo) if path.parent == repo.state_directory else _held(lock):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
        return "deleted it"

    what = f"'{path}' was left by a command that was killed"
    return problem(what, str(path), "delete it", delete, severity=WARNING)


def _held(lock: str) -> AbstractContextManager[int]:
    return locks.hold(lock, "the workspace", timeout=0)


def _beginnings(survey: Survey) -> list[Path]:
    """Return what killed `git worktree add` commands left, which git itself would keep."""
    common = survey.repo.place.common_dir
    found = [path for path in Path(common, "worktrees").glob("*") if path.is_dir()]
    begun = [path for path in found if worktrees.at(common, path.name) is None and _is_old(path)]
    return sorted(begun) if survey.quiet else []


def _begun(repo: LaneRepo, path: Path) -> Problem:
    def delete() -> str:
        with locked(repo):
            shutil.rmtree(path)
        return "deleted it"

    what = f"'{path}' is the beginning of a work tree that was never finished"
    return problem(what, str(path), "delete it", delete, severity=WARNING)
