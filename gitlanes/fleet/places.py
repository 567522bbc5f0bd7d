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
from gitlanes.fleet.place import Place as Place
from gitlanes.fleet.place import write_private
from gitlanes.git import locks
from gitlanes.models.fleet import LIVE, RUNS, Program, Run, RunOrder
from gitlanes.models.plain import plain, replace

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


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
    write_private(begun / "environ", json.dumps(dict(repo.environ)))
    write_private(fresh.prompt, order.prompt)
    fresh.write(status=status, begun=now)
    os.rename(begun, place.directory)
    return place


def root(repo: LaneRepo) -> Path:
    """Return the directory of all runs, which is there then."""
    found = repo.state_directory / RUNS
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def every(repo: LaneRepo) -> list[Place]:
    """Return the places of all runs, the oldest first."""
    found = repo.state_directory / RUNS
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
