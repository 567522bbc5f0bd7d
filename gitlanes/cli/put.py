"""The command put: a file into a lane, without a workspace."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click

from gitlanes.cli.attempt import show_attempt
from gitlanes.cli.options import (
    intent_options,
    take_cost,
    take_intent,
    take_waiver,
    waiver_options,
)
from gitlanes.cli.output import Output, command
from gitlanes.errors import BadValue


@command("put")
@click.argument("lane")
@click.argument("path")
@click.argument("file", required=False)
@click.option("--delete", is_flag=True, help="Delete the file at PATH.")
@click.option("--no-accept", is_flag=True, help="Only propose.")
@click.option("-m", "--message", help="Commit message; else the prompt's first line.")
@click.option("--change", metavar="I…", help="Change-Id to carry on.")
@click.option("--expect", metavar="HEAD", help="Refuse unless the lane is at this commit.")
@intent_options
@waiver_options
def put_command(
    out: Output,
    lane: str,
    path: str,
    file: str | None,
    delete: bool,
    no_accept: bool,
    **given: Any,
) -> None:
    """Put what FILE or standard input holds into LANE at PATH, as an attempt.

    PATH is from the top. No workspace is needed, and the lane's own stays as it is. Without
    --no-accept it is accepted at once, and has to pass the lane's gates.
    """
    from gitlanes.review.propose import Offer
    from gitlanes.review.putting import put

    if delete and file is not None:
        raise BadValue("--delete and FILE exclude each other")
    waiver = take_waiver(given)
    offer = Offer(
        intent=take_intent(given),
        cost=take_cost(given),
        message=given["message"],
        change=given["change"],
        expect=given["expect"],
        waiver=waiver,
    )
    content = None if delete else _read(file)
    with out.repository() as repo:
        made = put(repo, lane, {os.fsencode(path): content}, offer, accept=not no_accept)
    show_attempt(out, made)


def _read(file: str | None) -> bytes:
    return sys.stdin.buffer.read() if file in (None, "-") else Path(str(file)).read_bytes()
