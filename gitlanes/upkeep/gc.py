"""Taking away what nobody needs any more: after some time, by a plan that is shown first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.errors import LanesError, as_lanes_error
from gitlanes.git.maintenance import start_if_due
from gitlanes.models.collecting import Collected, Waste
from gitlanes.models.plain import replace
from gitlanes.upkeep.planning import Piece, Plan, plan

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def gc(repo: LaneRepo, *, older_than: float | None = None, dry_run: bool = False) -> Collected:
    """Plan and carry out at once; with ``dry_run`` only the first. Raises as `planning.plan`."""
    planned = plan(repo, older_than)
    return told(planned) if dry_run else carry_out(repo, planned)


def told(planned: Plan) -> Collected:
    """Return a plan as it is told."""
    return Collected(tuple(x.waste for x in planned.pieces), planned.spared, dry=True)


def carry_out(repo: LaneRepo, planned: Plan) -> Collected:
    """Do what was planned; what cannot go is left, with what comes after it of that lane.

    Whatever goes has its content in a journal or in a snapshot. Killed anywhere, another run does
    the rest. Objects that nothing names are git's to drop.
    """
    done: list[Waste] = []
    for group in repo.counted("collecting", planned.groups):
        stopped = ""
        for piece in group:
            one = replace(piece.waste, left=stopped) if stopped else _done(piece)
            stopped = stopped or (f"{one.kind} {one.name} is left" if one.left else "")
            done.append(one)
    start_if_due(repo.git, repo.own_settings)
    return Collected(tuple(done), planned.spared, dry=False)


def _done(piece: Piece) -> Waste:
    try:
        return replace(piece.waste, done=piece.act())
    except (LanesError, OSError) as error:
        return replace(piece.waste, left=as_lanes_error(error).message)
