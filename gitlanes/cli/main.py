"""`git lanes`: finds the command, loads it alone, and turns errors into lines and exit codes."""

from __future__ import annotations

import os
import re
import signal
import sys
from contextlib import suppress
from importlib import import_module
from itertools import takewhile
from typing import TYPE_CHECKING, Any, NoReturn

import click

from gitlanes import __version__, clock
from gitlanes.cli import terminal
from gitlanes.errors import (
    EXIT_INTERRUPTED,
    EXIT_REFUSED,
    EXIT_USAGE,
    BadValue,
    LanesError,
    as_lanes_error,
    line,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

# In the order that help shows them: command, module below gitlanes.cli, what it does.
COMMANDS = {
    "init": ("init", "adopt this repository"),
    "clone": ("remote", "clone a repository with its lanes"),
    "demo": ("demo", "see the main job done on a temporary clone"),
    "config": ("config", "read, set, edit and check settings"),
    "trust": ("gates", "let the gates in .gitlanes.toml run in this clone"),
    "completion": ("completion", "print a script that completes in bash, zsh or fish"),
    "help": ("help", "show a command's options"),
    "new": ("new", "make a lane and its workspace"),
    "list": ("lane", "list the lanes"),
    "status": ("lane", "show the lanes and what is unsaved here"),
    "show": ("show", "show a lane, attempt, snapshot, change, operation or commit"),
    "path": ("lane", "print where a lane's workspace is"),
    "edit": ("lane_edit", "change a lane's description, metadata, preferred mode"),
    "rename": ("lane_edit", "give a lane another name; old ids still resolve"),
    "archive": ("lane_edit", "put a lane away: hidden, readable, takes no work"),
    "unarchive": ("lane_edit", "make an archived lane active again"),
    "pause": ("lane_edit", "let a lane take no work for now"),
    "resume": ("lane_edit", "make a paused or abandoned lane active again"),
    "abandon": ("lane_edit", "give a lane up without landing it; its work stays"),
    "dep": ("dep", "say which lanes follow which"),
    "sync": ("sync", "bring a lane up to those that it follows"),
    "cascade": ("sync", "sync all lanes that follow one, each after its parents"),
    "conflict": ("conflict", "see and resolve what a sync stopped at"),
    "task": ("task", "hand work out to agents, and merge it when it is done"),
    "bind": ("bind", "tie a lane to a branch of yours, or let them part"),
    "delete": ("lane", "delete a lane; its records stay readable"),
    "workspace": ("workspace", "list, create, update, switch and remove workspaces"),
    "snapshot": ("snapshot", "save a workspace's content, print the world state's id"),
    "restore": ("restore", "bring a workspace's files to a state"),
    "propose": ("attempt", "offer a workspace's content as an attempt"),
    "commit": ("attempt", "propose and accept at once"),
    "put": ("put", "put a file into a lane without a workspace"),
    "accept": ("attempt", "make an attempt part of its lane"),
    "reject": ("attempt", "turn an attempt down; it stays readable"),
    "evaluate": ("gates", "ask the gates about an attempt, or about unsaved work"),
    "wait": ("wait", "wait until lanes or attempts change"),
    "events": ("events", "tell what happened to lanes, as it comes if wanted"),
    "check": ("promote", "say whether lanes would land"),
    "overlap": ("overlap", "say which lanes touch the same paths right now"),
    "promote": ("promote", "land a lane's accepted work on another lane"),
    "fanout": ("fan", "start several agents with one prompt, each in a lane of its own"),
    "multi": ("fan", "start an agent for each of several tasks"),
    "go": ("fan", "have a prompt done several times, and land the best"),
    "compare": ("batch", "show lanes for the same work side by side"),
    "pick": ("batch", "land the best of them, and turn the others down"),
    "queue": ("queue", "let lanes wait for their turn to land, and land them"),
    "stack": ("stack", "group a lane's changes into stacks of blocks"),
    "review": ("review", "review blocks: request, approve, turn down"),
    "run": ("fleet", "run an agent in a lane of its own"),
    "ps": ("fleet", "show the agents at work"),
    "prompt": ("fleet", "hand a prompt to a lane's agent"),
    "attach": ("fleet", "attach this terminal to that of a lane's agent"),
    "logs": ("fleet", "show what a lane's agent printed"),
    "kill": ("fleet", "stop agents; what they did is kept"),
    "history": ("history", "list attempts with intent and cost"),
    "trace": ("history", "show the attempts that led to a state"),
    "diff": ("history", "show what lies between two states, or what is unsaved"),
    "cat": ("show", "print a file as a state has it"),
    "blame": ("asking", "show the attempt, agent, prompt and cost behind each line"),
    "why": ("asking", "show why a line, commit or attempt is: the whole chain behind it"),
    "search": ("asking", "find attempts by words in prompts, messages, reasons, tags"),
    "similar": ("asking", "find attempts that are like a text"),
    "change": ("change", "show a change through retries, rewrites and landings"),
    "op": ("op", "show operations: what was done to lanes, by whom and when"),
    "undo": ("undo", "take an operation back, in all lanes that it touched"),
    "redo": ("undo", "do again what was undone"),
    "rollback": ("undo", "take back the last steps of a lane, as one"),
    "cost": ("cost", "sum what attempts took; add to what was recorded"),
    "budget": ("budget", "limit what lanes, agents and days may use"),
    "export": ("exchange", "put an ordinary branch at a lane's work"),
    "import": ("exchange", "make a branch a lane, or follow it"),
    "reconcile": ("reconcile", "find work that a host squashed or rebased into a branch"),
    "push": ("remote", "bring a remote's lanes to what is here"),
    "pull": ("remote", "take in what is new in a remote's lanes"),
    "fetch": ("remote", "fetch a remote's lanes and show how yours stand to them"),
    "remote": ("remote", "show how lanes stand to a remote's"),
    "hook": ("hook", "let git stamp Change-Ids and tell of rewritten commits"),
    "gc": ("gc", "archive and prune lanes that are done with, by their age"),
    "compact": ("compact", "let long journals begin anew, with all that was kept behind"),
    "purge": ("purge", "take a secret that leaked out of all that lanes keep"),
    "doctor": ("doctor", "say what is wrong in this repository, and mend it"),
}

# Those that hold commands of their own; their plural is a name of theirs that help does not show.
GROUPS = (
    *("dep", "conflict", "task", "workspace", "snapshot", "queue", "stack", "review", "change"),
    *("op", "cost", "budget", "remote", "hook"),
)

# What every command takes, and nothing before a command does.
_COMMON = ("--json", "--quiet", "-q", "--verbose", "-v", "--debug")

# Seconds.
_MOMENT = 0.01
_INTERRUPTS: list[float] = []
# Seconds within which two are one press: git passes on what the terminal sends to all.
_ONE_PRESS = 0.2

_NO_COMMAND = re.compile(r"No such command '(.*)'")

HELP = {"help_option_names": ["-h", "--help"], "max_content_width": 100}


class Group(click.Group):
    """A group whose help has the whole first sentence of each command."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands."""
        found = ((x, self.get_command(ctx, x)) for x in self.list_commands(ctx))
        with formatter.section("Commands"):
            shown = [(x, one) for x, one in found if one and not one.hidden]
            formatter.write_dl([(x, one.get_short_help_str(1000)) for x, one in shown])


class Lazy(click.Group):
    """A group whose commands are imported when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names, in the order of the table."""
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return one command."""
        del ctx
        if cmd_name not in COMMANDS and cmd_name.removesuffix("s") in GROUPS:
            cmd_name = cmd_name.removesuffix("s")
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"gitlanes.cli.{COMMANDS[cmd_name][0]}")
        found: click.Command = getattr(module, f"{cmd_name}_command")
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing any."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, about) for name, (_, about) in COMMANDS.items()])


@click.group(
    cls=Lazy,
    context_settings=HELP,
    epilog="Run 'git lanes COMMAND -h' for a command's options.",
)
@click.version_option(__version__, prog_name="git-lanes", message="%(prog)s %(version)s")
@click.option("--color", type=click.Choice(terminal.COLOURS), help="Colours, for this command.")
@click.option("--no-pager", is_flag=True, help="Long output goes to the terminal as it is.")
def main(color: str | None, no_pager: bool) -> None:
    """Coordinate parallel agents on one git repository: lanes, attempts, promotion."""
    from gitlanes.cli.output import face

    face(color, no_pager)


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit; the only place that turns errors into exit codes."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    # A caller may have closed them, and Python then has None there.
    sys.stdin = sys.stdin or open(os.devnull)  # noqa: SIM115
    sys.stdout = sys.stdout or open(os.devnull, "w")  # noqa: SIM115
    sys.stderr = sys.stderr or open(os.devnull, "w")  # noqa: SIM115
    signal.signal(signal.SIGINT, _interrupt)
    sys.unraisablehook = _unraisable
    try:
        code = call(given)
    except KeyboardInterrupt:  # one more, while it was seen to that another one ends it
        code = _interrupted()
    code = _flushed(code)
    # Everything is closed and written; taking the interpreter apart would cost another 8 ms.
    os._exit(code)


def _flushed(code: int) -> int:
    """Write what is left; return the exit code, another one if there was no room for it."""
    with suppress(OSError):
        sys.stderr.flush()
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        return code  # the reader has seen enough
    except OSError:
        return code or EXIT_REFUSED
    return code


def call(given: Sequence[str]) -> int:
    """Run the command line and return the exit code."""
    terminal.begin()
    try:
        return _answered(given)
    finally:
        terminal.present().end()


def _answered(given: Sequence[str]) -> int:
    options = list(takewhile(lambda x: x != "--", given))
    try:
        result: Any = main.main(list(given), prog_name="git lanes", standalone_mode=False)
        return result if isinstance(result, int) else 0
    except click.exceptions.NoArgsIsHelpError as error:
        terminal.put(error.ctx.get_help() if error.ctx else "")
        return EXIT_USAGE
    except click.UsageError as error:
        return _usage(error, as_json="--json" in options)
    except (KeyboardInterrupt, click.Abort):
        return _interrupted()
    except Exception as error:
        if isinstance(error, ImportError) and _INTERRUPTS:
            return _interrupted()
        if "--debug" in options:
            raise
        return _report(as_lanes_error(error), as_json="--json" in options)


def _interrupt(*_: object) -> None:
    """Note the Ctrl-C as well as raise it: while a module loads, it may become another error."""
    now = clock.monotonic()
    if not _INTERRUPTS or now - _INTERRUPTS[-1] > _ONE_PRESS:
        _INTERRUPTS.append(now)
        raise KeyboardInterrupt


def _unraisable(lost: sys.UnraisableHookArgs) -> None:
    """Answer a Ctrl-C a moment later that came where Python drops what is raised.

    So it does while it frees things, and in this very function.
    """
    if issubclass(lost.exc_type, KeyboardInterrupt):
        _INTERRUPTS.clear()
        signal.signal(signal.SIGALRM, lambda *_: signal.raise_signal(signal.SIGINT))
        signal.setitimer(signal.ITIMER_REAL, _MOMENT)
    else:
        sys.__unraisablehook__(lost)


def _interrupted() -> int:
    terminal.tell("error: interrupted")
    return EXIT_INTERRUPTED


def _usage(error: click.UsageError, *, as_json: bool) -> int:
    said = error.message if getattr(error, "possibilities", None) else error.format_message()
    command = error.ctx.command_path if error.ctx else "git lanes"
    near = _nearest(error)
    hint = f"did you mean '{near}'?" if near else f"see '{command} -h'"
    if command == "git lanes" and getattr(error, "option_name", None) in _COMMON:
        hint = "put it behind the command, as in 'git lanes list --json'"
    shown = BadValue(said[:1].lower() + said[1:].rstrip("."), hint=hint)
    return _report(shown, as_json=as_json)


def _nearest(error: click.UsageError) -> str | None:
    """Return the name most like one that there is not, of an option or a command."""
    group = error.ctx.command if error.ctx else None
    unknown = _NO_COMMAND.match(error.message)
    if not isinstance(group, click.Group) or error.ctx is None or unknown is None:
        return next(iter(getattr(error, "possibilities", None) or ()), None)
    import difflib  # costs 5 ms, and only mistakes need it

    return next(iter(difflib.get_close_matches(unknown[1], group.list_commands(error.ctx))), None)


def _report(error: LanesError, *, as_json: bool) -> int:
    if as_json:
        import json

        with suppress(OSError, LanesError):  # it is said below, too
            terminal.put(json.dumps(error.to_dict(), sort_keys=True))
    if error.data:
        from gitlanes.cli.errors import details

        for text in details(error.data):
            terminal.tell(_painted(text))
    terminal.tell(f"error: {line(error.message)}")
    if error.hint:
        terminal.tell(f"hint: {line(error.hint)}")
    return error.exit_code


def _painted(text: str) -> str:
    if not terminal.present().error_colours:
        return text
    from gitlanes.cli.colours import painted

    return painted(text)
