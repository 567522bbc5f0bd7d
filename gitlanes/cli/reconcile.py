"""`git lanes reconcile`."""

from __future__ import annotations

import click

from gitlanes.cli.output import Output, command, short
from gitlanes.models.reconciled import Match, Reconciled, ReconciledLane


@command("reconcile")
@click.argument("branch", required=False)
@click.option("--dry-run", is_flag=True, help="Say what would be recorded, and record nothing.")
def reconcile_command(out: Output, branch: str | None, dry_run: bool) -> None:
    """Find lanes' work in BRANCH that a host squashed or rebased, and record that it landed.

    BRANCH is one that a lane is bound to, by default that of the first lane. A commit is known
    by the Change-Ids in its message, by the content of the paths that it changes, or by its
    patch; each match says by which. The commits get the intents and costs of what they have,
    for 'git log --notes=lanes/*'.
    """
    from gitlanes.exchange.reconcile import reconcile

    with out.repository() as repo:
        found = reconcile(repo, branch, dry_run=dry_run)
    out.result(found, [line for lane in found.lanes for line in _lines(found, lane)])
    if not found.lanes:
        out.say(f"nothing of any lane's work was found in '{found.branch or found.into}'")


def _lines(found: Reconciled, lane: ReconciledLane) -> list[str]:
    merged = f"all of lane {lane.lane} is in {found.branch or found.into}"
    some = f"of lane {lane.lane}, {len(lane.matches)} of {len(lane.matches) + len(lane.left)} are"
    return [merged if lane.merged else f"{some} in {found.branch or found.into}"] + [
        _line(x) for x in lane.matches
    ]


def _line(match: Match) -> str:
    squash = ", squashed" if match.squash else ""
    known = ", known before" if match.known else ""
    name = match.attempt or short(match.source)
    return f"  {name} is {short(match.commit)} by {match.by}{squash}{known}: {match.title}"
