"""What commands share: the repository, the result as JSON or text, tables."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

import click

from gitlanes.cli import terminal
from gitlanes.cli.errors import line
from gitlanes.cli.main import HELP
from gitlanes.cli.terminal import put, tell
from gitlanes.errors import BadValue, LanesError, Negative, Refused
from gitlanes.models.plain import Result

if TYPE_CHECKING:
    from gitlanes.cli.progress import Bar
    from gitlanes.models.results import Proposed
    from gitlanes.models.workspaces import Snapshot
    from gitlanes.store.lane_repo import LaneRepo

_COMMON: tuple[Callable[[Any], Any], ...] = (
    click.option("--no-pager", is_flag=True, hidden=True),
    click.option("--color", type=click.Choice(terminal.COLOURS), hidden=True),
    click.option("--debug", is_flag=True, help="Show tracebacks."),
    click.option("-v", "--verbose", is_flag=True, help="Say more."),
    click.option("-q", "--quiet", is_flag=True, help="Say only what was asked."),
)
# What is longer pushes the rest of its own row aside, not that of every other.
_WIDEST = 100
# Files that are told of one by one.
_NAMED = 5
_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def porcelain_option(fields: str) -> Callable[[Any], Any]:
    """Add ``-z``, which `Output.fields` answers; `fields` names them in their order."""
    return click.option("-z", "--porcelain", is_flag=True, help=f"{fields}; a NUL after each.")


def command(
    name: str, *, long: bool = False, words: bool = False, **extra: Any
) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a click command with the options that all commands have.

    The function gets ``out``, an `Output`, as its first argument; its docstring is the help.
    What a ``long`` one prints on a terminal goes through the user's pager; one of ``words`` has
    nothing for programs, so no ``--json``.
    """

    def decorate(function: Callable[..., Any]) -> click.Command:
        @wraps(function)
        def called(*, quiet: bool, verbose: bool, debug: bool, **given: Any) -> Any:
            del debug  # read by whoever reports the error
            face(given.pop("color"), given.pop("no_pager"))
            as_json = given.pop("as_json", False)
            if as_json and given.get("porcelain"):
                raise BadValue("--json and --porcelain exclude each other")
            paged = long and not as_json and not given.get("porcelain")
            try:
                return function(Output(as_json, quiet, verbose, name if paged else None), **given)
            except KeyboardInterrupt:
                raise click.Abort from None  # click would print an empty line for the first
            except BrokenPipeError:
                return 0  # the reader has seen enough; click would make that a failure

        made: Callable[..., Any] = called
        for option in _COMMON if words else (*_COMMON, _JSON):
            made = option(made)
        make: Callable[[Any], click.Command] = click.command(name, context_settings=HELP, **extra)
        return make(made)

    return decorate


def face(color: str | None, no_pager: bool) -> None:
    """Take what the command line asks of the terminal."""
    present = terminal.present()
    present.colour = color or present.colour
    present.paged = present.paged and not no_pager


