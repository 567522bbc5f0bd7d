"""Events handed to listeners: functions, ``on_event`` of installed packages, a command."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gitlanes import plugins
from gitlanes.errors import BadValue
from gitlanes.events import commands, cursor, following
from gitlanes.git import locks
from gitlanes.git.replacing import replace_file
from gitlanes.models.events import Delivered

if TYPE_CHECKING:
    from gitlanes.events.following import Pause
    from gitlanes.plugins import Listener
    from gitlanes.store.lane_repo import LaneRepo

# In the state directory: {listener: where it is}. One without a place begins from now on.
_FILE = "listeners.json"
_LOCK = "listeners.lock"


def tell(repo: LaneRepo, listener: Listener, since: str, *, name: str = "listener") -> str:
    """Call a function with each event since a cursor; return the cursor after them.

    What it raises is warned of, and the next event follows. Raises BadValue for no cursor.
    """
    found = following.subscribe(repo, since=since, pause=_never)
    for event in found:
        plugins.call(name, "on_event", listener, event, repo.warn)
        since = event.cursor or since
    return since


def deliver(repo: LaneRepo, *, pause: Pause | None = None) -> Delivered:
    """Call ``on_event`` of what is installed, and the command, with each event since its last one.

    Where each is gets written down after each event: one that was killed is told the rest, and
    the event that it was at once more. With ``pause`` it goes on with what comes, until that says
    to end. Raises Locked while another process does this.
    """
    with locks.hold(repo.state_directory / _LOCK, "listeners of events", timeout=0):
        listeners = plugins.events_listeners(repo.state_directory, repo.warn)
        if words := commands.command_of(repo):
            listeners[commands.KEY] = commands.Command(repo, words)
        told = dict.fromkeys(listeners, 0)
        if not told:
            return Delivered(told)
        places = _places(repo)
        start = following.now(repo)
        for name in listeners:
            places.setdefault(name, start)
        _write(repo, places)
        watch = following.Watch(repo, pause or _never)
        while True:
            for name, listener in listeners.items():
                told[name] += _one(repo, name, listener, places)
            if not watch.waited():
                return Delivered(told)


def _one(repo: LaneRepo, name: str, listener: Listener, places: dict[str, str]) -> int:
    """Tell one listener what is new, and write down after each event where it is."""
    number = 0
    for event in following.subscribe(repo, since=places[name], pause=_never):
        plugins.call(name, "on_event", listener, event, repo.warn)
        number += 1
        if event.cursor != places[name]:
            places[name] = event.cursor or places[name]
            _write(repo, places)
    return number


def _places(repo: LaneRepo) -> dict[str, str]:
    """Return where listeners are; what is damaged counts as not there."""
    try:
        found = json.loads((repo.state_directory / _FILE).read_text())
    except (OSError, ValueError):
        return {}
    known = found if isinstance(found, dict) else {}
    return {name: place for name, place in known.items() if _is_cursor(place)}


def _is_cursor(place: object) -> bool:
    try:
        return isinstance(place, str) and cursor.decode(place) is not None
    except BadValue:
        return False


def _write(repo: LaneRepo, places: Mapping[str, str]) -> None:
    try:
        replace_file(repo.state_directory / _FILE, json.dumps(places, sort_keys=True))
    except OSError as error:
        raise locks.unwritable(repo.state_directory, error) from error


def _never(seconds: float) -> bool:  # noqa: ARG001 - it waits for nothing
    return False
