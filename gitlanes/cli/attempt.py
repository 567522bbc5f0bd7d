"""Commands about attempts: propose, commit, accept, reject."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gitlanes.cli.errors import line
from gitlanes.cli.landing_text import following_lines
from gitlanes.cli.options import (
    intent_options,
    judgement_options,
    take_cost,
    take_intent,
    take_judgement,
)
from gitlanes.cli.output import Output, command, short
from gitlanes.errors import Refused
from gitlanes.models.results import Decided, Proposed

if TYPE_CHECKING:
    from gitlanes.review.propose import Offer
    from gitlanes.store.lane_repo import LaneRepo

F = TypeVar("F", bound=Callable[..., Any])


class WithPaths(click.Command):
    """A command whose words after ``--`` are paths, so that LANE before it may be left out."""

    KEY = "gitlanes.paths"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the paths aside and parse the rest."""
        if "--" in args:
            at = args.index("--")
            ctx.meta[self.KEY] = args[at + 1 :]
            args = args[:at]
        return super().parse_args(ctx, args)

    def collect_usage_pieces(self, ctx: click.Context) -> list[str]:
        """Name the paths in the usage line."""
        return [*super().collect_usage_pieces(ctx), "[-- PATHS...]"]


def _offer_options(function: F) -> F:
    options = (
        click.argument("lane", required=False),
        click.option("-m", "--message", help="Commit message; else the prompt's first line."),
        click.option("--change", metavar="I…|new", help="Change-Id to carry on, or a new one."),
        click.option("--expect", metavar="HEAD", help="Refuse unless the lane is at this commit."),
    )
    for option in reversed(options):
        function = option(function)
    return intent_options(function)


@command("propose", cls=WithPaths)
@_offer_options
def propose_command(out: Output, lane: str | None, **given: Any) -> None:
    """Offer the workspace of LANE as an attempt.

    After '--', PATHS limit it to some files. A whole proposal supersedes the open ones.
    """
    from gitlanes.review.propose import propose

    with out.repository() as repo:
        made = propose(repo, lane, _offer(repo, lane, given))
    _show(out, made)


@command("commit", cls=WithPaths)
@_offer_options
@click.option("--no-accept", is_flag=True, help="Only propose.")
def commit_command(out: Output, lane: str | None, no_accept: bool, **given: Any) -> None:
    """Propose the workspace of LANE and accept it at once.

    After '--', PATHS limit it to some files.
    """
    from gitlanes.review.propose import commit, propose

    verb = propose if no_accept else commit
    with out.repository() as repo:
        made = verb(repo, lane, _offer(repo, lane, given))
    _show(out, made)


@command("accept")
@click.argument("attempt")
@judgement_options
@click.option("--expect", metavar="HEAD", help="Refuse unless the lane is at this commit.")
def accept_command(out: Output, attempt: str, expect: str | None, **given: Any) -> None:
    """Make ATTEMPT (as in auth/3) part of its lane."""
    from gitlanes.review.decide import accept

    with out.repository() as repo:
        made = accept(repo, attempt, take_judgement(given), expect=expect)
    _show(out, made)


@command("reject")
@click.argument("attempt")
@judgement_options
@click.option("--expect", metavar="HEAD", help="Refuse unless the lane is at this commit.")
def reject_command(out: Output, attempt: str, expect: str | None, **given: Any) -> None:
    """Turn ATTEMPT (as in auth/3) down; its content and records stay readable."""
    from gitlanes.review.decide import reject

    with out.repository() as repo:
        made = reject(repo, attempt, take_judgement(given), expect=expect)
    _show(out, made)


def _offer(repo: LaneRepo, lane: str | None, given: dict[str, Any]) -> Offer:
    from gitlanes.review.propose import Offer
    from gitlanes.workspaces.finding import lane_or_present, require_workspace

    names: tuple[bytes, ...] = ()
    paths = click.get_current_context().meta.get(WithPaths.KEY, ())
    if paths:
        top = require_workspace(repo, lane_or_present(repo, lane).record).path
        names = tuple(_inside(top, Path(path)) for path in paths)
    return Offer(
        intent=take_intent(given),
        cost=take_cost(given),
        message=given["message"],
        change=given["change"],
        expect=given["expect"],
        paths=names,
    )


def _inside(top: str, path: Path) -> bytes:
    """Return a path relative to the workspace: from here if one stands in it, else from its top."""
    here = Path.cwd()
    start = here if here.is_relative_to(top) else Path(top)
    absolute = os.path.normpath(start / path)
    if not Path(absolute).is_relative_to(top):
        raise Refused(f"'{path}' is outside the workspace '{top}'", hint="name files in it")
    return os.fsencode(os.path.relpath(absolute, top))


def _show(out: Output, made: Proposed | Decided) -> None:
    attempt = made.attempt
    commit = short(attempt.landed or attempt.commit)
    text = [line(f"{attempt.status} {attempt.id} {commit} {attempt.title}")]
    text += following_lines(made.following)
    out.result(made, text)
    for superseded in made.superseded:
        out.say(f"superseded {superseded}")
    if attempt.open:
        out.say(
            f"hint: decide with 'git lanes accept {attempt.id}' or 'git lanes reject {attempt.id}'"
        )
