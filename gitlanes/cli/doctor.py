"""`git lanes doctor`."""

from __future__ import annotations

import sys

import click

from gitlanes.cli.output import Output, command
from gitlanes.errors import EXIT_NEGATIVE
from gitlanes.models.health import Finding


@command("doctor")
@click.option("--fix", is_flag=True, help="Mend what safely can be; say what was done.")
@click.option("--full", is_flag=True, help="Let git read the content of every object.")
@click.option("--yes", is_flag=True, help="Remove the directories of deleted lanes without asking.")
def doctor_command(out: Output, fix: bool, full: bool, yes: bool) -> int:
    """Say what is wrong in this repository, and mend it.

    Exits 1 if anything that was found is left. Nothing is destroyed: what a mend would take
    away is snapshotted first.
    """
    from gitlanes.upkeep.doctor import doctor

    with out.repository(mend=False, lenient=True) as repo:
        found = doctor(repo, fix=fix, full=full, ask=None if yes else _ask)
    out.result(found, [row for one in found.findings for row in _rows(one, fix, out.quiet)])
    if not found.findings:
        out.say(f"nothing is wrong: {len(found.checks)} checks")
    return 0 if found.sound else EXIT_NEGATIVE


def _ask(question: str) -> bool:
    """Ask a person, if there is one."""
    return sys.stdin.isatty() and click.confirm(question, err=True)


def _rows(one: Finding, fix: bool, quiet: bool) -> list[str]:
    """Return the line of a finding, and what helps or was done."""
    rows = [f"{one.check}: {one.what}"]
    if one.done is not None:
        rows.append(f"  mended: {one.done}")
    elif one.left is not None:
        rows.append(f"  not mended: {one.left}")
    if one.done is None and one.mend and not quiet:
        offered = one.fixable and not fix
        rows.append(f"  hint: {'run with --fix to ' if offered else ''}{one.mend}")
    return rows
