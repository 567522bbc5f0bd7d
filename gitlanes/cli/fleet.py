"""Commands about agents at work: run, ps, prompt, attach, logs, kill."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gitlanes.cli.fleet_text import show, summary, watch
from gitlanes.cli.options import take_prompt
from gitlanes.cli.output import Output, command, count
from gitlanes.cli.run_options import prompt_options, start_options, take_prompted
from gitlanes.errors import BadValue, Refused

if TYPE_CHECKING:
    from gitlanes.models.fleet import Run

_LANE = click.argument("lane", required=False)


@command("run")
@click.argument("lane")
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
@click.option("--prompt", help="What is to be done; '-' reads it from stdin.")
@prompt_options
@click.option("--agent", "program", metavar="NAME", help="Which agent; else the first on PATH.")
@click.option("--model", help="The model that it is to use.")
@start_options
def run_command(
    out: Output,
    lane: str,
    args: tuple[str, ...],
    prompt: str | None,
    program: str | None,
    model: str | None,
    **given: Any,
) -> None:
    """Run an agent in LANE, which is made if it is not there.

    ARGS, behind '--', are further words for the agent that is named, else a command to run. It is
    watched for up to 5 seconds; its work is proposed when it ends.
    """
    from gitlanes.fleet.running import run
    from gitlanes.models.plain import replace

    order = take_prompted(given, prompt, needed=not args)
    order = replace(order, program=program, model=model, args=args)
    with out.repository() as repo:
        made = run(repo, lane, order)
    out.result(made, [summary(made)])
    _hint(out, made)


def _hint(out: Output, made: Run) -> None:
    if made.session or (made.live and made.socket):
        out.say(f"hint: see it with 'git lanes attach {made.lane}'")
    elif made.live:
        out.say(f"hint: see it with 'git lanes logs {made.lane} --follow'")


@command("ps")
@click.option("--all", "every", is_flag=True, help="Those that ended, too.")
@click.option("--batch", metavar="ID", help="Those of a batch alone.")
@click.option("--grouped", is_flag=True, help="Batch by batch, with sums.")
@click.option("--watch", "watched", is_flag=True, help="Go on showing them, until Ctrl-C.")
def ps_command(out: Output, every: bool, batch: str | None, grouped: bool, watched: bool) -> None:
    """Show the agents at work: how each is, what it uses, what it printed last."""
    from gitlanes.fleet.observing import report

    if watched:
        watch(out, every=every, batch=batch, grouped=grouped)
        return
    with out.repository() as repo:
        found = report(repo, every=every, batch=batch)
    if out.as_json:
        out.result(found)
    else:
        show(out, found, grouped=grouped)


@command("prompt")
@click.argument("lane")
@click.argument("text", required=False)
@click.option("--prompt-file", type=click.Path(path_type=Path), help="Read the text there.")
def prompt_command(out: Output, lane: str, text: str | None, prompt_file: Path | None) -> None:
    """Hand TEXT to the agent of LANE; '-' reads it from stdin.

    It is typed into the agent's terminal. One that has ended goes on with it where it left off.
    """
    from gitlanes.fleet.telling import prompt

    said = take_prompt(text, prompt_file)
    if not said:
        raise BadValue("a prompt without text", hint="give TEXT or --prompt-file")
    with out.repository() as repo:
        made = prompt(repo, lane, said)
    how = "resumed" if made.resumed else "prompted"
    out.result(made, [f"{how} {made.run.agent} in lane {made.run.lane}"])


@command("attach")
@_LANE
def attach_command(out: Output, lane: str | None) -> int:
    """Attach this terminal to that of LANE's agent; Ctrl-B D leaves it.

    With --json nothing is attached: the command that does it is told.
    """
    from gitlanes.cli.terminal import become
    from gitlanes.fleet.telling import attach

    with out.repository() as repo:
        found = attach(repo, lane)
    if out.as_json:
        out.result(found)
        return 0
    if not sys.stdin.isatty():
        raise Refused("there is no terminal to attach", hint="--json tells the command for it")
    return become(found.args, without=("TMUX",))


@command("logs", long=True)
@_LANE
@click.option("-n", "--lines", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--follow", "-f", is_flag=True, help="Go on as it prints, until it ends.")
def logs_command(out: Output, lane: str | None, lines: int, follow: bool) -> None:
    """Show what LANE's agent printed last, whether it is at work or has ended."""
    from gitlanes.fleet.logs import follow as following
    from gitlanes.fleet.telling import alive, logged

    if follow and out.as_json:
        raise BadValue("--json and --follow exclude each other")
    with out.repository() as repo:
        found = logged(repo, lane, count=lines)
        if follow:
            for row in found.lines:
                out.line(row)
            for row in following(Path(str(found.run.log)), lambda: alive(repo, found.run)):
                out.line(row)
            return
    out.result(found, list(found.lines))


@command("kill")
@click.argument("pattern", required=False)
@click.option("--batch", metavar="ID", help="Those of a batch.")
@click.option("--force", is_flag=True, help="End them at once, without asking them to.")
@click.option("--rm", "remove", is_flag=True, help="Archive their lanes, too.")
def kill_command(
    out: Output, pattern: str | None, batch: str | None, force: bool, remove: bool
) -> None:
    """Stop the agents of all lanes that PATTERN fits, such as 'auth-*'; their work is kept.

    The lanes and their files stay; with --rm unsaved work goes into a snapshot, the workspaces
    go, and the lanes are archived.
    """
    from gitlanes.fleet.killing import kill

    if pattern is None and batch is None:
        raise BadValue("which agents are to be stopped?", hint="give a PATTERN, or --batch")
    with out.repository() as repo:
        found = kill(repo, pattern, batch=batch, force=force, remove=remove)
    rows = [summary(x) for x in found.runs]
    rows += [f"archived lane {x}" for x in found.archived]
    out.result(found, rows)
    for name, why in found.left.items():
        out.warn(f"lane '{name}' is not archived: {why}")
    if found.runs:
        out.say(f"stopped {count(len(found.runs), 'agent')}")
