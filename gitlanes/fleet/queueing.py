"""How many agents work at a time: more wait as queued, and begin when one has ended."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gitlanes import clock
from gitlanes.errors import Refused, as_lanes_error
from gitlanes.fleet import places, spawning, tmux
from gitlanes.models.fleet import QUEUED, STARTING

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

KEY = "lanes.maxAgents"
# What a supervisor itself needs of the environment; all else it reads in the run's directory.
_NEEDED = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "TMPDIR", "VIRTUAL_ENV")
_PYTHON = ("PYTHON", "LD_", "DYLD_", "COV")


def room(repo: LaneRepo) -> bool:
    """Say whether one more agent may begin; asked by whoever holds `places.alone`."""
    most = repo.settings.count(KEY, 0)
    working = [run for _, run in places.live(repo) if run.status != QUEUED]
    return most == 0 or len(working) < most


def start_waiting(repo: LaneRepo) -> None:
    """Let those that wait begin, the oldest first, as far as there is room."""
    if not any(run.status == QUEUED for _, run in places.live(repo)):
        return
    with places.alone(repo):
        for place, run in places.live(repo):
            if run.status == QUEUED and room(repo):
                launch(repo, place)


def launch(repo: LaneRepo, place: places.Place) -> None:
    """Start a run's supervisor: in a tmux session, or detached."""
    order = place.order()
    fresh = {"status": STARTING, "begun": clock.now()}
    environ = {
        key: value
        for key, value in place.environment().items()
        if key in _NEEDED or key.startswith(_PYTHON)
    }
    why = _in_tmux(place, fresh, environ) if order["tmux"] else None
    if why:
        repo.warn(f"{why}; the agent runs without tmux")
    if why or not order["tmux"]:
        place.write(**fresh, socket=None)
        spawning.detached(str(place.directory), environ)


def _in_tmux(place: places.Place, fresh: Mapping[str, Any], environ: Mapping[str, str]) -> str:
    """Start a supervisor in a tmux session; return why it could not be, '' if it was."""
    order, known = place.order(), place.environment()
    if why := tmux.missing(known):
        return why
    try:
        socket = tmux.socket_of(known)
        place.write(**fresh, socket=socket)
        name = tmux.session_name(order["top"], order["lane"])
        tmux.start(socket, name, spawning.supervisor_words(str(place.directory)), environ)
    except (Refused, OSError) as error:
        return as_lanes_error(error).message
    return ""
