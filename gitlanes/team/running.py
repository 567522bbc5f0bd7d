"""The one place that runs the team's commands, its gates and what sets workspaces up.

There is no shell, the environment is small, output is bounded, and the end is sure.
"""

from __future__ import annotations

import hashlib
import os
import select
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from gitlanes import clock, ids
from gitlanes.git import families

if TYPE_CHECKING:
    from threading import Event

# What a command knows of its surroundings beside what it is given.
USUAL = (
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "TERM", "TMPDIR", "TZ"),
    *("LANG", "LANGUAGE", "LC_ALL", "LC_CTYPE"),
)
MARK = "GITLANES_GATE_RUN"
# What is kept of its output: so much of its beginning and so much of its end.
KEPT = 64 << 10
_BLOCK = 1 << 16
# How long until a request to stop is seen, and how long a dead one's pipe is read on.
_GLANCE, _GRACE = 0.1, 2.0


class Order(NamedTuple):
    """What to run: in which directory, with what environment, at most how many seconds.

    ``keep`` are descriptors that it inherits, ``stdin`` the one that it reads (None: nothing).
    """

    args: Sequence[str]
    directory: str
    environ: Mapping[str, str]
    timeout: float
    keep: Sequence[int] = ()
    stdin: int | None = None


class Ran(NamedTuple):
    """How a run ended: ``code`` is None where it could not start, with ``fault`` saying why.

    ``head`` and ``tail`` are the kept output, ``size`` the length of all of it in bytes.
    """

    code: int | None
    timed_out: bool
    milliseconds: int
    head: bytes
    tail: bytes
    size: int
    digest: str
    fault: str | None = None


def _quiet() -> None:
    """Tell nobody."""


class Stopped(Exception):
    """The run was ended because everything is to stop."""


class Output:
    """All that was printed, digested and counted; its beginning and its end are kept."""

    def __init__(self) -> None:
        self._head, self._tail = bytearray(), bytearray()
        self._digest = hashlib.sha256()
        self.size = 0

    def add(self, data: bytes) -> None:
        """Take in a block."""
        self._digest.update(data)
        self.size += len(data)
        room = KEPT - len(self._head)
        self._head += data[:room]
        self._tail += data[room:] if room > 0 else data
        if len(self._tail) > 2 * KEPT:
            del self._tail[:-KEPT]

    def ended(self, code: int | None, timed_out: bool, began: float, fault: str | None) -> Ran:
        """Return how the run ended."""
        took = round((clock.monotonic() - began) * 1000)
        kept = bytes(self._head), bytes(self._tail[-KEPT:])
        return Ran(code, timed_out, took, *kept, self.size, self._digest.hexdigest(), fault)


def environment(environ: Mapping[str, str], listed: Sequence[str]) -> dict[str, str]:
    """Return what a command gets of the environment, with what is listed for it."""
    return {name: environ[name] for name in (*USUAL, *listed) if name in environ}


def run(order: Order, stop: Event, beat: Callable[[], None] = _quiet) -> Ran:
    """Run a command to its end; whatever it started ends with it.

    Raises Stopped soon after `stop` was set; ``beat`` is called every now and then. The command is
    in a session of its own, so neither the terminal nor its Ctrl-C reach it.
    """
    mark, output, began = ids.new_id(clock.now()), Output(), clock.monotonic()
    try:
        process = subprocess.Popen(
            list(order.args),
            cwd=order.directory,
            env={**order.environ, MARK: mark},
            stdin=subprocess.DEVNULL if order.stdin is None else order.stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=order.keep,
        )
    except (OSError, ValueError) as error:
        said = getattr(error, "strerror", None) or str(error)
        return output.ended(None, False, began, f"cannot start '{order.args[0]}': {said.lower()}")
    try:
        timed_out = _watch(process, output, clock.monotonic() + order.timeout, stop, beat)
    finally:
        families.end(process.pid, (MARK, mark))
        process.wait()
        if process.stdout is not None:
            _drain(process.stdout.fileno(), output)
            process.stdout.close()
    code = None if timed_out else process.returncode
    return output.ended(code, timed_out, began, None)


def _watch(
    process: subprocess.Popen[bytes],
    output: Output,
    deadline: float,
    stop: Event,
    beat: Callable[[], None],
) -> bool:
    """Read until the process ends; say whether its time was over first. Raises Stopped.

    That its pipe is open still means nothing: something that it left behind may have it.
    """
    assert process.stdout is not None
    pipe, reading = process.stdout.fileno(), True
    while process.poll() is None:
        if stop.is_set():
            raise Stopped
        left = deadline - clock.monotonic()
        if left <= 0:
            return True
        beat()
        if reading:
            reading = _read(pipe, output, min(left, _GLANCE))
        else:
            with suppress(subprocess.TimeoutExpired):
                process.wait(min(left, _GLANCE))
    return False


def _read(pipe: int, output: Output, seconds: float) -> bool:
    """Take in what comes within some seconds; return False once the pipe is closed."""
    waiting = select.poll()  # unlike select, it knows any number of descriptors
    waiting.register(pipe, select.POLLIN)
    if not waiting.poll(seconds * 1000):
        return True
    data = os.read(pipe, _BLOCK)
    output.add(data)
    return bool(data)


def _drain(pipe: int, output: Output) -> None:
    """Read what is left in the pipe, but wait for nobody who may have its other end still."""
    end, before = clock.monotonic() + _GRACE, -1
    while output.size != before and clock.monotonic() < end:
        before = output.size
        _read(pipe, output, 0)
