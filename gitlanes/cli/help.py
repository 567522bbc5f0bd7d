"""`git lanes help`."""

from __future__ import annotations

import click

from gitlanes.cli.main import main
from gitlanes.cli.output import Output, command
from gitlanes.cli.terminal import put


@command("help", words=True)
@click.argument("names", metavar="[COMMAND]...", nargs=-1)
def help_command(out: Output, names: tuple[str, ...]) -> None:
    """Show what 'git lanes COMMAND -h' shows."""
    from gitlanes.cli.tree import context

    del out
    asked: click.Command = main
    here = context(asked, "git lanes")
    for name in names:
        if not isinstance(asked, click.Group):
            raise click.UsageError(f"'{here.command_path}' has no commands", here)
        _, found, _ = asked.resolve_command(here, [name])
        if found is None:
            raise click.UsageError(f"No such command '{name}'.", here)
        asked, here = found, context(found, found.name or name, here)
    put(asked.get_help(here))
