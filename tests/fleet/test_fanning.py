"""Several agents at a time: started, skipped, taken back, tried and picked."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gitlanes import BadValue, LanesError, Negative, NotFound, Refused, RunOrder
from gitlanes.fleet import fanning
from gitlanes.models.plain import replace
from tests.support.agents import Fleet
from tests.support.cli import Ran, start_cli
from tests.support.gates import gate, set_gates

DETACHED = RunOrder(tmux=False)


def test_a_fanout(fleet: Fleet) -> None:
    """Agents and models are dealt in turn; all share a batch, which is compared and picked."""
    lanes = fleet.repo.lanes
    fleet.repo.git("config", "lanes.agent.writer.model", "--model={model}")
    made = lanes.fanout(
        *(3, 'Fix "it"; $(x)'), order=DETACHED, agents=["writer", "thinker"], settle=0
    )
    names = ["fix-it-x-a", "fix-it-x-b", "fix-it-x-c"]
    assert [x.lane for x in made.runs] == names
    assert [x.agent for x in fleet.ended(*names)] == [
        *("writer@fix-it-x-a", "thinker@fix-it-x-b", "writer@fix-it-x-c"),
    ]
    assert {lanes.lane(x).batch for x in names} == {made.batch}
    assert {lanes.lane(x).owner for x in names} == {x.agent for x in made.runs}
    found = lanes.compare(made.batch)
    assert [x.standing for x in found.entrants] == ["ready"] * 3
    assert found.entrants[1].cost["amounts"] == {"USD": "0.25"}
    assert all(x.seconds for x in found.entrants)
    assert lanes.pick(made.batch).winner == names[1], "what the others cost is unknown"
    again = lanes.fanout(1, 'Fix "it"; $(x)', order=DETACHED, agents=["writer"], settle=0)
    assert [x.lane for x in again.runs] == ["fix-it-x-2-a"]
    fleet.ended("fix-it-x-2-a")


def test_nothing_is_made_of_what_cannot_be(fleet: Fleet) -> None:
    """A missing program, a bad name, a lane that is there, one that is named twice."""
    lanes, before = fleet.repo.lanes, fleet.repo.refs()
    with pytest.raises(NotFound, match="agent 'nobody' not found"):
        lanes.fanout(2, "x", agents=["writer", "nobody"])
    with pytest.raises(BadValue, match="bad batch"):
        lanes.fanout(2, "x", agents=["writer"], order=RunOrder(batch="a b"))
    with pytest.raises(BadValue, match="takes no model"):
        lanes.fanout(2, "x", agents=["writer"], models=["m"])
    with pytest.raises(Refused, match="bad lane name"):
        lanes.fanout(2, "x", prefix="-x", agents=["writer"])
    assert fleet.repo.refs() == before
    lanes.new("x-b", workspace=False)
    with pytest.raises(Refused, match="lane 'x-b' exists already"):
        lanes.fanout(2, "x", prefix="x", agents=["writer"])
    assert not lanes.runs(ended=True)


def test_multi(fleet: Fleet) -> None:
    """Busy lanes are skipped and named, new ones made; what fails takes its lane with it alone."""
    lanes = fleet.repo.lanes
    fleet.start("busy", "sleeper")
    lanes.new("there")
    lanes.new("closed", workspace=False)
    lanes.pause("closed")
    (fleet.repo.path.with_name("repo.lanes") / "odd").mkdir(parents=True)
    (fleet.repo.path.with_name("repo.lanes") / "odd/file").write_text("in the way\n")
    order = RunOrder(program="writer", tmux=False)
    tasks = {"busy": "1", "there": "2", "new": "3", "closed": "4", "odd": "5"}
    made = lanes.multi(tasks, order, settle=0)
    assert [x.lane for x in made.runs] == ["there", "new"]
    assert [*made.skipped] == ["busy"]
    assert "agent 'sleeper@busy' is" in made.skipped["busy"]
    assert {*made.failed} == {"closed", "odd"}
    assert "odd" not in [x.name for x in lanes.lanes().lanes]
    fleet.ended("there", "new")
    assert [x.lane for x in lanes.compare(made.batch).entrants] == ["new", "there"]
    with pytest.raises(Negative, match="no agent could be started: agent 'sleeper@busy' is"):
        lanes.multi({"busy": "1"}, order, settle=0)


@pytest.mark.slow
def test_agents_that_wait(fleet: Fleet) -> None:
    """With `lanes.maxAgents` at work the others are queued, and begin when there is room."""
    fleet.repo.git("config", "lanes.maxAgents", "1")
    made = fleet.repo.open().fanout(3, "x", prefix="q", agents=["writer"], order=DETACHED, settle=0)
    assert {x.status for x in made.runs} & {"queued"}
    assert {x.status for x in fleet.ended("q-a", "q-b", "q-c")} == {"finished"}


@pytest.mark.slow
def test_a_comparison_of_what_crashed_and_runs(fleet: Fleet) -> None:
    """How agents ended is told; while one is at work nothing is picked."""
    lanes = fleet.repo.lanes
    order = RunOrder(batch="b1", tmux=False)
    programs = {"a": "suicide", "b": "sleeper", "c": "writer"}
    wanted = {x: replace(order, program=y) for x, y in programs.items()}
    made = lanes.multi(wanted, settle=0)
    fleet.ended("a", "c")
    fleet.until("b", lambda x: x.last == "sleeping")
    found = {x.lane: x for x in lanes.compare(made.batch).entrants}
    assert (found["a"].standing, found["a"].why) == ("crashed", "signal 9")
    assert (found["b"].standing, found["b"].running) == ("running", True)
    with pytest.raises(Negative, match="agents of batch 'b1' are at work in b"):
        lanes.pick("b1")
    with pytest.raises(Refused, match="agents of batch 'b1' are at work in b"):
        lanes.multi({"d": replace(order, program="writer")}, settle=0)
    lanes.kill(batch="b1")
    assert lanes.pick("b1").winner == "c"
    assert {x.standing for x in lanes.compare("b1").entrants} == {"crashed", "killed", "landed"}


def test_go(fleet: Fleet) -> None:
    """From a prompt to an exported branch; what is done is told."""
    said: list[str] = []
    made = fleet.repo.lanes.go(
        "Write it",
        tries=2,
        prefix="g",
        order=DETACHED,
        agents=["thinker", "crasher"],
        branch="done",
        tell=said.append,
    )
    assert (made.picked.winner, made.exported and made.exported.branch) == ("g-a", "done")
    assert fleet.repo.files("done")["written.txt"] == "Write it"
    assert fleet.repo.files("main")["written.txt"] == "Write it"
    assert said[0] == f"batch {made.batch}: agents are at work in g-a, g-b"
    assert sorted(said[1:3]) == [
        "g-a is finished, g-a/1",
        "g-b is finished, g-b/1: exit code 3",
    ]
    assert said[3:] == [
        "picking the best one",
        "g-a has landed on main: putting branch done there",
    ]


def test_what_go_cannot_do(fleet: Fleet) -> None:
    """It is refused before any lane is made for it."""
    repo = fleet.repo
    repo.git("branch", "foreign", repo.git("commit-tree", "-m", "x", "main^{tree}"))
    set_gates(repo, gate("tests", "true"), trusted=False)
    before = repo.refs()
    wishes: dict[str, dict[str, Any]] = {
        "is not trusted yet": {},
        "unknown criterion 'nope'": {"by": ["nope"]},
        "lane 'nolane' not found": {"into": "nolane"},
        "has no rules by which to pick": {"auto": True},
        "checked out in": {"branch": "main"},
        "has commits that the lane has not": {"branch": "foreign"},
    }
    for why, wish in wishes.items():
        with pytest.raises(LanesError, match=why):
            repo.lanes.go("x", tries=1, prefix="g", order=DETACHED, agents=["thinker"], **wish)
        assert repo.refs() == before
        repo.lanes.trust()


@pytest.mark.slow
def test_what_comes_between(fleet: Fleet) -> None:
    """What fails after the agents have worked, or after the landing, tells what goes on."""
    lanes, git = fleet.repo.lanes, fleet.repo.git
    set_gates(fleet.repo, gate("tests", "true"))
    said: list[str] = []

    def tell(text: str) -> None:
        said.append(text)
        if text == "picking the best one" and "batch b1" in said[0]:
            lanes.distrust()
        elif "has landed on" in text:
            git("branch", "-f", "ahead", git("commit-tree", "-m", "x", "main^{tree}"))

    def go(prefix: str, **more: Any) -> None:
        order = RunOrder(tmux=False, batch=more.pop("batch", None))
        lanes.go("x", tries=1, prefix=prefix, order=order, agents=["thinker"], tell=tell, **more)

    with pytest.raises(Refused, match="is not trusted yet"):
        go("g", batch="b1")
    assert said.pop().endswith("to go on, with the same options: git lanes pick b1")
    lanes.trust()
    said.clear()
    fleet.repo.save({"more.txt": "more"})
    git("branch", "ahead")  # at what the lane takes in only when work begins from it
    with pytest.raises(Refused, match="has commits that the lane has not"):
        go("h", branch="ahead")
    assert said[-2:] == [
        "h-a has landed on main: putting branch ahead there",
        "left to do: git lanes export h-a --branch NAME",
    ]
    assert fleet.repo.files("main")["written.txt"] == "x"


def test_nothing_good_comes_of_it(fleet: Fleet) -> None:
    """Where gates let nothing pass, the answer is no."""
    set_gates(fleet.repo, gate("tests", "false"))
    go = fleet.repo.lanes.go
    order = RunOrder(tmux=False, batch="b1")
    with pytest.raises(Negative, match="nothing of batch 'b1' can be picked"):
        go("x", tries=1, prefix="g", order=order, agents=["thinker"])


@pytest.mark.slow
def test_those_that_take_too_long(fleet: Fleet) -> None:
    """They are stopped, and what they did is not picked."""
    said: list[str] = []
    with pytest.raises(Negative, match="can be picked"):
        fleet.repo.lanes.go(
            "x",
            tries=1,
            prefix="s",
            order=DETACHED,
            agents=["sleeper"],
            by=["size"],
            timeout=0.2,
            tell=said.append,
        )
    assert said[1] == "the time is over: stopping those that are still at work"


def test_what_ctrl_c_leaves(fleet: Fleet) -> None:
    """Lanes without work are taken back; what an agent did is kept, and it is told where."""
    repo = fleet.repo
    half = repo.path.with_name("repo.lanes") / "f-a" / "here.txt"

    def press(what: str, done: int, _: int) -> None:
        if what == "starting agents" and done:
            while not half.exists():
                time.sleep(0.01)
            raise KeyboardInterrupt

    with repo.inner() as inner:
        inner.progress = press
        order = replace(DETACHED, prompt="x", batch="b1")
        with pytest.raises(KeyboardInterrupt):
            fanning.fanout(inner, 2, "f", order, agents=["sleeper"])
        (said,) = inner.warnings
    assert said.startswith("what agents did in f-a is kept: ")
    assert said.endswith("'git lanes kill --batch b1 --rm'")
    assert [x.name for x in repo.lanes.lanes().lanes] == ["f-a", "main"]
    assert [x.standing for x in repo.lanes.compare("b1").entrants] == ["killed"]
    assert not repo.lanes.runs()


@pytest.mark.slow
def test_ctrl_c(fleet: Fleet) -> None:
    """Of `fanout` nothing is left half made: no agent, and no lane without work."""
    repo = fleet.repo
    before = repo.refs()
    process = start_cli(
        *(repo.path, repo.environ, "fanout", "4", "f", "--agent", "sleeper", "--no-tmux"),
        *("--prompt", "x"),
    )
    while "refs/lanes/head/f-a" not in repo.refs():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.wait(60) == 130, process.stderr
    heads = {x for x in repo.refs() if x.startswith("refs/lanes/head/")}
    assert heads - {*before} == {
        x for x in heads - {*before} if repo.lanes.history(x.rpartition("/")[2]).attempts
    }
    assert not repo.lanes.runs()


def test_at_the_command_line(fleet: Fleet, cli: Callable[..., Ran], tmp_path: Path) -> None:
    """What is printed, the exit codes, and one object each under --json."""
    run = ("--agent", "writer", "--no-tmux")
    ran = cli("fanout", "2", "x", *run, "--prompt", "Do it")
    rows = ran.out.splitlines()
    assert (ran.code, rows[0].split()[0], len(rows)) == (0, "batch", 3)
    assert rows[1:] == [f"finished writer@x-{x} in lane x-{x}, attempt x-{x}/1" for x in "ab"]
    assert f"pick with 'git lanes pick {rows[0].split()[1]}'" in ran.err
    file = tmp_path / "tasks.json"
    file.write_text('[{"lane": "y", "prompt": "Do that"}, {"lane": "z", "prompt": "Fail"}]')
    fleet.start("z", "sleeper")
    ran = cli("multi", "w:Do this", "--file", str(file), *run, "--json")
    assert (ran.code, ran.json["schema"]) == (0, "gitlanes.batch/1")
    assert [x["lane"] for x in ran.json["runs"]] == ["w", "y"]
    assert [*ran.json["skipped"]] == ["z"]
    ran = cli("go", "Do it", "--tries", "1", "--prefix", "u", "--agent", "crasher", "--no-tmux")
    assert ran.code == 1
    assert "u-a is finished, u-a/1: exit code 3\n" in ran.err
    assert "\nu-a: the agent finished: exit code 3\n" in ran.err
    for args in (("go",), ("multi",), ("fanout", "2"), ("fanout", "0", "--prompt", "x")):
        assert cli(*args).code == 129
