"""How a workspace that was brought to another state reads."""

from __future__ import annotations

import os

from gitlanes.cli.output import Output, count
from gitlanes.models.workspaces import Moved


def files(made: Moved) -> str:
    """Return how many files were written and removed."""
    if not made.written and not made.removed:
        return "no file differed"
    parts = [f"{count(made.written, 'file')} written"] if made.written else []
    parts += [f"{count(made.removed, 'file')} removed"] if made.removed else []
    return ", ".join(parts)


def tell(out: Output, made: Moved) -> None:
    """Say where what was there is kept, and what git has to do still."""
    saved = made.snapshot
    if saved:
        out.say(f"what was there is in snapshot {saved.id}")
        elsewhere = f"git lanes new NAME --from {saved.id}"
        here = f"git lanes restore {saved.id} {made.workspace} --force"
        back = here if saved.lane == made.lane else elsewhere
        out.say(f"hint: get it back with '{back}'")
    if made.submodules:
        names = ", ".join(os.fsdecode(x) for x in made.submodules)
        out.say(f"submodules at another commit: {names}")
        out.say("hint: run 'git submodule update' there")
