"""The one place that starts agents, and their supervisors where there is no tmux."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
import termios
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from gitlanes.errors import Refused, line

# What an agent is known by, and whatever it starts.
MARK = "GITLANES_RUN"


class Spawned(NamedTuple):
    """An agent: its process, the descriptor of its terminal, and that of its input or None."""

    process: subprocess.Popen[bytes]
    terminal: int
    stdin: int | None


def agent(
    args: Sequence[str],
    directory: str,
    environ: Mapping[str, str],
    size: tuple[int, int],
    *,
    piped: bool,
) -> Spawned:
    """Start an agent on a terminal of its own, of so many rows and columns.

    With ``piped`` its input is a pipe. Raises Refused where it cannot start.
    """
    terminal, inner = pty.openpty()
    source, sink = os.pipe() if piped else (None, None)
    try:
        termios.tcsetwinsize(inner, size)

        def settle() -> None:
            os.login_tty(inner)
            if source is not None:
                os.dup2(source, 0)
            for one in (signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE):
                signal.signal(one, signal.SIG_DFL)

        process = subprocess.Popen(
            list(args), cwd=directory, env=dict(environ), preexec_fn=settle, pass_fds=(inner,)
        )
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        for one in filter(None, (terminal, sink)):
            os.close(one)
        said = getattr(error, "strerror", None) or str(error)
        raise Refused(f"cannot start '{line(args[0], 100)}': {said.lower()}") from error
    finally:
        for one in filter(None, (inner, source)):
            os.close(one)
    for one in filter(None, (terminal, sink)):
        os.set_blocking(one, False)
    return Spawned(process, terminal, sink)


def supervisor_words(directory: str) -> list[str]:
    """Return the command that sees to the run in a directory."""
    return [sys.executable, "-m", "gitlanes.fleet", directory]


def detached(directory: str, environ: Mapping[str, str]) -> None:
    """Start a run's supervisor on its own: it goes on when this process and its terminal end."""
    process = subprocess.Popen(
        [*supervisor_words(directory), "--detach"],
        cwd="/",
        env=dict(environ),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    process.wait()  # it goes on in a child of its own


def detach() -> None:
    """Let this process's child go on, in a session of its own; the process itself ends."""
    if os.fork():
        os._exit(0)
    os.setsid()


def resize(terminal: int, like: int) -> None:
    """Give a terminal the size of another one."""
    with suppress(OSError, termios.error):
        termios.tcsetwinsize(terminal, termios.tcgetwinsize(like))
