"""Git's own lock files: those that a killed command left are told from those in use."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from gitlanes import clock
from gitlanes.errors import Locked
from gitlanes.git.processes import any_git_process

# Seconds that a lock file has to stand still, where nothing says who made it.
_SETTLED = 2.0
# Seconds that a git at work may hold a lock that we need: its own gc takes all refs in turn.
_PATIENCE = 10.0
_POLL = 0.05


def remove_named(locks: Iterable[str], common_dir: str) -> bool:
    """Remove lock files of a command that was killed; say whether there were any.

    While a git runs that might hold one, it is waited for: what a killed command left ends in a
    moment, and one at work lets go. Raises Locked if it does not.
    """
    paths = [Path(lock) for lock in locks]
    until = clock.monotonic() + _PATIENCE
    while there := [path for path in paths if path.exists()]:
        if not any_git_process(common_dir):
            for path in there:
                path.unlink(missing_ok=True)
            return True
        if clock.monotonic() > until:
            raise Locked(
                f"'{there[0]}' is held, perhaps by a git command that runs here",
                hint="wait until no git command runs in this repository, then repeat",
            )
        clock.sleep(_POLL)
    return False


def remove_settled(path: Path, common_dir: str) -> None:
    """Remove a lock file unless it is fresh or a git process runs that might hold it."""
    try:
        if _abandoned(path, common_dir):
            path.unlink()
    except (FileNotFoundError, NotADirectoryError):
        return


def _abandoned(lock: Path, common_dir: str) -> bool:
    """Say whether a lock file has stood still while no git ran here."""
    before = lock.stat().st_mtime_ns
    age = clock.now() - lock.stat().st_mtime
    clock.sleep(min(max(0.0, _SETTLED - age), _SETTLED))
    return lock.stat().st_mtime_ns == before and not any_git_process(common_dir)
