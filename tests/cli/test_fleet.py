"""Agents at the command line: what each command prints, and its exit code."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator

import pytest

from gitlanes import RunOrder
from tests.support.agents import Fleet, fleet_of
from tests.support.cli import Ran, run_cli, start_cli
from tests.support.repos import TestRepo


@pytest.fixture
def fleet(repo: TestRepo) -> Iterator[Fleet]:
    """A repository whose agents are scripts."""
    with fleet_of(repo) as (made,):
        yield made


@pytest.fixture
def cli(fleet: Fleet) -> Callable[..., Ran]:
    """`git lanes` in this process."""
    return lambda *args: run_cli(fleet.repo.path, fleet.repo.environ, *args)


def test_the_code_of_one_that_was_killed(fleet: Fleet, cli: Callable[..., Ran]) -> None:
    """However a program takes its end, the line is the same; the code is in the JSON."""
    script = "trap 'exit 143' TERM; echo ready; while :; do sleep 0.1; done"
    order = RunOrder(args=("sh", "-c", script), tmux=False)
    fleet.repo.lanes.run("pages", order=order, settle=0)
    fleet.until("pages", lambda x: x.last == "ready")
    assert cli("kill", "pages").out == "killed shell@pages in lane pages\n"
    (told,) = cli("ps", "--all", "--json").json["runs"]
    assert (told["status"], told["code"]) == ("killed", 143)


def test_from_a_prompt_to_its_end(fleet: Fleet, cli: Callable[..., Ran]) -> None:
    """Run, look, read, prompt, stop: each says what it did, in words and as JSON."""
    done = cli(
        "run",
        "quick",
        "--no-tmux",
        "--prompt",
        "do it",
        "--batch",
        "b1",
        "--",
        "sh",
        "-c",
        "echo '{prompt}' > x; echo made it",
    )
    assert (done.code, done.out) == (0, "finished shell@quick in lane quick, attempt quick/1\n")
    assert (fleet.repo.workspace("quick") / "x").read_text() == "do it\n"
    told = cli("ps", "--all", "--json").json
    assert told["schema"] == "gitlanes.runs/1"
    assert [x["lane"] for x in told["runs"]] == ["quick"]
    assert told["totals"]["b1"]["statuses"] == {"finished": 1}
    assert cli("logs", "quick").out == "made it\n"
    assert "\n  run:     shell@quick finished 20" in cli("show", "quick").out
    assert cli("logs", "quick", "--follow").out == "made it\n"
    assert cli("ps").err == (
        "no agent is at work; 'git lanes ps --all' shows those that ended, too\n"
    )
    fleet.start("long", "sleeper")
    fleet.until("long", lambda x: x.last == "sleeping")
    rows = cli("ps", "--all", "--grouped").out.splitlines()
    assert rows[0] == "batch b1"
    assert " ".join(rows[1].split()) == "LANE STATUS AGENT TIME CPU MEMORY FILES COST LAST LINE"
    assert rows[2].split()[:3] == ["quick", "finished", "shell@quick"]
    assert rows[3].startswith("total: 1 agent (1 finished)")
    assert next(x for x in rows if x.startswith("long")).split()[-1] == "sleeping"
    busy = cli("run", "long", "--agent", "writer", "--prompt", "x")
    assert busy.code == 128
    assert busy.err.startswith("error: agent 'sleeper@long' is ")
    no_terminal = cli("attach", "long")
    assert (no_terminal.code, "has no tmux session" in no_terminal.err) == (128, True)
    said = cli("prompt", "long", "hurry", "--json").json
    assert (said["schema"], said["resumed"]) == ("gitlanes.prompted/1", False)
    killed = cli("kill", "lo*", "--force")
    assert killed.out == "killed sleeper@long in lane long, attempt long/1\n"
    assert killed.err == "stopped 1 agent\n"
    removed = cli("kill", "long", "--rm", "--json").json
    assert (removed["runs"], removed["archived"]) == ([], ["long"])


def test_what_is_asked_wrongly(fleet: Fleet, cli: Callable[..., Ran]) -> None:
    """Each refusal has its exit code, one line, and a hint at the way out."""
    for args, code, said in (
        (("run", "a"), 129, "nothing to do is said"),
        (("run", "a", "--prompt", "x", "--agent", "absent"), 128, "agent 'absent' not found"),
        (("run", "HEAD", "--prompt", "x"), 128, "lane name"),
        (("run", "a", "--agent", "writer", "--template", "bugfix"), 129, "needs 'issue'"),
        (("kill",), 129, "which agents"),
        (("kill", "nobody-*"), 128, "agent 'nobody-*' not found"),
        (("logs", "main"), 128, "agent of lane 'main' not found"),
        (("prompt", "main", "x"), 128, "agent of lane 'main' not found"),
        (("prompt", "main"), 129, "without text"),
        (("ps", "--watch"), 129, "needs a terminal"),
    ):
        done = cli(*args)
        assert (done.code, said in done.err, done.out) == (code, True, ""), (args, done)
        assert "\nhint: " in done.err
    assert "git lanes history main" in cli("logs", "main").err
    dead = cli("run", "dies", "--no-tmux", "--agent", "crasher", "--prompt", "x")
    assert dead.code == 1
    assert dead.err.splitlines()[:2] == [
        "  now it fails",
        "error: agent 'crasher@dies' in lane 'dies' died at once: exit code 3",
    ]
    assert fleet.ended("dies")[0].code == 3


def test_without_tmux_there_is_a_word_and_a_way(fleet: Fleet, cli: Callable[..., Ran]) -> None:
    """Where tmux is missing it is said how to get it, and the agent runs detached."""
    for name in ("git", "sh"):
        (fleet.bin / name).symlink_to(f"/usr/bin/{name}")
    fleet.repo.environ["PATH"] = str(fleet.bin)
    done = cli("run", "a", "--agent", "writer", "--prompt", "x", "--json")
    assert (done.code, done.json["session"], done.json["socket"]) == (0, None, None)
    assert done.err == ("warning: tmux is not on PATH: install tmux; the agent runs without tmux\n")
    assert fleet.ended("a")[0].status == "finished"


@pytest.mark.slow
def test_ctrl_c_leaves_it_at_work(fleet: Fleet) -> None:
    """While it is watched: the agent goes on, and it is told how to stop it."""
    args = ("run", "long", "--no-tmux", "--agent", "sleeper", "--prompt", "x")
    process = start_cli(fleet.repo.path, fleet.repo.environ, *args)
    fleet.until("long", lambda x: x.last == "sleeping")
    process.send_signal(signal.SIGINT)
    assert (
        "agent 'sleeper@long' goes on; 'git lanes kill long' stops it" in process.communicate()[1]
    )
    assert process.returncode == 130
    assert [x.status for x in fleet.repo.lanes.kill("long").runs] == ["killed"]


@pytest.mark.slow
def test_what_is_said_of_a_start(fleet: Fleet, cli: Callable[..., Ran]) -> None:
    """In the user's own directory, over a budget, beside another one that began meanwhile."""
    done = cli("run", "main", "--no-tmux", "--agent", "writer", "--prompt", "x")
    assert (done.code, f"directory: '{fleet.repo.path}'" in done.err) == (0, True)
    cli("new", "poor")
    cli("budget", "set", "poor", "--max-tokens-in", "2000")
    over = cli("run", "poor", "--no-tmux", "--agent", "spender", "--prompt", "x")
    assert "agent 'spender@poor' in lane 'poor' was stopped: lane 'poor' is over" in over.err
    args = ("run", "race", "--no-tmux", "--agent", "sleeper", "--prompt", "x")
    racing = [start_cli(fleet.repo.path, fleet.repo.environ, *args) for _ in range(3)]
    told = [x.communicate()[1] for x in racing]
    assert sorted(x.returncode for x in racing) == [0, 128, 128]
    assert sum("exists already" in x for x in told) == 0
    cli("kill", "race")
