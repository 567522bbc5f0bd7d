"""`python -m gitlanes` and `git-lanes`: the beginning, with Ctrl-C answered from the first line."""

from __future__ import annotations

import gc
import os
import signal
from typing import NoReturn

# So many objects more than were freed before the collector looks; Python's own is 700.
_SELDOM = 50_000


def run() -> NoReturn:
    """Load the command line and run it; Ctrl-C while it loads ends at once with one line."""

    def stop(*_: object) -> NoReturn:
        os.write(2, b"error: interrupted\n")
        os._exit(130)

    # Loading alone would start the search for rubbish a dozen times: 8 ms of 130, for nothing.
    gc.set_threshold(_SELDOM)
    signal.signal(signal.SIGINT, stop)
    from gitlanes.cli.main import run as run_command

    run_command()


if __name__ == "__main__":
    run()
