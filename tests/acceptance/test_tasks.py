"""Tasks: several agents on one lane, and an orchestrator that hands out the work."""

from __future__ import annotations

from pathlib import Path

from tests.support.cli import Ran, run_cli
from tests.support.repos import TestRepo


class Agent:
    """An agent at the command line, in the repository or in its task's workspace."""

    def __init__(self, repo: TestRepo, name: str):
        self.repo, self.place = repo, repo.path
        self.environ = {**repo.environ, "GITLANES_AGENT": name}

    def __call__(self, *args: str, code: int = 0) -> Ran:
        ran = run_cli(self.place, self.environ, *args)
        assert ran.code == code, ran.err
        return ran

    def start(self, task: str) -> None:
        """Begin a task, and go into its workspace."""
        self.place = Path(self("task", "start", task, "--json").json["path"])

    def commit(self, name: str, content: str) -> str:
        """Commit a file; return the commit."""
        (self.place / name).write_text(content)
        found: str = self("commit", "-m", f"write {name}", "--json").json["attempt"]["commit"]
        return found


def test_two_tasks_two_agents(repo: TestRepo) -> None:
    """Both complete, each by a two-parent merge with every commit reachable; nested ones listed."""
    boss = Agent(repo, "boss")
    boss("new", "feature", "--on", "main", "--no-workspace")
    ids = [boss("task", "add", x, "--lane", "feature").out.strip() for x in ("api", "docs")]
    agents = [Agent(repo, "agent-1"), Agent(repo, "agent-2")]
    commits = []
    for agent in agents:
        (task,) = agent("task", "next", "--claim", "--json").json["tasks"]
        agent.start(task["id"])
        commits += [agent.commit(f"{task['title']}-{n}.txt", "x\n") for n in range(2)]
    inner = agents[0]("task", "add", "inner", "--lane", f"api-{ids[0]}").out.strip()
    listed = boss("task", "list", "main", "--nested", "--json").json["tasks"]
    assert {x["id"] for x in listed} == {*ids, inner}
    drawn = boss("dep", "graph").out
    assert f"  {ids[0]} (started, agent-1) in api-{ids[0]}: api" in drawn
    assert f"  {inner} (open): inner" in drawn
    agents[0]("task", "abandon", inner, "--reason", "done along")
    for agent in agents:
        merge = agent("task", "complete", "--json").json["task"]["commit"]
        assert len(repo.git("log", "-1", "--format=%P", merge).split()) == 2
        agent.place = repo.path
    reachable = repo.git("rev-list", "refs/lanes/head/feature").split()
    assert set(commits) <= set(reachable)
    assert len(repo.files("refs/lanes/head/feature")) == 6
    assert boss("task", "list").out == ""
    done = boss("task", "list", "feature", "--status", "completed", "--json").json["tasks"]
    assert {x["id"]: x["agent"] for x in done} == {ids[0]: "agent-1", ids[1]: "agent-2"}
    assert [x["name"] for x in boss("list", "--json").json["lanes"]] == ["feature", "main"]


def test_a_collision_and_going_on(repo: TestRepo) -> None:
    """It is open, unassigned, its work kept; on the new base it completes; `next` by priority."""
    boss, agent = Agent(repo, "boss"), Agent(repo, "agent-1")
    late, soon, later = (
        boss("task", "add", title, "--priority", priority).out.strip()
        for title, priority in (("late", "9"), ("soon", "1"), ("later", "9"))
    )
    order = boss("task", "next", "-n", "5", "--json").json["tasks"]
    assert [x["id"] for x in order] == [soon, late, later]
    (taken,) = agent("task", "next", "--claim", "--json").json["tasks"]
    assert taken["id"] == soon
    agent.start(soon)
    agent.commit("auth.py", "by the task\n")
    agent.commit("more.txt", "more\n")
    boss("new", "other")
    boss.place = repo.workspace("other")
    boss.commit("auth.py", "by others\n")
    boss("promote")
    boss.place = repo.path
    head = repo.rev("main")
    assert "auth.py" in agent("task", "check", code=1).out
    refused = agent("task", "complete", code=1)
    assert "'auth.py'" in refused.err
    assert f"git lanes task start {soon}" in refused.err
    assert repo.rev("main") == head
    shown = boss("task", "show", soon, "--json").json
    assert (shown["status"], shown["agent"], shown["collisions"]) == ("open", None, ["auth.py"])
    assert repo.files(f"refs/lanes/head/{shown['worker']}")["more.txt"] == "more"
    assert boss("task", "next", "--json").json["tasks"][0]["id"] == soon
    second = Agent(repo, "agent-2")
    second.start(soon)
    assert (second.place / "auth.py").read_text() == "by others\n"
    second.commit("auth.py", "by both\n")
    second("task", "complete", soon)
    assert repo.files("main")["auth.py"] == "by both"
    text = boss("task", "show", soon).out
    assert f"task {soon} of lane main (completed)" in text
    assert "  agent:    agent-2\n" in text
