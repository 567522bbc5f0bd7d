"""Agents in lanes: started, watched, and their work kept, without tmux."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from gitlanes import BadValue, BudgetExceeded, Limits, Negative, NotFound, Refused, RunOrder
from gitlanes.fleet import places
from gitlanes.models.fleet import Program
from tests.support.agents import Fleet, needs_tmux
from tests.support.gates import gate, set_gates

HOSTILE = "quote \" ' `touch pwned` $(touch pwned) ; | & \\ %s #{pane_pid} {agent}\nline two\n"


def test_prompts_come_through_unharmed(fleet: Fleet) -> None:
    """As an argument, on stdin and in a file, with all that a shell knows, and 100 kB of it."""
    prompt = HOSTILE + "x" * 100_000
    for lane, program in (("a", "writer"), ("b", "thinker"), ("c", "reader")):
        fleet.start(lane, program, prompt)
    runs = fleet.ended("a", "b", "c")
    lanes = fleet.repo.lanes
    for run in runs:
        assert (run.status, run.code, run.attempt) == ("finished", 0, f"{run.lane}/1")
        written = fleet.repo.workspace(run.lane) / "written.txt"
        assert written.read_text() == prompt
        assert not (written.parent / "pwned").exists()
        told = lanes.show(str(run.attempt)).attempts[0]
        assert told.notes.intents[-1]["prompt"] == prompt
        assert told.notes.intents[-1]["agent"] == {"id": run.agent, "type": run.program}
        assert lanes.who(run.lane).workspaces[0].owner is None
        remembered = fleet.record(run.lane).run
        assert (remembered["id"], remembered["status"]) == (run.id, "finished")
    cost = lanes.show("b/1").attempts[0].notes.costs[-1]
    assert (cost["input_tokens"], cost["amount"], cost["currency"]) == (100, "0.25", "USD")
    assert cost["wall_ms"] > 0
    kinds = [x.kind for x in lanes.events(lane="a").events]
    assert kinds[-3:] == ["agent.started", "attempt.proposed", "agent.ended"]
    assert lanes.logs("a").lines == ("wrote it",)
    assert oct(fleet.directory(runs[0]).stat().st_mode)[-3:] == "700"
    assert not (fleet.directory(runs[0]) / "environ").exists()


def test_how_agents_end(fleet: Fleet) -> None:
    """One that fails has a rejected attempt, one that commits is proposed, a flood is kept."""
    for program in ("crasher", "suicide", "committer", "flooder"):
        fleet.start(program, program)
    crashed, killed, committed, flooded = fleet.ended("crasher", "suicide", "committer", "flooder")
    show = fleet.repo.lanes.show
    assert (crashed.status, crashed.code, crashed.reason) == ("finished", 3, "exit code 3")
    assert (killed.status, killed.code, killed.reason) == ("crashed", -9, "signal 9")
    for run in (crashed, killed):
        told = show(str(run.attempt)).attempts[0].attempt
        assert (told.status, told.reason) == (
            "rejected",
            f"the agent {run.status}: {run.reason}",
        )
        assert (fleet.repo.workspace(run.lane) / "partial.txt").exists()
        assert "partial.txt" in fleet.repo.files(told.commit)
    own = show(str(committed.attempt)).attempts[0].attempt
    assert (own.status, own.title) == ("proposed", "do it")
    assert "own.txt" in fleet.repo.files(own.commit)
    assert flooded.last == "the last line"
    assert fleet.repo.lanes.logs("flooder", lines=1).lines == ("the last line",)


def test_what_is_refused_makes_nothing(fleet: Fleet) -> None:
    """No program, no such agent, a bad order: no lane, no workspace, no run comes of it."""
    repo = fleet.repo
    before = repo.refs()
    repo.git("config", "lanes.agent.absent.args", "no-such-program")
    repo.git("config", "lanes.agent.broken.args", "writer")
    repo.git("config", "lanes.agent.broken.prompt", "shouted")
    for order, error, said in (
        (RunOrder("x", program="absent"), NotFound, "program 'no-such-program' not found"),
        (RunOrder("x", program="writr"), NotFound, "agent 'writr' not found"),
        (RunOrder("x", program="broken"), Refused, "prompt: none of argument, stdin"),
        (RunOrder("x", program="writer", model="m"), BadValue, "takes no model"),
        (RunOrder("x" * 140_000, program="writer"), Refused, "too long to be an argument"),
        (RunOrder("x\0", program="writer"), BadValue, "NUL"),
        (RunOrder("x", program="writer", resume=True), Refused, "cannot be resumed"),
        (RunOrder("x", program="shell"), BadValue, "needs a command"),
        (RunOrder(program="writer", template="bugfix"), BadValue, "needs 'issue'"),
        (RunOrder(program="writer", template="bugs"), NotFound, "prompt 'bugs' not found"),
        (RunOrder("x", program="writer", agent="\x1b"), BadValue, "bad agent id"),
        (RunOrder("x", program="writer", on="nowhere"), NotFound, "nowhere"),
    ):
        with pytest.raises(error, match=said):
            repo.lanes.run("new", order=order)
    assert repo.refs() == before
    assert repo.lanes.runs(ended=True) == ()
    with pytest.raises(NotFound, match="agent of lane 'main'"):
        repo.lanes.logs("main")


def test_found_on_path_and_gone_on_with(fleet: Fleet) -> None:
    """Without a name it is the first that is there; a prompt resumes one that has ended."""
    claude = fleet.bin / "claude"
    claude.write_text(
        '#!/bin/sh\nprintf "%s " "$@" >> args.txt; cat >> said.txt\n'
        'echo \'{"type":"result","num_turns":1,"usage":{"input_tokens":5,"output_tokens":1}}\'\n'
    )
    claude.chmod(0o755)
    order = RunOrder("-begin", model="opus", tmux=False)
    assert fleet.repo.lanes.run("it", order=order, settle=0).agent == "claude@it"
    fleet.ended("it")
    again = fleet.repo.lanes.prompt("it", "go on", settle=0)
    assert (again.resumed, again.run.model) == (True, "opus")
    (run,) = fleet.ended("it")
    assert (run.attempt, run.cost["input_tokens"]) == ("it/2", 5)
    workspace = fleet.repo.workspace("it")
    assert (workspace / "said.txt").read_text() == "-begingo on"
    words = "-p --output-format stream-json --verbose --permission-mode acceptEdits "
    words += "--model opus "
    assert (workspace / "args.txt").read_text() == f"{words}{words}--continue "
    fleet.repo.git("config", "lanes.agent.claude.args", "sleeper")
    fleet.repo.git("config", "lanes.agent.claude.input", "false")
    fleet.repo.close()
    fleet.start("it", "claude")
    with pytest.raises(Refused, match="takes no prompts while it runs"):
        fleet.repo.lanes.prompt("it", "more")


def test_what_its_workspace_gives_it(fleet: Fleet) -> None:
    """Variables of the team's file reach the agent; a quick one's workspace is not set up."""
    repo = fleet.repo
    team = '[workspace]\nsetup = [["touch", "made"]]\nenv = { MODE = "given" }\n'
    repo.save({".gitlanes.toml": team + '[agent.team]\nargs = ["sh", "-c", "echo $MODE > mode"]\n'})
    repo.lanes.trust()
    for lane, quick in (("full", False), ("quick", True)):
        fleet.start(lane, "team", quick=quick)
    fleet.ended("full", "quick")
    for lane, quick in (("full", False), ("quick", True)):
        assert (repo.workspace(lane) / "mode").read_text() == "given\n"
        assert (repo.workspace(lane) / "made").exists() is not quick


@pytest.mark.slow
def test_one_agent_at_a_time(fleet: Fleet) -> None:
    """A lane where one works takes no second, and one that somebody claimed none at all."""
    fleet.start("busy", "sleeper")
    with pytest.raises(Refused, match=r"agent 'sleeper@busy' is \w+ in lane 'busy'"):
        fleet.start("busy", "writer")
    fleet.until("busy", lambda x: x.status == "running")
    with pytest.raises(Refused, match="claimed by 'sleeper@busy'"):
        fleet.repo.lanes.propose("busy")
    fleet.repo.lanes.rename("busy", "renamed")
    (killed,) = fleet.repo.lanes.kill("ren*").runs
    assert (killed.status, killed.attempt) == ("killed", "renamed/1")
    fleet.repo.lanes.claim("renamed", agent="somebody")
    with pytest.raises(Refused, match="claimed by 'somebody'"):
        fleet.start("renamed", "writer")
    fleet.repo.lanes.release("renamed", agent="somebody")
    fleet.start("renamed", "writer")
    (again,) = fleet.ended("renamed")
    assert (again.status, again.attempt) == ("finished", "renamed/2")
    fleet.start("gone", "sleeper")
    fleet.until("gone", lambda x: x.last == "sleeping")
    with pytest.raises(Refused, match="claimed by 'sleeper@gone'"):
        fleet.repo.lanes.remove_workspace("gone")
    fleet.repo.lanes.remove_workspace("gone", force=True)
    ended = fleet.until("gone", lambda x: not x.live)
    assert (ended.status, ended.reason) == ("killed", "its workspace was removed")


def test_an_agent_that_dies_at_once(fleet: Fleet) -> None:
    """The order fails with the last it said, without what moves a cursor; its work is kept."""
    with pytest.raises(Negative, match="died at once: exit code 3") as raised:
        fleet.repo.lanes.run("dies", order=RunOrder("x", program="crasher", tmux=False))
    assert raised.value.data["output"] == ["now it fails"]
    fleet.ended("dies")
    assert fleet.repo.lanes.show("dies/1").attempts[0].attempt.status == "rejected"


def test_killed_with_all_that_it_started(fleet: Fleet) -> None:
    """Children that ignore a polite end, in sessions of their own, too, are gone at once."""
    run = fleet.start("stub", "stubborn")
    fleet.until("stub", lambda x: x.last == "at work")
    assert len(fleet.orphans()) > 3
    made = fleet.repo.lanes.kill("stub", force=True, remove=True)
    assert fleet.orphans() == []
    assert [x.status for x in made.runs] == ["killed"]
    assert made.archived == ("stub",)
    assert fleet.repo.lanes.lane("stub").status == "archived"
    assert "stub" not in fleet.repo.git("worktree", "list")
    attempt = fleet.repo.lanes.show("stub/1").attempts[0].attempt
    assert (attempt.status, attempt.reason) == (
        "rejected",
        "the agent was stopped: it was asked to end",
    )
    assert "half.txt" in fleet.repo.files(attempt.commit)
    with pytest.raises(NotFound):
        fleet.repo.lanes.kill("stub")
    assert fleet.directory(run).exists()


@pytest.mark.slow
def test_supervisors_that_were_killed(fleet: Fleet) -> None:
    """The next look ends what they left and keeps the work, be the machine another one by then."""
    runs = [fleet.start(lane, "stubborn") for lane in ("killed", "rebooted")]
    found = [fleet.until(x.lane, lambda x: x.last == "at work" and x.changed) for x in runs]
    for run in found:
        os.kill(int(run.pid or 0), signal.SIGKILL)
    bystander = subprocess.Popen(["sleep", "60"], start_new_session=True)
    state = fleet.directory(runs[1]) / "state.json"
    own = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    told = state.read_text().replace(own, "0" * 36)  # and its number is another one's by now
    number = '"agent_pid": {}'.format
    state.write_text(told.replace(number(found[1].agent_pid), number(bystander.pid)))
    for lane, why in (
        ("killed", "its supervisor was killed"),
        ("rebooted", "the machine was started anew"),
    ):
        run = fleet.until(lane, lambda x: not x.live)
        assert (run.status, run.reason, run.attempt) == ("crashed", why, f"{lane}/1")
        attempt = fleet.repo.lanes.show(f"{lane}/1").attempts[0].attempt
        assert (attempt.status, attempt.reason) == ("rejected", f"the agent crashed: {why}")
        assert "half.txt" in fleet.repo.files(attempt.commit)
        assert fleet.record(lane).run["status"] == "crashed"
    assert fleet.orphans() == []
    assert fleet.repo.lanes.doctor().sound
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_a_supervisor_that_was_killed_at_the_end(fleet: Fleet) -> None:
    """What it had begun to record is gone on with: the agent finished, and its cost counts once."""
    fleet.start("late", "thinker")
    (found,) = fleet.ended("late")
    before = fleet.repo.lanes.cost().total
    state = fleet.directory(found) / "state.json"
    told = {**json.loads(state.read_text()), "status": "running", "attempt": None}
    del told["ended"]
    state.write_text(json.dumps(told))
    again = fleet.until("late", lambda x: not x.live)
    assert (again.status, again.code, again.attempt) == ("finished", 0, "late/1")
    assert fleet.repo.lanes.cost().total == before
    assert fleet.record("late").next == 2


def test_a_start_that_never_came(fleet: Fleet) -> None:
    """Who was killed before he started the supervisor leaves a run that is a crash later."""
    fleet.repo.lanes.new("never")
    lane = fleet.record("never")
    with fleet.repo.inner() as inner:
        about = {"lane": "never", "lane_uuid": lane.uuid, "next": 1}
        about["path"] = str(fleet.repo.workspace("never"))
        order = RunOrder("x", agent="a")
        place = places.make(inner, about, Program("writer", ("writer",)), order, "starting")
        assert [x.status for x in fleet.repo.lanes.runs()] == ["starting"]
        place.write(begun=0)
    assert fleet.repo.lanes.runs() == ()
    (found,) = fleet.repo.lanes.runs(ended=True)
    assert (found.status, found.reason) == ("crashed", "its supervisor did not start")


def test_budgets_end_an_agent(fleet: Fleet) -> None:
    """What it spends is seen while it works; at the limit it is stopped, and all is on record."""
    fleet.repo.lanes.new("rich")
    fleet.repo.lanes.set_budget("rich", Limits(input_tokens=4000))
    fleet.start("rich", "spender")
    (found,) = fleet.ended("rich")
    assert found.status == "over-budget"
    assert "lane 'rich' is over budget" in str(found.reason)
    assert found.cost["input_tokens"] >= 4000
    told = fleet.repo.lanes.show(str(found.attempt)).attempts[0]
    assert told.attempt.status == "rejected"
    assert told.notes.costs[-1]["input_tokens"] == found.cost["input_tokens"]
    with pytest.raises(BudgetExceeded):
        fleet.start("rich", "writer")


def test_gates_judge_what_it_left(fleet: Fleet) -> None:
    """As the policy says: they are asked, or decide, or nothing is offered; a kill ends them."""
    repo = fleet.repo
    set_gates(repo, gate("has", "test -e written.txt"), gate("slow", "test ! -e slow || sleep 600"))
    words = ("sh", "-c", "touch written.txt slow")
    fleet.start("stopped", "shell", args=words)
    fleet.start("asked", "writer")
    for lane, program, policy in (
        ("taken", "writer", "commit"),
        ("turned", "committer", "commit"),
        ("kept", "writer", "snapshot"),
    ):
        repo.environ["GITLANES_WHEN_AGENT_ENDS"] = policy
        repo.close()
        fleet.start(lane, program)
    del repo.environ["GITLANES_WHEN_AGENT_ENDS"]
    repo.close()
    asked, taken, turned, kept = fleet.ended("asked", "taken", "turned", "kept")
    assert (kept.attempt, kept.snapshot) == (None, "kept/s1")
    told = [repo.lanes.show(str(x.attempt)).attempts[0] for x in (asked, taken, turned)]
    assert [x.attempt.status for x in told] == ["proposed", "accepted", "rejected"]
    assert [x["passed"] for x in told[0].notes.evaluations] == [True, True]
    judged = fleet.directory(fleet.until("stopped", lambda x: x.code is not None)) / "state.json"
    while "stopped/1" not in repo.git("log", "--format=%s", "refs/lanes/journal/stopped"):
        pass
    (stopped,) = repo.lanes.kill("stopped").runs
    assert (stopped.status, stopped.attempt) == ("finished", "stopped/1")
    assert json.loads(judged.read_text())["problem"] == "the gates were stopped"
    assert repo.lanes.show("stopped/1").attempts[0].attempt.open


def test_more_than_may_work_wait(fleet: Fleet) -> None:
    """Beyond `lanes.maxAgents` they are queued, and begin when one ends; a kill takes them out."""
    fleet.repo.git("config", "lanes.maxAgents", "1")
    with fleet.repo.open() as lanes:
        first = lanes.run("one", order=RunOrder("x", program="sleeper", tmux=False), settle=0)
        for lane in ("two", "three"):
            made = lanes.run(lane, order=RunOrder(lane, program="writer", tmux=False))
            assert made.status == "queued"
        with pytest.raises(Refused, match="waits until another one has ended"):
            lanes.attach("two")
        assert [x.status for x in lanes.kill("three").runs] == ["killed"]
        assert lanes.wait_for_runs(["two"], 0.0)[0].status == "queued"
        fleet.until("one", lambda x: x.status == "running")
        lanes.kill("one")
        assert [x.status for x in lanes.wait_for_runs(["one", "two"], 30)] == ["killed", "finished"]
        assert first.id < made.id
    assert not (fleet.repo.workspace("three") / "written.txt").exists()


def test_what_nobody_could_carry_counts(fleet: Fleet) -> None:
    """The cost of an agent that changed nothing is in its lane's totals all the same."""
    text = fleet.bin / "thinker"
    text.write_text("\n".join(x for x in text.read_text().splitlines() if "open(" not in x))
    fleet.start("idle", "thinker")
    (found,) = fleet.ended("idle")
    assert (found.status, found.attempt, found.changed) == ("finished", None, 0)
    assert fleet.record("idle").spent["total"]["amounts"] == {"USD": "0.25"}


