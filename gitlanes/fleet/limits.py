"""The rules by which something is picked unattended: of a lane's head, or of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.config import layers, picking
from gitlanes.config.gates import line_of
from gitlanes.config.table import TEAM_FILE
from gitlanes.errors import BadValue, Refused, line
from gitlanes.team.texts import text_at

if TYPE_CHECKING:
    from gitlanes.models.batches import PickRules
    from gitlanes.models.records import Lane
    from gitlanes.store.lane_repo import LaneRepo


def of_lane(repo: LaneRepo, lane: Lane) -> PickRules:
    """Return what ``[pick]`` says in the team's file of a lane's head.

    Raises Refused where it says nothing, or nothing that can be understood.
    """
    data = text_at(repo, lane)
    if data is None or picking.SECTION not in layers.parsed(data):
        raise Refused(
            f"lane '{lane.name}' has no rules by which to pick",
            hint=f"say them in [{picking.SECTION}] of '{TEAM_FILE}' there, or with --rules FILE",
        )
    try:
        return of_text(data, TEAM_FILE)
    except BadValue as error:
        raise Refused(f"{error.message}, in lane '{lane.name}'", hint=error.hint) from error


def of_text(data: bytes, name: str) -> PickRules:
    """Return the rules in a file's text, in ``[pick]`` or at its top.

    Raises BadValue with the line of what cannot be understood.
    """
    shown = line(name, 60)
    try:
        content = layers.parsed(data)
    except Refused as error:
        said = error.message.replace(TEAM_FILE, shown)
        raise BadValue(said, hint="it has to be TOML") from error
    rules, misfits = picking.read(content.get(picking.SECTION, content))
    if misfits:
        number = line_of(data.decode("utf-8", "replace"), misfits[0])
        place = f"{shown}:{number}" if number else shown
        said = f"{place}: {misfits[0].where}: {misfits[0].problem}"
        raise BadValue(said, hint=f"known are: {', '.join(picking.CHECKS)}")
    return rules
