"""The one place that runs the command that events are sent on to, as the user configured it."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

from gitlanes import clock, ids
from gitlanes.config.table import in_force
from gitlanes.git import families
from gitlanes.git.process import elsewhere

if TYPE_CHECKING:
    from gitlanes.models.events import LaneEvent
    from gitlanes.store.lane_repo import LaneRepo

KEY = "lanes.eventCommand"
MARK = "GITLANES_EVENT_RUN"
# Seconds for one event.
_PATIENCE = 30.0


def command_of(repo: LaneRepo) -> tuple[str, ...]:
    """Return the command's words, from git's configuration alone; none where nothing is set."""
    said = tuple(repo.own_settings.every(KEY.lower()) or ())
    return said[in_force(said)]


class Command:
    """A listener that is a command: it reads an event as JSON, and ends when its time is over."""

    def __init__(self, repo: LaneRepo, args: Sequence[str], *, patience: float = _PATIENCE):
        self._repo = repo
        self._args = list(args)
        self._patience = patience

    def __call__(self, event: LaneEvent) -> None:
        """Send one event; raises RuntimeError with what went wrong."""
        with tempfile.TemporaryFile() as told:
            told.write(json.dumps(event.to_dict()).encode() + b"\n")
            told.seek(0)
            fault = self._run(told)
        if fault is not None:
            raise RuntimeError(fault)

    def _run(self, told: IO[bytes]) -> str | None:
        """Run it to its end, with all that it started; return what went wrong, or None."""
        root, mark = self._repo.root(), ids.new_id(clock.now())
        try:
            process = subprocess.Popen(
                self._args,
                cwd=root[1] if root else self._repo.place.common_dir,
                env={**elsewhere(self._repo.environ), MARK: mark},
                stdin=told,
                stdout=subprocess.DEVNULL,
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            said = getattr(error, "strerror", None) or error
            return f"cannot start '{self._args[0]}': {said}"
        try:
            process.wait(self._patience)
        except subprocess.TimeoutExpired:
            return f"it took more than {self._patience:g} s"
        finally:
            families.end(process.pid, (MARK, mark))
            process.wait()
        return f"exit code {process.returncode}" if process.returncode else None
