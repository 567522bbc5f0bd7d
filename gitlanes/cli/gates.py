"""Commands about gates: evaluate, trust."""

from __future__ import annotations

import json
from typing import Any

import click

from gitlanes.cli.errors import gate_lines, line
from gitlanes.cli.options import (
    judgement_options,
    take_judgement,
    take_waiver,
    waiver_options,
)
from gitlanes.cli.output import Output, command, confirm, short
from gitlanes.errors import EXIT_NEGATIVE, BadValue
from gitlanes.models.gates import Evaluated, Trusted
from gitlanes.models.notes import Evaluation
from gitlanes.models.plain import plain


@command("evaluate")
@click.argument("attempt", required=False)
@click.option("--workspace", metavar="LANE", help="Judge that workspace's files; record nothing.")
@click.option("--gate", "gates", metavar="NAME", multiple=True, help="Ask this gate; repeatable.")
@click.option("--again", is_flag=True, help="Run them although that tree was judged before.")
@click.option("--decide", is_flag=True, help="Accept or reject the attempt by what they say.")
@click.option("--record", metavar="NAME=pass|fail", help="Record a judgement made elsewhere.")
@click.option("--data", metavar="JSON", help="What that judge adds: an object.")
@judgement_options
@waiver_options
def evaluate_command(
    out: Output, attempt: str | None, workspace: str | None, record: str | None, **given: Any
) -> int:
    """Ask the gates about ATTEMPT (as in auth/3), as it would land now.

    What they say is recorded, and decides nothing unless that is asked for. Without ATTEMPT it
    is the newest open one of the lane that one stands in. With --record nothing runs: ATTEMPT
    may be any commit, and gets that judgement.
    """
    if record is not None:
        return _record(out, attempt, record, given)
    if given["data"] is not None:
        raise BadValue("--data goes with --record")
    if workspace is not None and (attempt is not None or given["decide"]):
        raise BadValue("--workspace judges files: it takes no attempt, and decides nothing")
    found = _evaluated(out, attempt, workspace, given)
    decided = found.decided
    text = [row for x in found.evaluations for row in evaluation_lines(x)]
    text += [f"skipped {name}: it does not concern what changes" for name in found.skipped]
    if decided is not None:
        made = decided.attempt
        text.append(f"{made.status} {made.id} {short(made.landed or made.commit)} {made.title}")
    out.result(found, text)
    return 0 if found.passed else EXIT_NEGATIVE


def _evaluated(
    out: Output, attempt: str | None, workspace: str | None, given: dict[str, Any]
) -> Evaluated:
    from gitlanes.landing import evaluating

    questions = evaluating.Questions(given["gates"], given["again"])
    judgement, waiver = take_judgement(given), take_waiver(given)
    with out.repository() as repo:
        if workspace is not None:
            return evaluating.evaluate_workspace(repo, workspace, questions)
        if given["decide"]:
            return evaluating.evaluate_and_decide(repo, attempt, questions, judgement, waiver)
        return evaluating.evaluate(repo, attempt, questions)


def _record(out: Output, of: str | None, record: str, given: dict[str, Any]) -> int:
    from gitlanes.gates.recording import record_evaluation

    name, _, verdict = record.rpartition("=")
    if of is None or not name or verdict not in ("pass", "fail"):
        raise BadValue("--record takes an attempt or a commit, and NAME=pass or NAME=fail")
    judgement = take_judgement(given)
    with out.repository() as repo:
        made = record_evaluation(
            repo,
            of,
            name,
            verdict == "pass",
            by=judgement.by,
            reason=judgement.reason,
            data=_object(given["data"]),
        )
    out.result(made, [f"recorded {name} {verdict} on {made.attempt or short(made.commit)}"])
    return 0


def _object(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise BadValue("--data is no JSON object", hint="""write it as '{"score": 3}'""")
    return found


def evaluation_lines(found: Evaluation) -> list[str]:
    """Return what a gate said, with the end of what it printed where it failed."""
    about = [] if found.passed else [found.reason or "it says no"]
    about += ["optional"] if found.required is False else []
    about += [f"passed at try {found.tries}: flaky"] if found.flaky else []
    about += ["judged before"] if found.cached else []
    if found.duration_ms is not None:
        about.append(f"{found.duration_ms / 1000:.1f} s")
    head = f"{'pass' if found.passed else 'fail'} {found.name}"
    rows = [f"{head} ({', '.join(about)})" if about else head]
    return rows + ([] if found.passed else gate_lines(plain(found))[1:])


@command("trust")
@click.argument("lane", required=False)
@click.option("--show", is_flag=True, help="Show what would run, and change nothing.")
@click.option("--revoke", is_flag=True, help="Trust that text no more.")
@click.option("--yes", is_flag=True, help="Trust it without a question.")
def trust_command(out: Output, lane: str | None, show: bool, revoke: bool, yes: bool) -> int | None:
    """Let what the '.gitlanes.toml' of LANE's head names run in this clone.

    That is gates, and what workspaces are given, a '.worktreeinclude' included. By default it is
    the lane that this repository was adopted with. Every change of that text has to be trusted
    anew.
    """
    from gitlanes.gates import trust

    if show and revoke:
        raise BadValue("--show and --revoke exclude each other")
    with out.repository() as repo:
        if revoke:
            found = trust.revoke(repo, lane)
        else:
            found = trust.show(repo, lane)
            if not show and found.needed and not found.trusted:
                for text in _commands(found):
                    out.say(text)
                confirm(
                    f"let these run in this clone, as lane '{found.lane}' has them?",
                    yes,
                    "nothing was trusted",
                )
            if not show:
                found = trust.trust(repo, found.lane, text=found.text)
    said = f"'{found.lane}' at {short(found.commit)}: {_standing(found)}"
    out.result(found, [*(_commands(found) if show else ()), line(said)])
    return EXIT_NEGATIVE if show and found.needed and not found.trusted else None


def _commands(found: Trusted) -> list[str]:
    return [f"{name}: {shown}" for name, shown in found.commands]


def _standing(found: Trusted) -> str:
    if not found.needed:
        return "it runs nothing"
    return "trusted" if found.trusted else "not trusted"
