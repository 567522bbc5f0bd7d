"""`git lanes config`: settings read, set, edited and checked."""

from __future__ import annotations

import os
import sys

import click

from gitlanes.cli.output import Output, command
from gitlanes.config.settings import DEFAULT
from gitlanes.errors import EXIT_NEGATIVE, BadValue, Refused
from gitlanes.models.settings import Fault, Setting, Validation


@command("config")
@click.argument("key", required=False)
@click.argument("values", metavar="[VALUE]...", nargs=-1)
@click.option("--show-origin", is_flag=True, help="Say where each value comes from.")
@click.option("--unset", is_flag=True, help="Take KEY out of git's configuration.")
@click.option("--global", "everywhere", is_flag=True, help="Change your own configuration.")
@click.option("--edit", is_flag=True, help="Open the team's .gitlanes.toml in git's editor.")
@click.option("--validate", is_flag=True, help="Check everything that settings say.")
def config_command(
    out: Output, key: str | None, values: tuple[str, ...], show_origin: bool, **given: bool
) -> int | None:
    """Read or change what gitlanes is told by settings.

    Without KEY, all settings are listed. A VALUE goes into git's configuration of this
    repository. What a team shares stands in '.gitlanes.toml' at the top of the repository's
    own directory, below [lanes], under the names that follow 'lanes.'. The order of
    precedence is: default, .gitlanes.toml, git's configuration, environment
    (GITLANES_LOCK_TIMEOUT for lanes.lockTimeout), 'git -c'. The patterns of lanes.exclude add
    up over all of them.
    """
    _refuse_mixtures(key, values, given)
    if given["edit"]:
        return _edit(out)
    if given["validate"]:
        return _validate(out)
    if given["unset"] or values:
        _change(out, str(key), values, everywhere=given["everywhere"])
        return None
    return _read(out, key, show_origin)


def _refuse_mixtures(key: str | None, values: tuple[str, ...], given: dict[str, bool]) -> None:
    whole = given["edit"] or given["validate"]
    if sum(given[x] for x in ("edit", "validate", "unset")) > 1 or (whole and key):
        raise BadValue("--edit, --validate and --unset KEY exclude each other")
    if given["unset"] and (not key or values):
        raise BadValue("--unset takes one KEY")
    if given["everywhere"] and not (values or given["unset"]):
        raise BadValue("--global is for changing a setting")


def _read(out: Output, key: str | None, show_origin: bool) -> int | None:
    from gitlanes.config.settings import configuration, setting

    with out.repository() as repo:
        top = _top(repo.root())
        if key is None:
            try:
                every = configuration(repo.git, top)
            except Refused as error:
                repo.warn(f"{error.message}; gone on as if it said nothing")
                every = configuration(repo.git, None)
            out.result(every, [x for one in every.settings for x in _lines(out, one, show_origin)])
            return None
        found = setting(repo.git, top, key)
    out.result(found, [f"{before}{value}" for before, value in _rows(found, show_origin)])
    return None if found.values else EXIT_NEGATIVE


def _lines(out: Output, found: Setting, show_origin: bool) -> list[str]:
    about = [f"# {found.about}"] if out.verbose else []
    rows = _rows(found, show_origin) or [(f"{DEFAULT}\t" if show_origin else "", "")]
    return about + [f"{before}{found.key}={value}" for before, value in rows]


def _rows(found: Setting, show_origin: bool) -> list[tuple[str, str]]:
    """Return the values, each with what stands before it."""
    origins = (f"{x}\t" if show_origin else "" for x in found.origins)
    return list(zip(origins, found.values, strict=True))


def _change(out: Output, key: str, values: tuple[str, ...], *, everywhere: bool) -> None:
    from gitlanes.config.settings import assign, setting, unset

    with out.repository() as repo:
        if values:
            assign(repo.git, key, values, everywhere=everywhere)
        else:
            unset(repo.git, key, everywhere=everywhere)
        if out.as_json:
            out.result(setting(repo.git, _top(repo.root()), key))


def _validate(out: Output) -> int:
    from gitlanes.config.validation import validate

    with out.repository() as repo:
        return _told(out, validate(repo.git, _top(repo.root())))


def _edit(out: Output) -> int:
    from gitlanes.config.table import TEAM_FILE
    from gitlanes.config.validation import validate
    from gitlanes.git.process import in_the_terminal

    with out.repository() as repo:
        top = _top(repo.root())
        if top is None:
            raise Refused("a bare repository has no directory for a team's file")
        if not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise Refused("an editor needs a terminal", hint=f"edit '{TEAM_FILE}' yourself")
        # Git's own way to its editor, whatever names it; git itself says if that fails.
        file = os.path.join(top, TEAM_FILE)
        if in_the_terminal(["config", "--file", file, "--edit"], os.environ, top):
            raise Refused("the editor failed", hint="'git var GIT_EDITOR' says which one it is")
        return _told(out, validate(repo.git, top))


def _told(out: Output, found: Validation) -> int:
    out.result(found, [_fault(x) for x in found.faults])
    if not found.faults:
        out.say("all settings are fine")
    return EXIT_NEGATIVE if found.faults else 0


def _fault(found: Fault) -> str:
    line = f":{found.line}" if found.line else ""
    key = f" {found.key}:" if found.key else ""
    nearest = f"; did you mean '{found.nearest}'?" if found.nearest else ""
    return f"{found.source}{line}:{key} {found.problem}{nearest}"


def _top(root: tuple[str, str] | None) -> str | None:
    return root[1] if root else None
