"""What commands share: the repository, the result as JSON or text, tables."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any

import click

from gitlanes.cli.errors import line
from gitlanes.cli.main import HELP
from gitlanes.models.plain import Result

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_COMMON: tuple[Callable[[Any], Any], ...] = (
    click.option("--debug", is_flag=True, help="Show tracebacks."),
    click.option("-v", "--verbose", is_flag=True, help="Say more."),
    click.option("-q", "--quiet", is_flag=True, help="Say only what was asked."),
    click.option("--json", "as_json", is_flag=True, help="Print one JSON object."),
)


def command(name: str, **extra: Any) -> Callable[[Callable[..., Any]], click.Command]:
    """Make a click command with the options that all commands have.

    The function gets ``out``, an `Output`, as its first argument; its docstring is the help.
    """

    def decorate(function: Callable[..., Any]) -> click.Command:
        @wraps(function)
        def called(*, as_json: bool, quiet: bool, verbose: bool, debug: bool, **given: Any) -> Any:
            del debug  # read by whoever reports the error
            try:
                return function(Output(as_json, quiet, verbose), **given)
            except KeyboardInterrupt:
                raise click.Abort from None  # click would print an empty line for the first

        made: Callable[..., Any] = called
        for option in _COMMON:
            made = option(made)
        make: Callable[[Any], click.Command] = click.command(name, context_settings=HELP, **extra)
        return make(made)

    return decorate


class Output:
    """Where a command's words go: the result to stdout, chatter to stderr."""

    def __init__(self, as_json: bool, quiet: bool, verbose: bool):
        self.as_json = as_json
        self.quiet = quiet
        self.verbose = verbose

    def result(self, model: Result, text: Sequence[str] = ()) -> None:
        """Print a model: as JSON if asked for, else as these lines."""
        if self.as_json:
            click.echo(json.dumps(model.to_dict(), sort_keys=True))
        else:
            for row in text:
                click.echo("\t".join(line(cell) for cell in row.split("\t")))

    def result_path(self, model: Result, path: str) -> None:
        """Print a model whose text is one path, byte by byte: a shell goes there."""
        if self.as_json:
            self.result(model)
        else:
            click.echo(os.fsencode(path))

    def results(self, schema: str, key: str, models: Sequence[Result], text: Sequence[str]) -> None:
        """Print a list of models as one object."""
        if self.as_json:
            click.echo(
                json.dumps({"schema": schema, key: [x.to_dict() for x in models]}, sort_keys=True)
            )
        else:
            for row in text:
                click.echo(row)

    def say(self, text: str) -> None:
        """Print a line of chatter, unless quiet."""
        if not self.quiet:
            click.echo(line(text), err=True)

    def warn(self, text: str) -> None:
        """Print a line that a person should see."""
        click.echo(f"warning: {line(text)}", err=True)

    @contextmanager
    def repository(self, *, mend: bool = True) -> Iterator[LaneRepo]:
        """Open the repository that one stands in, and show what verbs noticed at the end."""
        from gitlanes.store.lane_repo import LaneRepo

        repo = LaneRepo.open(os.getcwd(), os.environ)
        if mend and repo.interrupted:
            from gitlanes.store.transaction import mend as mend_now

            mend_now(repo)
        try:
            yield repo
        finally:
            repo.close()
            for text in repo.warnings:
                self.warn(text)

    def table(self, headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print rows: a rich table on a terminal, plain aligned columns in a pipe."""
        if sys.stdout.isatty() and "TERM" in os.environ and os.environ["TERM"] != "dumb":
            _rich_table(headers, rows)
            return
        cells = [list(headers), *([line(cell) for cell in row] for row in rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(headers))]
        for row in cells:
            padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            click.echo("  ".join(padded).rstrip())


def _rich_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(*headers, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in rows:
        table.add_row(*(Text(line(cell)) for cell in row))
    Console().print(table)


def count(number: int, noun: str) -> str:
    """Return ``1 file`` or ``3 files``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def short(oid: str | None) -> str:
    """Return an object id as people read it."""
    return (oid or "")[:12]
