"""One run's own directory; see `places`."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitlanes import clock, ids
from gitlanes.git import locks, processes
from gitlanes.git.replacing import replace_file
from gitlanes.models.fleet import NO_PROGRAM, RUNNING, STARTING, Program, Run
from gitlanes.models.plain import replace

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

# Seconds within which a supervisor has taken its lock.
_PATIENCE = 10.0
# What of a run is told from its state; all else is in the order.
_TOLD = (
    *("status", "code", "started", "ended", "socket", "pid", "agent_pid", "last", "reason"),
    *("attempt", "snapshot", "cost", "changed"),
)


class Place:
    """The directory of one run."""

    def __init__(self, directory: Path):
        self.directory = directory
        self.id = directory.name
        self._noted: dict[str, Any] = {}

    @property
    def log(self) -> Path:
        """Where its output is kept."""
        return self.directory / "log"

    @property
    def errors(self) -> Path:
        """What its supervisor could tell nobody else."""
        return self.directory / "errors"

    @property
    def inbox(self) -> Path:
        """Where prompts for it are laid down."""
        return self.directory / "inbox"

    @property
    def said(self) -> Path:
        """Where those are that it has taken."""
        return self.directory / "said"

    @property
    def prompt(self) -> Path:
        """The prompt that it was started with."""
        return self.directory / "prompt"

    @property
    def asked(self) -> str:
        """What it was asked for, at its start and since."""
        said = [self.prompt, *sorted(self.said.iterdir())]
        return "\n\n".join(text for x in said if (text := _text(x)))

    def take_prompts(self) -> list[str]:
        """Return the prompts that were laid down for it since the last time."""
        found = []
        for path in sorted(x for x in self.inbox.iterdir() if not x.suffix):
            found.append(_text(path))
            path.rename(self.said / path.name)
        return found

    def lay_down(self, prompt: str) -> None:
        """Lay a prompt down for it."""
        name = ids.new_id(clock.now())
        write_private(self.inbox / f"{name}.new", prompt)
        os.rename(self.inbox / f"{name}.new", self.inbox / name)

    def order(self) -> dict[str, Any]:
        """Return what was ordered."""
        return _read(self.directory / "order.json")

    def state(self) -> dict[str, Any]:
        """Return how it goes; where that cannot be read, whether it does."""
        return _read(self.directory / "state.json") or ({"status": RUNNING} if self._holder else {})

    def write(self, **changes: Any) -> dict[str, Any]:
        """Note how it goes, by the one who has its lock; return all that is noted."""
        self._noted |= {**self.state(), **changes}  # what this process noted can be read anew
        replace_file(self.directory / "state.json", json.dumps(self._noted))
        return self._noted

    def hold(self, timeout: float = _PATIENCE) -> AbstractContextManager[int]:
        """Be the one who sees to it; raises Locked where somebody does."""
        return locks.hold(self.directory / "lock", f"run {self.id}", timeout=timeout)

    @property
    def supervisor(self) -> int | None:
        """The process that sees to it, None where there is none, or none that takes signals yet."""
        state = self.state()
        pid, mark = state.get("pid"), state.get("mark")
        if pid and mark:
            return pid if processes.start_of(pid) == mark else None
        return None if state.get("status") == STARTING else self._holder

    @property
    def _holder(self) -> int | None:
        """The process that has its lock, None where nobody has it."""
        return locks.holder(self.directory / "lock")

    @property
    def deserted(self) -> bool:
        """Whether nobody sees to it, though somebody should: its supervisor was killed."""
        state = self.state()
        young = abs(clock.now() - state.get("begun", 0)) < _PATIENCE
        if state.get("status") == STARTING and "pid" not in state and young:
            return False  # its supervisor may come yet
        return locks.is_free(self.directory / "lock")

    def program(self) -> Program:
        """Return the program that was ordered."""
        told: dict[str, Any] = self.order()["program"]
        given = {key: tuple(x) if isinstance(x, list) else x for key, x in told.items()}
        return replace(NO_PROGRAM, **given)

    def environment(self) -> dict[str, str]:
        """Return the environment that it is to have; there until its supervisor takes it."""
        return _read(self.directory / "environ")

    def take_environment(self) -> dict[str, str]:
        """Return the same; it is kept no longer."""
        found = self.environment()
        (self.directory / "environ").unlink(missing_ok=True)
        return found

    def told(self) -> Run | None:
        """Return the run as it is noted, None where that cannot be read."""
        order, state = self.order(), self.state()
        if not order or not state:
            return None
        known = {key: state[key] for key in _TOLD if key in state}
        texts: dict[str, Any] = {
            key: order.get(key) for key in ("lane", "agent", "batch", "model", "path")
        }
        name = order.get("program", {}).get("name", "")
        return Run(id=self.id, program=name, log=str(self.log), **texts, **known)

    def drop(self) -> None:
        """Remove it."""
        shutil.rmtree(self.directory)


def write_private(path: Path, text: str) -> None:
    """Write a new file for the user's eyes alone."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="surrogateescape")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
