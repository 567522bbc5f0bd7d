"""Writing a first team's file."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitlanes.config import kinds
from gitlanes.config.table import TEAM_FILE
from gitlanes.errors import Refused

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


def write_team_file(repo: LaneRepo, kind: str) -> str:
    """Write a team's file that is sensible for a kind of project; return its path.

    It is one of `kinds.KINDS`. Raises Refused where there is one, or no directory for it.
    """
    root = repo.root()
    if root is None:
        raise Refused(
            "a bare repository has no directory for a team's file",
            hint=f"commit a '{TEAM_FILE}' from a clone of it",
        )
    path = os.path.join(root[1], TEAM_FILE)
    text = kinds.text_for(kind, sorted(os.listdir(root[1])))
    try:
        with open(path, "x") as file:
            file.write(text)
    except FileExistsError as error:
        hint = "leave --type out, or see 'git lanes config --edit'"
        raise Refused(f"'{TEAM_FILE}' is there already", hint=hint) from error
    return path
