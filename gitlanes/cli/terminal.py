"""The terminal that this process talks to, if it does: colours, width, pager."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

import click

from gitlanes.errors import Refused, as_lanes_error

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence

    from gitlanes.git.settings import Settings

AUTO = "auto"
ALWAYS = "always"
NEVER = "never"
COLOURS = (ALWAYS, NEVER, AUTO)


class Terminal:
    """What is known of the terminal during one command.

    ``colour`` and ``paged`` are what the command line asks for; ``shows`` says whether what
    goes to stdout ends on a terminal, through a pager or not.
    """

    def __init__(self) -> None:
        self.colour: str | None = None
        self.paged = True
        self.shows = _is_terminal(sys.stdout) or _git_pages()
        self.width = _width() if self.shows else 80
        self._configured: str | None = None
        self._pager: subprocess.Popen[bytes] | None = None

    @property
    def dumb(self) -> bool:
        """Say whether it can do nothing but print."""
        return os.environ.get("TERM", "dumb") == "dumb"

    @property
    def colours(self) -> bool:
        """Say whether stdout gets colours."""
        return self._coloured(self.shows)

    @property
    def error_colours(self) -> bool:
        """Say whether stderr gets colours."""
        return self._coloured(_is_terminal(sys.stderr))

    def may_be_told(self, common_dir: str) -> bool:
        """Say whether configuration could ask for colours in a pipe, too; starts no process.

        `ask` takes longer than many a command, and few ask for colours always.
        """
        variables = ("GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT")
        if self.colour is not None or any(x in os.environ for x in variables):
            return self.colour is None
        home = os.environ.get("HOME", "")
        places = (
            os.path.join(common_dir, "config"),
            os.environ.get("GIT_CONFIG_GLOBAL") or os.path.join(home, ".gitconfig"),
            os.path.join(os.environ.get("XDG_CONFIG_HOME") or f"{home}/.config", "git/config"),
            os.environ.get("GIT_CONFIG_SYSTEM") or "/etc/gitconfig",
        )
        return any(map(_speaks_of_colours, places))

    def ask(self, settings: Settings) -> None:
        """Take git's configuration into account."""
        self._configured = settings.text("color.lanes") or settings.text("color.ui")
        if _git_pages() and settings.text("color.pager", "true") == "false":
            self._configured = NEVER

    @property
    def pages(self) -> bool:
        """Say whether a pager could be put behind stdout."""
        return self.paged and self._pager is None and _is_terminal(sys.stdout) and not self.dumb

    def page(self, settings: Settings, name: str) -> None:
        """Let stdout go through the user's pager for that command from here on."""
        from gitlanes.cli.pager import start

        self._pager = start(settings, name)

    def end(self) -> None:
        """Let the pager have the rest, and wait until the user leaves it."""
        if self._pager is not None:
            from gitlanes.cli.pager import finish

            finish(self._pager)
            self._pager = None

    def _coloured(self, terminal: bool) -> bool:
        wanted = self.colour
        if wanted is None:
            wanted = NEVER if os.environ.get("NO_COLOR") else self._configured
        if wanted in (ALWAYS, NEVER):
            return wanted == ALWAYS
        return terminal and not self.dumb and wanted not in ("false", "no", "off", "0")


_present: list[Terminal] = []


def begin() -> None:
    """Look at the terminal anew: a command starts."""
    _present[:] = [Terminal()]


def present() -> Terminal:
    """Return the terminal of the command that runs."""
    if not _present:
        begin()
    return _present[0]


def become(args: Sequence[str], *, without: Sequence[str] = ()) -> NoReturn:
    """Let another program have this process and its terminal; some variables stay behind.

    Raises Refused where it cannot be started.
    """
    environ = {key: value for key, value in os.environ.items() if key not in without}
    sys.stdout.flush()
    try:
        os.execvpe(args[0], list(args), environ)
    except OSError as error:
        raise Refused(f"cannot start '{args[0]}': {(error.strerror or '').lower()}") from error


def tell(text: str) -> None:
    """Print a line to stderr; where that cannot be written, nobody can be told."""
    with suppress(OSError):
        click.echo(text, err=True, color=True)


def put(data: str | bytes, *, end: bool = True) -> None:
    """Print to stdout, with a line break unless `end` is False.

    Raises BrokenPipeError where the reader has seen enough, Refused where it cannot be written.
    """
    try:
        click.echo(data, nl=end, color=True)
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Refused(
            f"cannot write the result: {as_lanes_error(error).message}",
            hint="the command itself was done; see 'git lanes status'",
        ) from error


def _speaks_of_colours(path: str) -> bool:
    """Say whether git's configuration there has colours always, or may have it elsewhere."""
    try:
        with open(path, "rb") as file:
            text = file.read().lower()
    except OSError:
        return False
    return (b"color" in text and b"always" in text) or b"include" in text


def _is_terminal(stream: object) -> bool:
    try:
        return bool(getattr(stream, "isatty", bool)())
    except ValueError:  # it is closed
        return False


def _git_pages() -> bool:
    """Say whether git itself has put a pager behind stdout, as for ``git --paginate``."""
    return os.environ.get("GIT_PAGER_IN_USE", "") in ("true", "1")


def _width() -> int:
    import shutil  # 5 ms, and in a pipe nobody needs it

    return shutil.get_terminal_size().columns
