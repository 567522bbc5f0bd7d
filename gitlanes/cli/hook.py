"""Commands about git's hooks: install, uninstall, status, run."""

from __future__ import annotations

import os
import sys

import click

from gitlanes.cli.errors import line
from gitlanes.cli.main import HELP, Group
from gitlanes.cli.output import Output, command, short
from gitlanes.errors import EXIT_NEGATIVE, BadValue
from gitlanes.models import hooks as states
from gitlanes.models.hooks import Hook, Hooks
from gitlanes.models.rewrites import Rewrite

_SAID = {
    states.INSTALLED: "installed",
    states.CHAINED: "installed, after the hook that was there",
    states.OUTDATED: "outdated: run 'git lanes hook install'",
    states.CHANGED: "changed since it was installed",
    states.MISSING: "not installed",
}


@click.group("hook", cls=Group, context_settings=HELP)
def hook_command() -> None:
    """Let git stamp Change-Ids, and tell of commits that it rewrites."""


@command("install")
@click.option("--workspace", is_flag=True, help="For this workspace alone, by its own settings.")
def install_hooks(out: Output, workspace: bool) -> int | None:
    """Install our hooks in this repository; hooks that are there run before ours.

    Where core.hooksPath leads elsewhere, nothing is written: it says what to add to which file.
    """
    from gitlanes.githooks.installing import install

    with out.repository() as repo:
        found = install(repo, workspace_only=workspace)
    return _answer(out, found)


@command("uninstall")
def uninstall_hooks(out: Output) -> None:
    """Take our hooks away, and put those back that were there before."""
    from gitlanes.githooks.installing import uninstall

    with out.repository() as repo:
        found = uninstall(repo)
    _answer(out, found)


@command("status")
def show_hooks(out: Output) -> int | None:
    """Say which of our hooks git runs here, and by which means."""
    from gitlanes.githooks.installing import status

    with out.repository() as repo:
        found = status(repo)
    return _answer(out, found)


@command("run", hidden=True)
@click.argument("name")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def run_hook(out: Output, name: str, arguments: tuple[str, ...]) -> None:
    """Do what hook NAME does, for a hook that somebody else manages."""
    from gitlanes.githooks.scripts import NAMES, shipped

    if name not in NAMES:
        raise BadValue(f"no hook '{line(name, 60)}'", hint=f"one of {', '.join(NAMES)}")
    if name == "post-rewrite":
        _record(out, arguments[0] if arguments else "")
    else:
        # This process becomes the script, with the exit code that git is to see.
        os.execvp("sh", ["sh", shipped(name), *arguments])


def _record(out: Output, how: str) -> None:
    from gitlanes.lanes import rewrites

    pairs = [_pair(x) for x in sys.stdin.buffer.read().decode("utf-8", "replace").splitlines() if x]
    with out.repository() as repo:
        found = rewrites.from_git(repo, pairs, how)
    if out.as_json or out.verbose:
        out.result(found, [_said(x) for lane in found.lanes for x in lane.commits])


def _said(one: Rewrite) -> str:
    return f"{one.attempt}: {short(one.old)} {f'is {short(one.new)}' if one.new else 'is dropped'}"


def _pair(text: str) -> tuple[str, str | None]:
    old, _, rest = text.partition(" ")
    return old, rest.partition(" ")[0]


def _answer(out: Output, found: Hooks) -> int | None:
    out.result(found, [x for hook in found.hooks for x in _text(hook)])
    return None if all(x.status in states.IN_FORCE for x in found.hooks) else EXIT_NEGATIVE


def _text(hook: Hook) -> list[str]:
    if hook.status == states.OTHER:
        return [f"{hook.name}: run by {hook.file}"]
    if hook.line is not None:
        return [f"{hook.name}: {_SAID[hook.status]}; add to {hook.file}:", f"    {hook.line}"]
    return [f"{hook.name}: {_SAID[hook.status]}"]


for _command in (install_hooks, uninstall_hooks, show_hooks, run_hook):
    hook_command.add_command(_command)
