"""Sees to one run: ``python -m gitlanes.fleet DIRECTORY``; started by gitlanes alone."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path


def main(directory: str, *how: str) -> None:
    """Be the supervisor of the run in a directory, for as long as it takes."""
    from gitlanes.fleet import spawning

    detached = "--detach" in how
    if detached:
        spawning.detach()  # before anything else, for somebody waits for that
    from gitlanes.errors import Locked
    from gitlanes.fleet.places import Place
    from gitlanes.fleet.supervisor import Supervisor
    from gitlanes.models.fleet import STARTING

    place = Place(Path(directory))
    with suppress(Locked), place.hold(), place.errors.open("a") as sys.stderr:
        if place.state().get("status") == STARTING:
            Supervisor(place, pane=not detached).run()


if __name__ == "__main__":
    main(*sys.argv[1:])
