"""A run's own directory, ``<git dir>/lanes/runs/<run id>``: what only this machine knows of it.

It is for the user's eyes alone. Whoever is the run's supervisor holds its lock for all its life:
so a supervisor that was killed is told from one that works, whatever process has its number now.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitlanes import clock, ids
from gitlanes.git import locks
from gitlanes.git.replacing import replace_file
from gitlanes.models.fleet import LIVE, NO_PROGRAM, STARTING, Program, Run, RunOrder
from gitlanes.models.plain import plain, replace

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from gitlanes.store.lane_repo import LaneRepo

_RUNS = "runs"
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
        _write_private(self.inbox / f"{name}.new", prompt)
        os.rename(self.inbox / f"{name}.new", self.inbox / name)

    def order(self) -> dict[str, Any]:
        """Return what was ordered."""
        return _read(self.directory / "order.json")

    def state(self) -> dict[str, Any]:
        """Return how it goes."""
        return _read(self.directory / "state.json")

    def write(self, **changes: Any) -> dict[str, Any]:
        """Note how it goes, by the one who has its lock; return all that is noted."""
        known = {**self.state(), **changes}
        replace_file(self.directory / "state.json", json.dumps(known))
        return known

    def hold(self, timeout: float = _PATIENCE) -> AbstractContextManager[int]:
        """Be the one who sees to it; raises Locked where somebody does."""
        return locks.hold(self.directory / "lock", f"run {self.id}", timeout=timeout)

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


def make(
    repo: LaneRepo, lane: Mapping[str, Any], program: Program, order: RunOrder, status: str
) -> Place:
    """Make the directory of a new run; ``lane`` has its name, uuid, path and next number."""
    now = clock.now()
    place = Place(root(repo) / ids.new_id(now))
    begun = place.directory.with_suffix(".new")
    begun.mkdir(mode=0o700)
    fresh = Place(begun)
    fresh.inbox.mkdir()
    fresh.said.mkdir()
    top = repo.root()
    told = {
        **lane,
        "program": plain(program),
        "agent": order.agent,
        "model": order.model,
        "batch": order.batch,
        "tmux": order.tmux,
        "quick": order.quick,
        "args": order.args,
        "top": top[1] if top else repo.place.common_dir,
    }
    (begun / "order.json").write_text(json.dumps(told))
    _write_private(begun / "environ", json.dumps(dict(repo.environ)))
    _write_private(fresh.prompt, order.prompt)
    fresh.write(status=status, begun=now)
    os.rename(begun, place.directory)
    return place


def _write_private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with open(descriptor, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)


def root(repo: LaneRepo) -> Path:
    """Return the directory of all runs, which is there then."""
    found = repo.state_directory / _RUNS
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def every(repo: LaneRepo) -> list[Place]:
    """Return the places of all runs, the oldest first."""
    found = repo.state_directory / _RUNS
    with suppress(FileNotFoundError):
        names = sorted(x.name for x in os.scandir(found) if x.is_dir() and "." not in x.name)
        return [Place(found / name) for name in names]
    return []


def told(repo: LaneRepo) -> list[tuple[Place, Run]]:
    """Return all runs as they are noted, the oldest first."""
    return [(place, run) for place in every(repo) if (run := place.told()) is not None]


def named(repo: LaneRepo) -> list[tuple[Place, Run]]:
    """Return the same under the names that their lanes have by now."""
    found = told(repo)
    if not found:
        return []
    names = {x.record.uuid: x.record.name for x in repo.view.lanes()}
    owners = [place.order().get("lane_uuid", "") for place, _ in found]
    return [
        (place, replace(run, lane=names.get(uuid, run.lane)))
        for (place, run), uuid in zip(found, owners, strict=True)
    ]


def live(repo: LaneRepo) -> list[tuple[Place, Run]]:
    """Return those that have not ended, as far as it is noted."""
    return [(place, run) for place, run in told(repo) if run.status in LIVE]


def of_lane(repo: LaneRepo, uuid: str) -> Place | None:
    """Return the place of a lane's newest run, None where it never had one here."""
    owned = (x for x in reversed(every(repo)) if x.order().get("lane_uuid") == uuid)
    return next((x for x in owned if x.told()), None)


@contextmanager
def alone(repo: LaneRepo, timeout: float = 60.0) -> Iterator[None]:
    """Be the only one who starts runs; what was begun by one who was killed goes. Raises Locked."""
    with locks.hold(root(repo) / "lock", "the starting of agents", timeout=timeout):
        for half in root(repo).glob("*.new"):
            shutil.rmtree(half)
        yield


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="surrogateescape")


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
