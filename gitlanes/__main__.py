"""`python -m gitlanes` and `git-lanes`: the beginning, with Ctrl-C answered from the first line."""

from __future__ import annotations

import os
import signal
from typing import NoReturn


def run() -> NoReturn:
    """Load the command line and run it; Ctrl-C while it loads ends at once with one line."""

    def stop(*_: object) -> NoReturn:
        os.write(2, b"error: interrupted\n")
        os._exit(130)

    signal.signal(signal.SIGINT, stop)
    from gitlanes.cli.main import run as run_command

    run_command()


if __name__ == "__main__":
    run()