class Output:
    """Where a command's words go: the result to stdout, chatter to stderr."""

    def __init__(self, as_json: bool, quiet: bool, verbose: bool, paged: str | None = None):
        self.as_json = as_json
        self.quiet = quiet
        self.verbose = verbose
        self._paged = paged

    @property
    def shows(self) -> bool:
        """Say whether somebody sees stdout on a terminal, through a pager or not."""
        return terminal.present().shows

    def result(self, model: Result, text: Sequence[str] = ()) -> None:
        """Print a model: as JSON if asked for, else as these lines."""
        if self.as_json:
            self.json(model.to_dict())
        else:
            for row in text:
                self.line("\t".join(line(cell) for cell in row.split("\t")))

    def json(self, found: Any) -> None:
        """Print an object; raises ValueError for a number that JSON has no word for."""
        put(json.dumps(found, sort_keys=True, allow_nan=False))

    def line(self, text: str) -> None:
        """Print a line that is safe for a terminal, in colours where they are wanted."""
        if terminal.present().colours:
            from gitlanes.cli.colours import painted

            text = painted(text)
        put(text)

    def raw(self, text: str) -> None:
        """Print a line byte by byte: a shell reads it."""
        put(os.fsencode(text))

    def patch(self, text: str) -> None:
        """Print a patch: as it is into a pipe, safe and in colours on a terminal."""
        if not self.shows:
            put(text.encode("utf-8", "surrogateescape"), end=False)
            return
        from gitlanes.cli.colours import painted_patch

        coloured = terminal.present().colours
        for row in text.removesuffix("\n").split("\n"):
            safe = line(row.expandtabs())
            put(painted_patch(safe) if coloured else safe)

    def fields(self, rows: Iterable[Sequence[str | bytes]]) -> None:
        """Print the fields of all rows for a script, with a NUL after each."""
        for row in rows:
            written = (x if isinstance(x, bytes) else os.fsencode(x) for x in row)
            put(b"".join(x + b"\0" for x in written), end=False)

    def result_path(self, model: Result, path: str) -> None:
        """Print a model whose text is one path, byte by byte: a shell goes there."""
        if self.as_json:
            self.result(model)
        else:
            put(os.fsencode(path))

    def results(self, schema: str, key: str, models: Sequence[Result], text: Sequence[str]) -> None:
        """Print a list of models as one object."""
        if self.as_json:
            self.json({"schema": schema, key: [x.to_dict() for x in models]})
        else:
            for row in text:
                self.line(row)

    def say(self, text: str) -> None:
        """Print a line of chatter, unless quiet."""
        if not self.quiet:
            tell(line(text))

    def say_skipped(self, left: Proposed | Snapshot) -> None:
        """Say how many untracked paths were left out by rule, and which for their secrets."""
        if left.skipped:
            self.say(f"{count(left.skipped, 'untracked path')} skipped by lanes.exclude")
        for path in left.secret[:_NAMED]:
            self.warn(f"'{os.fsdecode(path)}' may hold secrets: not taken in (lanes.secretFiles)")
        if len(left.secret) > _NAMED:
            self.warn(f"{len(left.secret) - _NAMED} more files may hold secrets: not taken in")

    def warn(self, text: str) -> None:
        """Print a line that a person should see."""
        tell(f"warning: {line(text)}")

    @contextmanager
    def repository(
        self, *, mend: bool = True, lenient: bool = False, where: str | None = None
    ) -> Iterator[LaneRepo]:
        """Open the repository that one stands in, and show what verbs noticed at the end.

        With `where` it is the one there, whatever the environment says of another. A `lenient`
        command goes on past a team's file that cannot be taken.
        """
        from gitlanes.exchange.following import follow
        from gitlanes.store.lane_repo import LaneRepo

        if where is None:
            repo = LaneRepo.open(here(), os.environ)
        else:
            from gitlanes.git.process import elsewhere

            repo = LaneRepo.open(where, elsewhere(os.environ))
        repo.lenient = lenient
        repo.landed = partial(follow, repo)
        if mend and repo.interrupted:
            from gitlanes.store.transaction import mend as mend_now

            mend_now(repo)
        bar = self._watched(repo)
        try:
            yield repo
            self._settle(repo)
        except LanesError:
            with suppress(LanesError):
                self._ask(repo)
            raise
        finally:
            if bar:
                bar.stop()
            repo.close()
            for text in repo.warnings:
                self.warn(text)

    def _watched(self, repo: LaneRepo) -> Bar | None:
        """Show the progress of long work, if there is somebody to see it."""
        if self.as_json or self.quiet or not sys.stderr.isatty() or terminal.present().dumb:
            return None
        from gitlanes.cli.progress import Bar

        repo.progress = bar = Bar()
        return bar

    def _settle(self, repo: LaneRepo) -> None:
        """The work is done, its result comes: get the terminal ready for it."""
        self._ask(repo)
        if self._paged and terminal.present().pages:
            terminal.present().page(repo.own_settings, self._paged)

    def _ask(self, repo: LaneRepo) -> None:
        """Ask what the user wants of a terminal, if there is one, or of a pipe as of one."""
        present = terminal.present()
        seen = present.shows or sys.stderr.isatty()
        if seen or (not self.as_json and present.may_be_told(repo.place.common_dir)):
            present.ask(repo.own_settings)

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print rows: a rich table on a terminal, plain aligned columns in a pipe."""
        present = terminal.present()
        if present.shows and not present.dumb:
            _rich_table(headers, rows)
            return
        cells = [list(headers), *([line(cell) for cell in row] for row in rows)]
        widths = [min(max(map(len, column)), _WIDEST) for column in zip(*cells, strict=True)]
        for row in cells:
            padded = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
            padded[-1] = row[-1]
            put("  ".join(_in_colour(padded)).rstrip())


def _in_colour(cells: Sequence[str]) -> Sequence[str]:
    if not terminal.present().colours:
        return cells
    from gitlanes.cli.colours import STATUS, paint

    return [paint(cell, STATUS.get(cell.rstrip())) for cell in cells]


def _rich_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from gitlanes.cli.colours import STATUS

    present = terminal.present()
    coloured = present.colours
    table = Table(*headers, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        safe = [line(cell) for cell in row]
        table.add_row(*(Text(x, STATUS.get(x, "") if coloured else "") for x in safe))
    console = Console(
        force_terminal=True,
        color_system="standard" if coloured else None,
        width=present.width,
        highlight=False,
    )
    with console.capture() as captured:
        console.print(table)
    put(captured.get(), end=False)


def here() -> str:
    """Return the present directory; raises Refused where somebody removed it."""
    try:
        return os.getcwd()
    except FileNotFoundError as error:
        raise Refused("the present directory is gone", hint="cd into the repository") from error


def confirm(question: str, yes: bool, kept: str) -> None:
    """Ask on a terminal; elsewhere a destructive command needs --yes.

    Raises Negative for the answer no; `kept` is what is told then: 'nothing was deleted'.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise Refused("this needs a confirmation, and there is no terminal", hint="use --yes")
    if not click.confirm(question, err=True):
        raise Negative(kept)


def count(number: int, noun: str) -> str:
    """Return ``1 file`` or ``3 files``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def short(oid: str | None) -> str:
    """Return an object id as people read it."""
    return (oid or "")[:12]
