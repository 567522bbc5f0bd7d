"""Commands about attempts: propose, commit, accept, reject."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import click

from gitlanes.cli.errors import line
from gitlanes.cli.landing_text import following_lines
from gitlanes.cli.moved_text import files, tell
from gitlanes.cli.options import (
    intent_options,
    judgement_options,
    take_cost,
    take_intent,
    take_judgement,
    take_waiver,
    waiver_options,
)
from gitlanes.cli.output import Output, command, short
from gitlanes.cli.paths import below
from gitlanes.cli.with_paths import WithPaths
from gitlanes.errors import BadValue
from gitlanes.models.gates import NO_WAIVER, Waiver
from gitlanes.models.notes import Judgement
from gitlanes.models.plain import replace
from gitlanes.models.results import Decided, Proposed

if TYPE_CHECKING:
    from gitlanes.review.propose import Offer
    from gitlanes.store.lane_repo import LaneRepo

F = TypeVar("F", bound=Callable[..., Any])

_EXPECT = click.option("--expect", metavar="HEAD", help="Refuse unless the lane is at this commit.")


def _offer_options(function: F) -> F:
    options = (
        click.argument("lane", required=False),
        click.option("-m", "--message", help="Commit message; else the prompt's first line."),
        click.option("--change", metavar="I…|new", help="Change-Id to carry on, or a new one."),
        click.option("--on", metavar="ATTEMPT", help="Make it on top of that open attempt."),
        _EXPECT,
    )
    for option in reversed(options):
        function = option(function)
    return intent_options(function)


def _decision_options(function: F) -> F:
    return click.argument("attempt")(judgement_options(_EXPECT(function)))


@command("propose", cls=WithPaths)
@_offer_options
@click.option("--rejected", metavar="REASON", help="Turn it down at once: work that broke off.")
def propose_command(out: Output, lane: str | None, rejected: str | None, **given: Any) -> None:
    """Offer the workspace of LANE as an attempt.

    After '--', PATHS limit it to some files. A whole proposal supersedes the open ones, but for
    those that it is made on top of.
    """
    from gitlanes.review.propose import propose

    why = None if rejected is None else Judgement(given["agent"], rejected)
    _make(out, partial(_turned_down, propose, why) if why else propose, lane, given)


@command("commit", cls=WithPaths)
@_offer_options
@click.option("--no-accept", is_flag=True, help="Only propose.")
@click.option("--amend", is_flag=True, help="Fold the edits into the last attempt.")
@click.option("--amend-of", metavar="ATTEMPT", help="Fold them into that one; later ones follow.")
@waiver_options
def commit_command(
    out: Output,
    lane: str | None,
    no_accept: bool,
    amend: bool,
    amend_of: str | None,
    **given: Any,
) -> None:
    """Propose the workspace of LANE and accept it at once.

    After '--', PATHS limit it to some files. An amended attempt keeps its Change-Id, and stays
    open or accepted as it was. What is committed has to pass the lane's gates.
    """
    from gitlanes.review.amend import amend as fold
    from gitlanes.review.propose import commit, propose

    amends = amend or amend_of is not None
    if amends and no_accept:
        raise BadValue("--amend and --no-accept exclude each other")
    if amends and (given["on"] is not None or given["change"] is not None):
        raise BadValue("an amended attempt keeps its place and its change: no --on, no --change")
    waiver = take_waiver(given)
    verb = partial(fold, of=amend_of) if amends else propose if no_accept else commit
    _make(out, verb, lane, given, waiver)


@command("accept")
@_decision_options
@waiver_options
def accept_command(out: Output, attempt: str, **given: Any) -> None:
    """Make ATTEMPT (as in auth/3) part of its lane.

    It has to pass the lane's gates; work that fails is rejected.
    """
    from gitlanes.landing.accepting import accept

    _decide(out, partial(accept, waiver=take_waiver(given)), attempt, given)


@command("reject")
@_decision_options
@click.option("--reset", is_flag=True, help="Bring the workspace back to the lane's head.")
def reject_command(out: Output, attempt: str, **given: Any) -> None:
    """Turn ATTEMPT (as in auth/3) down; its content and records stay readable."""
    from gitlanes.review.decide import reject

    _decide(out, reject, attempt, given)


def _turned_down(
    verb: Callable[..., Proposed], why: Judgement, repo: LaneRepo, lane: str | None, offer: Offer
) -> Proposed:
    return verb(repo, lane, replace(offer, rejected=why))


def _make(
    out: Output,
    verb: Callable[..., Proposed],
    lane: str | None,
    given: dict[str, Any],
    waiver: Waiver = NO_WAIVER,
) -> None:
    """Call a verb that makes an attempt, and show that."""
    with out.repository() as repo:
        made = verb(repo, lane, _offer(repo, lane, given, waiver))
    show_attempt(out, made)


def _decide(out: Output, verb: Callable[..., Decided], attempt: str, given: dict[str, Any]) -> None:
    """Call a verb that decides an attempt, and show that; what else is given goes to it."""
    judgement = take_judgement(given)
    with out.repository() as repo:
        made = verb(repo, attempt, judgement, **given)
    show_attempt(out, made)


def _offer(repo: LaneRepo, lane: str | None, given: dict[str, Any], waiver: Waiver) -> Offer:
    from gitlanes.review.propose import Offer
    from gitlanes.workspaces.finding import lane_or_present, require_workspace

    names: tuple[bytes, ...] = ()
    paths = click.get_current_context().meta.get(WithPaths.KEY, ())
    if paths:
        top = require_workspace(repo, lane_or_present(repo, lane).record).path
        names = tuple(below(top, path, "workspace") or b"." for path in paths)
    return Offer(
        intent=take_intent(given),
        cost=take_cost(given),
        message=given["message"],
        change=given["change"],
        expect=given["expect"],
        on=given["on"],
        paths=names,
        waiver=waiver,
    )


def show_attempt(out: Output, made: Proposed | Decided) -> None:
    """Say what became of an attempt."""
    attempt = made.attempt
    commit = short(attempt.landed or attempt.commit)
    text = [line(f"{attempt.status} {attempt.id} {commit} {attempt.title}")]
    text += following_lines(made.following)
    out.result(made, text)
    again = made.laid_again if isinstance(made, Proposed) else {}
    for superseded in made.superseded:
        if superseded in again:
            out.say(f"laid {superseded} again as {again[superseded]}")
        else:
            out.say(f"superseded {superseded}")
    if isinstance(made, Proposed):
        out.say_skipped(made)
    elif made.reset:
        out.say(f"{made.reset.path} is back at the lane's head: {files(made.reset)}")
        tell(out, made.reset)
    if attempt.open:
        out.say(
            f"hint: decide with 'git lanes accept {attempt.id}' or 'git lanes reject {attempt.id}'"
        )
