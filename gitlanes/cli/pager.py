"""The user's pager: named as git names it, started by its own words, left without a trace."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress

from gitlanes.config.validation import missing_program
from gitlanes.errors import GitFailed
from gitlanes.git.settings import Settings, as_flag

# What git gives to the pagers that it starts.
_DEFAULTS = {"LESS": "FRX", "LV": "-c"}


def start(settings: Settings, name: str) -> subprocess.Popen[bytes] | None:
    """Put the pager for a command of ours behind stdout and return it; None where there is none."""
    command = _command(settings, name)
    if command in ("", "cat") or missing_program(command):
        return None
    sys.stdout.flush()
    # The pager's command line is one for a shell, in git as here; the user wrote it.
    pager = subprocess.Popen(
        ["sh", "-c", command], stdin=subprocess.PIPE, env={**_DEFAULTS, **os.environ}
    )
    assert pager.stdin is not None
    os.dup2(pager.stdin.fileno(), sys.stdout.fileno())
    pager.stdin.close()
    return pager


def finish(pager: subprocess.Popen[bytes]) -> None:
    """Give the pager its end of input and wait; Ctrl-C there is the pager's own business."""
    with suppress(OSError, KeyboardInterrupt):  # it may be gone, and the rest unread
        sys.stdout.flush()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
    while True:
        try:
            pager.wait()
            return
        except KeyboardInterrupt:
            continue


def _command(settings: Settings, name: str) -> str:
    """Return the pager's command line, '' for none."""
    configured = settings.text(f"pager.lanes.{name}", settings.text("pager.lanes", "true"))
    wanted = as_flag(configured)
    if wanted is None:
        return configured if os.environ.get("GIT_PAGER") != "cat" else ""
    if not wanted:
        return ""
    try:
        return settings.git_variable("GIT_PAGER")
    except GitFailed:
        return ""