@needs_tmux
def test_a_question_is_seen_and_answered(fleet: Fleet) -> None:
    """In tmux: it waits for input, takes a prompt, its session is known under any name."""
    fleet.start("asks", "asker", tmux=True)
    found = fleet.until("asks", lambda x: x.status == "waiting")
    assert found.last == "Shall I go on? [y/n]"
    (session,) = fleet.tmux("list-sessions", "-F", "#{session_name}")
    assert session == found.session
    fleet.tmux("rename-session", "-t", session, "mine")
    (renamed,) = fleet.repo.lanes.runs()
    assert renamed.session == "mine"
    assert fleet.repo.lanes.attach("asks").args[-2:] == ("-t", "$0")
    fleet.repo.lanes.prompt("asks", "yes; it #{may}")
    (ended,) = fleet.ended("asks")
    assert ended.status == "finished"
    answer = fleet.repo.workspace("asks") / "answer.txt"
    assert answer.read_text() == "yes; it #{may}\n"
    intent = fleet.repo.lanes.show("asks/1").attempts[0].notes.intents[-1]
    assert intent["prompt"] == "do it\n\nyes; it #{may}"
    with pytest.raises(Negative, match="is finished"):
        fleet.repo.lanes.attach("asks")
    fleet.start("other", "sleeper", tmux=True)
    fleet.tmux(
        "rename-session", "-t", str(fleet.until("other", lambda x: x.session).session), session
    )
    fleet.start("asks", "writer", tmux=True)
    (again,) = fleet.ended("asks")
    assert (again.status, again.socket) == ("finished", found.socket)
