"""Listeners from other packages: entry points of the group ``gitlanes.hooks``.

Each names an object, usually a module, with functions such as ``pre_accept(event)`` and
``post_promote(event)``. They are called outside of all locks. What one raises is told and
changes nothing; only `gitlanes.Refuse`, raised before the verb, stops it. Their ``on_event(event)``
is called after the fact, by 'git lanes events --deliver'.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from typing import Any

from gitlanes.errors import Refuse
from gitlanes.git.replacing import replace_file
from gitlanes.models.events import Event
from gitlanes.models.plain import replace

GROUP = "gitlanes.hooks"
# In the state directory: for which installations, the last few, it is known that there are none.
_NONE = "no-hooks"
_KNOWN = 8

Warn = Callable[[str], None]
Listener = Callable[[Any], object]


class Told:
    """The result of a verb, for its listeners."""

    result: Any = None


@contextmanager
def around(event: Event, state_directory: str | os.PathLike[str], warn: Warn) -> Iterator[Told]:
    """Call what listens to a verb before the block, and again after it unless that raises.

    The block sets the ``result`` of what it is given. Raises Refuse if a listener does.
    """
    listeners = _listeners(os.fspath(state_directory), warn)
    told = Told()
    for name, listener in listeners:
        _call(name, listener, "pre", event, warn)
    yield told
    after = replace(event, result=told.result)
    for name, listener in listeners:
        _call(name, listener, "post", after, warn)


def events_listeners(state_directory: str | os.PathLike[str], warn: Warn) -> dict[str, Listener]:
    """Return what is to be called with each event of the journals, by the listener's name."""
    found = _listeners(os.fspath(state_directory), warn)
    named = {name: getattr(listener, "on_event", None) for name, listener in found}
    return {name: function for name, function in named.items() if callable(function)}


def call(name: str, what: str, function: Listener, event: object, warn: Warn) -> None:
    """Call a listener after the fact: what it raises is told, and changes nothing."""
    try:
        function(event)
    except Refuse as error:
        warn(f"hook '{name}' cannot refuse what has happened: {error.message}")
    except (Exception, SystemExit) as error:  # noqa: BLE001 - a listener's trouble stops nobody
        warn(f"hook '{name}' failed in {what}: {_told(error)}")


def _call(name: str, listener: object, phase: str, event: Event, warn: Warn) -> None:
    what = f"{phase}_{event.verb}"
    function = getattr(listener, what, None)
    if function is None:
        return
    if phase == "post":
        call(name, what, function, event, warn)
        return
    try:
        function(event)
    except Refuse:
        raise
    except (Exception, SystemExit) as error:  # noqa: BLE001 - as in `call`
        warn(f"hook '{name}' failed in {what}: {_told(error)}")


def _listeners(directory: str, warn: Warn) -> Sequence[tuple[str, object]]:
    installed, known = _installed(), _known_empty(directory)
    if installed in known:
        return ()
    found, faults = _loaded(installed)
    for fault in faults:
        warn(fault)
    if not found and not faults:
        lines = "".join(f"{x}\n" for x in (installed, *known[: _KNOWN - 1]))
        with suppress(OSError):
            replace_file(os.path.join(directory, _NONE), lines)
    return found


def _installed() -> str:
    """Return what changes when packages come or go: where they lie, and when that was changed."""
    import hashlib

    marks = [sys.version]
    for place in sys.path:
        try:
            marks.append(f"{place} {os.stat(place or '.').st_mtime_ns}")
        except OSError:
            marks.append(place)
    return hashlib.sha256("\n".join(marks).encode("utf-8", "surrogatepass")).hexdigest()


def _known_empty(directory: str) -> list[str]:
    """Return the installations of which it is known that nobody listens.

    Only that is remembered in a file: nobody becomes a listener by writing one.
    """
    try:
        with open(os.path.join(directory, _NONE), encoding="ascii") as file:
            return file.read().split()
    except (OSError, ValueError):
        return []


@cache
def _loaded(installed: str) -> tuple[Sequence[tuple[str, object]], Sequence[str]]:
    """Return (name, listener) of all there are, and what is wrong with the others."""
    del installed  # it is what the answer depends on
    from importlib.metadata import entry_points  # 30 ms, and most have no listeners

    found: list[tuple[str, object]] = []
    faults: list[str] = []
    for point in sorted(entry_points(group=GROUP), key=lambda x: x.name):
        try:
            found.append((point.name, point.load()))
        except (Exception, SystemExit) as error:  # noqa: BLE001 - as in `_call`
            faults.append(f"hook '{point.name}' cannot be loaded: {_told(error)}")
    return found, faults


def _told(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:300]
