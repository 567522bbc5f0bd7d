"""`git lanes demo`."""

from __future__ import annotations

import os
from pathlib import Path

import click

from gitlanes.cli.errors import line
from gitlanes.cli.output import Output, command, here
from gitlanes.cli.terminal import put


@command("demo", words=True)
@click.option("--keep", is_flag=True, help="Keep the temporary repository.")
def demo_command(out: Output, keep: bool) -> None:
    """See the main job done on a temporary clone of this repository.

    Three scripted agents work in parallel; one attempt is rejected, two lanes land, one
    collides. Outside any repository the demo makes one. Nothing is left behind.
    """
    from gitlanes.demo.story import play

    del out
    play(Path(here()), os.environ, lambda text: put(line(text)), keep=keep)
