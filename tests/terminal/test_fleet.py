"""Agents seen in a real terminal: attached to, spoken with, watched."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.support.agents import fleet_of
from tests.support.repos import TestRepo
from tests.terminal.screen import Screen


def _say(screen: Screen, text: str) -> None:
    """Type a line."""
    screen.type(text)
    screen.keys("Enter")


@pytest.mark.slow
def test_attach_and_watch(installed: TestRepo, screens: Callable[..., Screen]) -> None:
    """A person attaches, answers, leaves again, and watches it go on; Ctrl-C ends the watching."""
    with fleet_of(installed) as (fleet,):
        path = fleet.bin / "talker"
        path.write_text('#!/bin/sh\nwhile printf "say> "; read -r it; do echo "heard $it"; done\n')
        path.chmod(0o755)
        installed.git("config", "lanes.agent.talker.args", "talker")
        installed.git("config", "lanes.agent.talker.prompt", "none")
        fleet.start("talk", "talker", tmux=True)
        fleet.until("talk", lambda x: x.status == "waiting")
        screen = screens()
        _say(screen, "git lanes attach talk")
        screen.wait("say>")
        _say(screen, "good day; #{pane_pid}")
        screen.wait("heard good day; #{pane_pid}")
        screen.keys("C-b", "d")
        screen.wait("detached")
        _say(screen, "git lanes ps --watch")
        screen.wait("LAST LINE")
        screen.wait("talk")
        fleet.repo.lanes.prompt("talk", "once more")
        screen.keys("C-c")
        screen.wait("interrupted")
        # It may take a while to answer.
        _say(screen, "git lanes logs talk --follow")
        screen.wait("heard once more")
