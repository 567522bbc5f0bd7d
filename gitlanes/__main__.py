"""`python -m gitlanes` is `git lanes`."""

from gitlanes.cli.main import run

run()
