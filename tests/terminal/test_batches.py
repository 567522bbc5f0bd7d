"""Agents as a person has them work, at a real terminal: from `init` to an exported branch."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.agents import sockets
from tests.support.repos import TestRepo
from tests.terminal.screen import Screen

Screens = Callable[..., Screen]

# Waits until somebody says go, then does what it is asked: c in a way that is no good.
_AGENT = """\
#!/bin/sh
echo "at work in $GITLANES_LANE"
printf 'Shall I? [y/n] '; read answer
case $GITLANES_LANE in
  *-a) printf 'one\\ntwo\\nthree\\n' > app.txt;;
  *-b) printf 'one\\n' > app.txt;;
  *) echo BAD > app.txt;;
esac
echo "$1" > prompt.txt; echo "$answer" > answer.txt
"""
_GATES = '[[gate]]\nname = "tests"\nargs = ["sh", "-c", "! grep -q BAD app.txt"]\n'


@pytest.fixture
def desk(installed: TestRepo) -> Iterator[TestRepo]:
    """A repository without lanes, beside one with; an agent on PATH, and a place for sockets."""
    agent = installed.path.parent / "bin" / "coder"
    agent.write_text(_AGENT)
    agent.chmod(0o755)
    with sockets() as place:
        installed.environ["TMUX_TMPDIR"] = place
        fresh = TestRepo.make(installed.path / "../fresh", installed.environ, adopted=False)
        fresh.save({".gitlanes.toml": _GATES})
        fresh.git("config", "--add", "lanes.agent.coder.args", "coder")
        yield fresh
        fresh.close()
        _server(place, "kill-server")


def _server(place: str, *words: str) -> str:
    """Ask the tmux server that agents run in."""
    (socket,) = Path(place).glob("tmux-*/gitlanes") or [Path(place)]
    command = ["tmux", "-S", str(socket), *words]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


@pytest.mark.slow
def test_three_agents(desk: TestRepo, screens: Screens) -> None:
    """They are started, seen, answered, compared; one is picked, and its branch exported."""
    screen = screens()
    screen.run("cd ../fresh && git lanes init && git lanes trust --yes")
    started = screen.run(
        "git lanes fanout 3 fix --batch b1 --agent coder --prompt 'Say \"it\"; $(touch odd)'"
    )
    assert started.count("waiting coder@fix-") == 3
    assert "END=0" in started
    screen.keys("C-l")
    screen.type("git lanes attach fix-a")
    screen.keys("Enter")
    screen.wait("at work in fix-a")
    screen.type("yes")
    screen.keys("Enter")
    screen.wait("$", without="at work")
    for lane in ("fix-b", "fix-c"):
        assert f"prompted coder@{lane}" in screen.run(f"git lanes prompt {lane} yes")
    screen.run("until git lanes pick b1 --dry-run > /dev/null 2>&1; do sleep 0.1; done")
    shown = screen.run("git lanes compare b1 2> /dev/null | cat")
    assert "tests!" in shown
    picked = screen.run("git lanes pick b1 --by size")
    assert "picked fix-b: gates pass" in picked
    assert "rejected fix-a/1" in picked
    assert "rejected fix-c/1" in picked
    assert "END=0" in screen.run("git lanes export fix-b --branch winner")
    assert desk.files("winner")["app.txt"] == desk.files("main")["app.txt"] == "one"
    assert desk.files("winner")["prompt.txt"] == 'Say "it"; $(touch odd)'
    assert desk.files("winner")["answer.txt"] == "yes"
    assert not (desk.path / "odd").exists()
    assert desk.git("status", "--porcelain") == ""
    assert "no agent is at work" in screen.run("git lanes ps")
    assert _server(desk.environ["TMUX_TMPDIR"], "list-sessions") == ""


@pytest.mark.slow
def test_ctrl_c_at_the_terminal(desk: TestRepo, screens: Screens) -> None:
    """Ctrl-C goes to all that the terminal runs: `go` ends its agents and keeps their work."""
    screen = screens()
    screen.run("cd ../fresh && git lanes init && git lanes trust --yes")
    screen.keys("C-l")
    screen.type("git lanes go 'Do it' --tries 2 --prefix go --agent coder")
    screen.keys("Enter")
    screen.wait("go-b waits for input")
    screen.keys("C-c")
    assert "what they did is kept" in screen.wait("error: interrupted")
    screen.type("echo code $?")
    screen.keys("Enter")
    screen.wait("code 130")
    assert "no agent is at work" in screen.run("git lanes ps")
    assert _server(desk.environ["TMUX_TMPDIR"], "list-sessions") == ""
    assert [x.name for x in desk.lanes.lanes().lanes] == ["go-a", "go-b", "main"]
