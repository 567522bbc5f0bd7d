"""Commands about other clones: push, pull, fetch, remote, clone."""

from __future__ import annotations

import os
from collections.abc import Iterable

import click

from gitlanes.cli.errors import details
from gitlanes.cli.landing_text import following_lines
from gitlanes.cli.main import HELP
from gitlanes.cli.output import Output, command, count, here, short
from gitlanes.cli.terminal import tell
from gitlanes.errors import EXIT_NEGATIVE, line
from gitlanes.models.plain import plain
from gitlanes.models.remotes import Left, Pulled, Pushed, RemoteStatus

_REMOTE = click.argument("remote", required=False)


@command("push")
@_REMOTE
@click.option("--purged", is_flag=True, help="Put what was purged in the place of what is there.")
def push_command(out: Output, remote: str | None, purged: bool) -> int:
    """Bring REMOTE to what is here: lanes, their records and notes; no branches.

    Where others were first, what they pushed is taken in, and it is tried again. A lane that
    diverged is left on both sides.
    """
    from gitlanes.exchange.pushing import push

    with out.repository() as repo:
        made = push(repo, remote, purged=purged)
    text = _pulled_lines(made.pulled) if made.pulled else []
    text += [_sent_line(made, x.lane, x.how, x.head) for x in made.lanes]
    text += [f"pushed {_notes(made.notes)} to {made.remote}"] if made.notes else []
    out.result(made, text or [f"'{made.remote}' has all that is here"])
    if made.pulled:
        _say_following(out, made.pulled)
    return _tell_left(made.left)


def _sent_line(made: Pushed, lane: str, how: str, head: str | None) -> str:
    said = {"new": "pushed new lane", "gone": "pushed the end of lane"}.get(how, "pushed lane")
    return f"{said} {lane} to {made.remote}" + (f", at {short(head)}" if head else "")


@command("pull")
@_REMOTE
def pull_command(out: Output, remote: str | None) -> int:
    """Fetch from REMOTE and take in what is new there: lanes, their records and notes.

    Bound branches follow; other branches, and workspaces, stay. A lane that went on here and
    there is joined if no path is touched by both, else it is left on both sides.
    """
    from gitlanes.exchange.pulling import pull

    with out.repository() as repo:
        made = pull(repo, remote)
    text = _pulled_lines(made)
    nothing = f"nothing new on '{made.remote}'"
    out.result(made, text or ([] if made.left else [nothing]))
    _say_following(out, made)
    return _tell_left(made.left)


def _pulled_lines(made: Pulled) -> list[str]:
    text = []
    for one in made.lanes:
        at = f", at {short(one.head)}" if one.head else ""
        said = {"new": "new lane", "merged": "merged lane", "gone": "no more lane"}
        text.append(f"{said.get(one.how, 'lane')} {one.lane}{at}")
        text += [f"  {old} is {new} now" for old, new in one.renumbered.items()]
    return text + ([f"took {_notes(made.notes)} from {made.remote}"] if made.notes else [])


def _notes(kinds: Iterable[str]) -> str:
    return ", ".join(kinds)


def _say_following(out: Output, made: Pulled) -> None:
    for followed in made.following.values():
        for text in following_lines(followed):
            out.say(text)
    if made.following:
        names = ", ".join(x.branch for x in made.following.values())
        out.say(f"hint: branches are pushed by git: git push {made.remote} {names}")


def _tell_left(left: Iterable[Left]) -> int:
    """Tell of lanes that stay as they are on both sides; return the exit code."""
    told = list(left)
    for one in told:
        for text in details(plain(one), "this clone", "the remote"):
            tell(text)
        tell(f"error: {line(one.reason)}")
        tell(f"hint: {line(one.hint)}")
    return EXIT_NEGATIVE if told else 0


@command("fetch")
@_REMOTE
def fetch_command(out: Output, remote: str | None) -> None:
    """Fetch what REMOTE has, and show how all lanes stand to it; no lane changes."""
    from gitlanes.exchange.standing import fetch

    with out.repository() as repo:
        found = fetch(repo, remote)
    _show(out, found)


@click.group("remote", context_settings=HELP)
def remote_command() -> None:
    """Show how lanes stand to another clone's."""


@command("status", long=True)
@_REMOTE
def remote_status(out: Output, remote: str | None) -> None:
    """Show how lanes stand to REMOTE's, as they were last fetched; nobody is asked.

    What is ahead or behind is counted in operations.
    """
    from gitlanes.exchange.standing import status

    with out.repository() as repo:
        found = status(repo, remote)
    show_standing(out, found)


def show_standing(out: Output, found: RemoteStatus) -> None:
    """Print how lanes stand to a remote, and since when that is known."""
    _show(out, found)
    if not found.fetched:
        out.say(
            f"hint: nothing was fetched yet; see what is there with 'git lanes fetch "
            f"{found.remote}'"
        )
    else:
        out.say(f"as last fetched from {found.remote}")


remote_command.add_command(remote_status)


def _show(out: Output, found: RemoteStatus) -> None:
    if out.as_json:
        out.result(found)
        return
    rows = []
    for one in found.lanes:
        counts = [f"{one.ahead} ahead"] if one.ahead else []
        counts += [f"{one.behind} behind"] if one.behind else []
        state = (
            f"diverged: {', '.join(counts)}" if len(counts) > 1 else ("".join(counts) or one.state)
        )
        rows.append([one.lane, state, short(one.here) or "-", short(one.there) or "-"])
    out.table(["LANE", "STATE", "HERE", "THERE"], rows)
    for one in found.lanes:
        if one.reason:
            out.warn(f"lane '{one.lane}': {one.reason}")


@command("clone")
@click.argument("url")
@click.argument("directory", required=False)
def clone_command(out: Output, url: str, directory: str | None) -> None:
    """Clone the repository at URL with its lanes, into DIRECTORY.

    Lanes get workspaces when they are asked for: git lanes workspace create LANE.
    """
    from gitlanes.exchange.cloning import clone, cloned

    place = clone(url, directory, here(), os.environ, quiet=out.quiet or out.as_json)
    with out.repository(where=place) as repo:
        made = cloned(repo)
    own = f", its directory belongs to lane {made.lane}" if made.lane else ""
    out.result(made, [f"cloned into {line(made.path)} with {count(len(made.lanes), 'lane')}{own}"])
