"""Commands that start several agents: fanout, multi, go."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gitlanes.cli.batch import by_words, read_rules, show_picked
from gitlanes.cli.fleet_text import summary
from gitlanes.cli.options import milliseconds, take_prompt
from gitlanes.cli.output import Output, command, short
from gitlanes.cli.run_options import (
    F,
    prompt_options,
    start_options,
    take_order,
    take_prompted,
)
from gitlanes.errors import EXIT_NEGATIVE, BadValue
from gitlanes.models.batches import CRITERIA
from gitlanes.models.records import MODES

if TYPE_CHECKING:
    from gitlanes.models.batches import Fanned


def _dealt(function: F) -> F:
    function = click.option("--model", "models", multiple=True, help="Dealt in turn.")(function)
    agents = click.option("--agent", "agents", multiple=True, metavar="NAME", help="Dealt in turn.")
    return agents(function)


@command("fanout")
@click.argument("number", type=click.IntRange(1))
@click.argument("prefix", required=False)
@click.option("--prompt", help="What is to be done; '-' reads it from stdin.")
@prompt_options
@_dealt
@start_options
def fanout_command(
    out: Output,
    number: int,
    prefix: str | None,
    prompt: str | None,
    agents: tuple[str, ...],
    models: tuple[str, ...],
    **given: Any,
) -> int:
    """Start NUMBER agents with one prompt, in lanes PREFIX-a, PREFIX-b and so on.

    PREFIX is made of the prompt unless told. They share a batch, which 'compare' shows and 'pick'
    decides.
    """
    from gitlanes.fleet.fanning import fanout

    order = take_prompted(given, prompt)
    with out.repository() as repo:
        made = fanout(repo, number, prefix, order, agents=agents, models=models)
    return _show(out, made, then=f", and pick with 'git lanes pick {made.batch}'")


@command("multi")
@click.argument("tasks", nargs=-1)
@click.option("--file", "files", multiple=True, type=click.Path(path_type=Path), help="Tasks.")
@click.option("--agent", "program", metavar="NAME", help="Which agent; else the first on PATH.")
@click.option("--model", help="The model that they are to use.")
@start_options
def multi_command(
    out: Output,
    tasks: tuple[str, ...],
    files: tuple[Path, ...],
    program: str | None,
    model: str | None,
    **given: Any,
) -> int:
    """Start an agent for each of TASKS, which are LANE:PROMPT, in quotes.

    A --file has them in TOML ([[task]] with lane and prompt), JSON or Markdown (## LANE, and
    the prompt below it). Lanes in which an agent is at work are skipped.
    """
    from gitlanes.fleet.fanning import start
    from gitlanes.fleet.orders import of_file, of_words
    from gitlanes.models.plain import replace

    order = replace(take_order(given), program=program, model=model)
    members = of_words(tasks, order)
    for file in files:
        members += of_file(file.name, str(take_prompt(None, file)), order)
    if not members:
        raise BadValue("nothing to do is said", hint="give LANE:PROMPT, or --file")
    with out.repository() as repo:
        made = start(repo, members)
    return _show(out, made)  # different tasks: none of them is to be picked


def _show(out: Output, made: Fanned, then: str = "") -> int:
    out.result(made, [f"batch {made.batch}", *map(summary, made.runs)])
    for name, why in made.skipped.items():
        out.warn(f"lane {name} is skipped: {why}")
    for name, why in made.failed.items():
        out.warn(f"no agent in lane {name}: {why}")
    see = "git lanes ps" if any(x.live for x in made.runs) else f"git lanes compare {made.batch}"
    out.say(f"hint: see them with '{see}'{then}")
    return EXIT_NEGATIVE if made.failed or made.dead else 0


@command("go")
@click.argument("prompt", required=False)
@click.option("--tries", type=click.IntRange(1), default=3, show_default=True, help="How many.")
@click.option("--prefix", help="Names of lanes begin with it; else made of the prompt.")
@prompt_options
@_dealt
@start_options
@click.option("--by", metavar="WORDS", help=f"What counts, else {','.join(CRITERIA)}.")
@click.option("--into", metavar="LANE", help="The target; else the parent or the adopted lane.")
@click.option("--mode", type=click.Choice(MODES), help="How it lands; else merge.")
@click.option("--auto", is_flag=True, help="Pick only what [pick] of the target's file allows.")
@click.option("--rules", type=click.Path(path_type=Path), help="Pick only what that file allows.")
@click.option("--timeout", metavar="DURATION", help="Stop those that take longer: 30m, 2h.")
@click.option("--export", "branch", metavar="BRANCH", help="Put a branch at the winner's work.")
def go_command(
    out: Output,
    prompt: str | None,
    tries: int,
    prefix: str | None,
    agents: tuple[str, ...],
    models: tuple[str, ...],
    by: str | None,
    into: str | None,
    mode: str | None,
    auto: bool,
    rules: Path | None,
    timeout: str | None,
    branch: str | None,
    **given: Any,
) -> int:
    """Have PROMPT done several times side by side, pick the best by its gates, land and export it.

    It waits until the agents have ended. Ctrl-C stops them, and keeps what they did.
    """
    from gitlanes.fleet.going import Tries, go
    from gitlanes.fleet.picking import Wish

    order = take_prompted(given, prompt)
    limits = read_rules(rules) if rules is not None else None
    wish = Wish(None, into, by_words(by), mode, limits, auto)
    seconds = None if timeout is None else milliseconds(timeout) / 1000
    asked = Tries(order, tries, prefix, agents, models, wish, branch, seconds)
    with out.repository() as repo:
        made = go(repo, asked, out.say)
    there = made.exported
    more = [f"branch {there.branch} is at {short(there.commit)}"] if there else []
    show_picked(out, made, made.picked, more)
    return 0
