"""The only door to tmux, through libtmux: one server of ours, a session for each agent.

A session's pane runs an agent's supervisor and nothing else, so a session is known by that
process, whatever anybody calls it. Nothing of a prompt or a repository's text comes here.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gitlanes.errors import Refused, line

if TYPE_CHECKING:
    from libtmux import Server

_NAME = "gitlanes"
# The size of a terminal that nobody looks at yet, and how many lines can be scrolled back.
WIDTH, HEIGHT, _SCROLLBACK = 200, 50, 50_000
TERMINAL = "screen-256color"
_LONGEST_SOCKET = 100
# So many names are tried for a session, less one.
_NAMES = 10
_OPTIONS = (
    ("history-limit", str(_SCROLLBACK)),
    ("default-terminal", TERMINAL),
    ("mouse", "on"),
    ("escape-time", "20"),
    ("set-titles", "off"),
    ("allow-rename", "off"),
    ("automatic-rename", "off"),
    ("status-left-length", "60"),
)


def missing(environ: Mapping[str, str]) -> str | None:
    """Say what is not there that tmux needs, with how to get it; None if it can be used."""
    if shutil.which("tmux", path=environ.get("PATH", os.defpath)) is None:
        return "tmux is not on PATH: install tmux"
    try:
        import libtmux  # noqa: F401 - 90 ms, and an extra
    except ImportError:
        return "libtmux is not installed: pip install libtmux"
    return None


def socket_of(environ: Mapping[str, str]) -> str:
    """Return the path of our server's socket, where tmux itself would have it.

    Raises Refused where that is too long for one.
    """
    above = environ.get("TMUX_TMPDIR") or "/tmp"
    path = os.path.join(os.path.realpath(above), f"tmux-{os.getuid()}", _NAME)
    if len(os.fsencode(path)) > _LONGEST_SOCKET:
        raise Refused(
            f"'{line(path, 120)}' is too long for a socket", hint="set TMUX_TMPDIR, or --no-tmux"
        )
    return path


def session_name(top: str, lane: str) -> str:
    """Return the name of a lane's session: those of two repositories are never the same."""
    digest = hashlib.sha256(os.fsencode(f"{top}\0{lane}")).hexdigest()[:8]
    words = (os.path.basename(top.removesuffix("/.git")) or "repo", lane)
    return "-".join((*(re.sub(r"[^A-Za-z0-9_-]", "_", x)[:40] for x in words), digest))


def start(socket: str, name: str, args: Sequence[str], environ: Mapping[str, str]) -> None:
    """Start a command in a session of its own; raises Refused where tmux does not.

    ``environ`` is what it needs beside what the server has. Where a session of that name is about
    to end, or somebody gave it to another one, the new one's is longer.
    """
    os.makedirs(os.path.dirname(socket), mode=0o700, exist_ok=True)
    options = [x for option, value in _OPTIONS for x in ("set-option", "-g", option, value, ";")]
    given = [x for key, value in environ.items() for x in ("-e", f"{key}={value}")]
    for number in range(1, _NAMES):
        called = name if number == 1 else f"{name}-{number}"
        session = ("new-session", "-d", "-s", called, "-n", "agent", "-c", "/")
        size = ("-x", str(WIDTH), "-y", str(HEIGHT))
        words = ("start-server", ";", *options, *session, *size, *given, "--", *args)
        try:
            _ask(socket, environ, *map(_literal, words))
        except Refused as error:
            if "duplicate session" in error.message and number < _NAMES - 1:
                continue
            raise
        return


def _literal(word: str) -> str:
    """Return a word that tmux takes as it is: it would end a command at a ';' that ends one."""
    return word[:-1] + "\\;" if len(word) > 1 and word.endswith(";") else word


def sessions(socket: str, environ: Mapping[str, str]) -> dict[int, tuple[str, str]]:
    """Return {process in the pane: (id, name) of its session} of all that our server has."""
    if not os.path.exists(socket):
        return {}
    try:
        told = _ask(
            socket, environ, "list-panes", "-a", "-F", "#{pane_pid} #{session_id} #{session_name}"
        )
    except Refused:
        return {}
    rows = (row.split(" ", 2) for row in told)
    return {int(row[0]): (row[1], row[2]) for row in rows if len(row) == 3}


def attaching(socket: str, session: str) -> tuple[str, ...]:
    """Return the command that attaches a terminal to a session."""
    return ("tmux", "-S", socket, "attach-session", "-t", session)


def _ask(socket: str, environ: Mapping[str, str], *words: str) -> list[str]:
    from libtmux.exc import LibTmuxException  # 90 ms, and an extra

    try:
        told: Any = _server(socket, environ).cmd(words[0], *words[1:])
    except LibTmuxException as error:
        said = line(str(error), 200)
        raise Refused(f"tmux failed: {said}", hint="use --no-tmux") from error
    if told.returncode:
        said = line(" ".join(told.stderr), 200) or f"exit code {told.returncode}"
        raise Refused(f"tmux failed: {said}", hint="use --no-tmux")
    found: list[str] = told.stdout
    return found


def _server(socket: str, environ: Mapping[str, str]) -> Server:
    from libtmux import Server  # 90 ms, and an extra

    # Its children get the environment of this process: what an agent is known by, and the
    # terminal that this command runs in, are no business of theirs.
    for name in ("GITLANES_RUN", "TMUX", "TMUX_PANE"):
        os.unsetenv(name)
    found = shutil.which("tmux", path=environ.get("PATH", os.defpath))
    return Server(socket_path=socket, config_file=os.devnull, tmux_bin=found)
