"""A process with all that it started: found whatever groups and sessions they made, and ended."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import suppress

from gitlanes import clock

# A family that forks faster than it is killed is tried again so often.
_ROUNDS, _PAUSE = 50, 0.005


def end(root: int | None, mark: tuple[str, str]) -> None:
    """Kill a process, its group and session, its descendants, and whoever has the mark.

    `root` must have been started in a session of its own, and be none that only has its number
    now: None then. `mark` is a variable that it has, and its value. What left the session, lost
    its parent and cleared its environment is not found. Where nothing is left this is one look at
    the list of processes.
    """
    if root is not None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(root, signal.SIGKILL)
    for _ in range(_ROUNDS):
        found = [pid for pid in _family(root, mark) if _kill(pid)]
        if not found:
            return
        clock.sleep(_PAUSE)


def ask(root: int, mark: tuple[str, str]) -> None:
    """Ask all of them to end; whether they do is their own decision."""
    for pid in _family(root, mark):
        _kill(pid, signal.SIGTERM)


def _kill(pid: int, how: signal.Signals = signal.SIGKILL) -> bool:
    try:
        os.kill(pid, how)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def _family(root: int | None, mark: tuple[str, str]) -> set[int]:
    """Return the living members, other than ourselves."""
    parents: dict[int, int] = {}
    found: set[int] = set()
    wanted = os.fsencode("=".join(mark))
    for pid, parent, session, environ in _processes():
        parents[pid] = parent
        if session == root or wanted in environ:
            found.add(pid)
    roots = {*found, *(() if root is None else (root,))}
    for pid in parents:
        above, seen = pid, set()
        while above in parents and above not in seen and above not in roots:
            seen.add(above)
            above = parents[above]
        if above in roots:
            found.add(pid)
    return found - {os.getpid()}


def _processes() -> Iterator[tuple[int, int, int, set[bytes]]]:
    """Yield (id, parent, session, environment) of every process that has not ended."""
    if not os.path.isdir("/proc/self"):
        yield from _elsewhere()
        return
    for name in filter(str.isdigit, os.listdir("/proc")):
        said = _read(f"/proc/{name}/stat").rpartition(b")")[2].split()
        if said and said[0] not in (b"Z", b"X"):
            environ = set(_read(f"/proc/{name}/environ").split(b"\0"))
            yield int(name), int(said[1]), int(said[3]), environ


def _elsewhere() -> Iterator[tuple[int, int, int, set[bytes]]]:
    import psutil  # 40 ms, and Linux tells for nothing

    for process in psutil.process_iter(["ppid", "status"]):
        if process.info["status"] == psutil.STATUS_ZOMBIE:
            continue
        session, environ = 0, {}
        with suppress(OSError):
            session = os.getsid(process.pid)
        with suppress(psutil.Error, OSError):
            environ = process.environ()
        yield process.pid, process.info["ppid"] or 0, session, _pairs(environ)


def _pairs(environ: Mapping[str, str]) -> set[bytes]:
    return {os.fsencode(f"{key}={value}") for key, value in environ.items()}


def _read(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:  # it has ended, or is somebody else's
        return b""
