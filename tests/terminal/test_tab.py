"""The Tab key in real shells."""

from __future__ import annotations

import shutil
from collections.abc import Callable

import pytest

from tests.cli.test_completion import GITS_OWN
from tests.support.repos import TestRepo
from tests.terminal.screen import Screen, bash

Screens = Callable[..., Screen]

# How each shell starts without files of its user, and what it is then told.
_SHELLS = {
    "bash": (bash(), [f". {GITS_OWN}", 'eval "$(git lanes completion bash)"']),
    "zsh": (
        "exec env PS1='$ ' zsh -f",
        ["autoload -Uz compinit", "compinit -u", 'eval "$(git lanes completion zsh)"'],
    ),
    "fish": (
        "exec fish --init-command=\"function fish_prompt; echo '$ '; end\"",
        ["git lanes completion fish | source"],
    ),
}


@pytest.mark.parametrize("shell", _SHELLS)
def test_the_tab_key(
    installed: TestRepo, screens: Screens, make_repo: Callable[..., TestRepo], shell: str
) -> None:
    """Tab completes a command, lists lanes, and fills in the one open attempt, also elsewhere."""
    if shutil.which(shell) is None or (shell == "bash" and not GITS_OWN.exists()):
        pytest.skip(f"there is no {shell} with git's own completion")
    installed.lane("auth", {"auth.py": "1\n"})
    installed.propose("auth", {"auth.py": "2\n"})
    start, told = _SHELLS[shell]
    screen = screens(shell=start)
    for command in told:
        screen.type(command)
        screen.keys("Enter")
    screen.type("echo re''ady")
    screen.keys("Enter")
    screen.wait("ready")

    screen.type("git lanes acce")
    screen.keys("Tab")
    screen.wait("git lanes accept")
    screen.keys("Tab")
    screen.wait("git lanes accept auth/2")
    screen.keys("C-u")
    screen.type("git lanes path a")
    screen.keys("Tab")
    screen.wait("git lanes path auth")
    screen.keys("C-u")
    screen.type("git-lanes workspaces upd")
    screen.keys("Tab")
    screen.wait("git-lanes workspaces update")
    screen.keys("C-u")
    screen.type("git lanes snapshot au")
    screen.keys("Tab")
    screen.wait("git lanes snapshot auth")
    make_repo(name="other").lane("apart")
    screen.keys("C-u")
    screen.type("git -C ../other lanes path a")
    screen.keys("Tab")
    screen.wait("git -C ../other lanes path apart")
