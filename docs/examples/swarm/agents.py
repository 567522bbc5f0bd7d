"""The agents: each asks a model, does what it says through a session, and records what it took."""

from __future__ import annotations

import json
import os
from pathlib import Path
from threading import Event

from gitlanes import AgentSession, Collision
from gitlanes.models.watching import Rejection
from swarm.models import Answer, Model, ModelFailedError
from swarm.plan import Plan, Task, store

TRIES = 4


class Agent:
    """An agent with a session of its own; to be used by one thread."""

    role = ""

    def __init__(self, repo: Path, model: Model, name: str | None = None):
        self.model = model
        self.session = AgentSession(
            repo, agent_id=name or self.role, agent_type=self.role, model=model.name
        )

    def ask(self, task: str, prompt: str) -> Answer:
        """Ask the model."""
        return self.model.ask(self.role, task, prompt)


class Planner(Agent):
    """Turns a goal into tasks."""

    role = "planner"

    def plan(self, goal: str) -> Plan:
        """Return the plan, which is in lane main then, and make a lane with a budget for each."""
        answer = self.ask("", goal)
        plan = Plan(goal, [Task(**x) for x in json.loads(answer.text)])
        store(self.session, plan, answer.usage)
        return plan


class Coder(Agent):
    """Writes a task's files, until the reviewer accepts them."""

    role = "coder"

    def carry_out(self, task: Task, over: Event) -> bool:
        """Work on a task in its lane; say whether an attempt was accepted in the end.

        Raises BudgetExceeded once the task's lane has used what it may. Nobody decides any more
        once it is `over`.
        """
        self.session.create_lane(task.name, budget=task.limits, exist_ok=True)
        self.session.switch_lane(task.name)
        for _ in range(TRIES):
            try:
                attempt = self._write(task)
            except ModelFailedError:
                continue
            while not (decided := self.session.wait(attempt, timeout=1)) and not over.is_set():
                pass
            if any(x.attempt and x.attempt.status == "accepted" for x in decided):
                return True
        return False

    def _write(self, task: Task) -> str:
        """Let the model write the files; what it leaves behind when it fails is gone on from."""
        rejected = self.session.last_rejection()
        if rejected is None or not rejected.waiting:
            work = self.session.work(task.title, tags=[task.name])
        else:
            broken = "Error" in str(rejected.reason)
            work = self.session.retry(task.title, tags=[task.name], fresh=not broken)
        with work as w:
            answer = self.ask(task.name, focused_prompt(w.path, task, w.rejection))
            w.record_usage(answer.usage)
            w.add_metadata("retry", str(w.retry))
            for name, content in json.loads(answer.text).items():
                path = w.path / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content)
            if answer.error:
                raise ModelFailedError(answer.error)
        assert w.attempt is not None
        return w.attempt.id


class Reviewer(Agent):
    """Decides on what coders propose; each of their workspaces is free again by then."""

    role = "reviewer"

    def look(self, lanes: list[str]) -> None:
        """Review what is open in the lanes that there are yet, then wait for a change."""
        found = [x for x in self.session.repo.lanes().lanes if x.name in lanes]
        for attempt in (x.id for lane in found for x in lane.open):
            self.review(attempt)
        self.session.wait(["main", *(x.name for x in found)], timeout=0.2, every=0.02)

    def review(self, attempt: str) -> bool:
        """Decide on an attempt by what it would change in its lane."""
        diff = self.session.would_land(attempt)
        answer = self.ask(attempt.partition("/")[0], f"Review {attempt}:\n{diff.text}")
        self.session.add_usage(attempt, answer.usage, stage="review")
        verdict, _, reason = answer.text.partition(" ")
        if verdict == "ACCEPT":
            self.session.accept(attempt, reason)
        else:
            self.session.reject(attempt, reason)
        return verdict == "ACCEPT"


class Integrator(Agent):
    """Lands lanes on main, and decides where they collide with what is there."""

    role = "integrator"

    def land(self, task: Task) -> str:
        """Promote a task's lane; return 'landed', 'forced' or 'abandoned'."""
        said, tags = f"Land {task.title}", [task.name, "landing"]
        try:
            self.session.promote(task.name, prompt=said, tags=tags)
            return "landed"
        except Collision as error:
            collisions = error.data["collisions"]
        listed = "\n".join(
            f"{x['path']}: {x['source']['attempt']} against {x['target']['attempt']}"
            for x in collisions
        )
        answer = self.ask(task.name, f"{task.title} collides on\n{listed}\nFORCE paths or ABORT?")
        verdict, *paths = answer.text.split()
        if verdict != "FORCE":
            return "abandoned"
        cost = self.session.repo.read_usage(json.dumps(answer.usage))
        self.session.promote(task.name, prompt=said, tags=tags, force=paths, cost=cost)
        return "forced"


def focused_prompt(place: Path, task: Task, rejection: Rejection | None) -> str:
    """Return what a coder is asked: the task, why the last try was turned down, what is there."""
    parts = [f"Task: {task.title}", f"Write: {', '.join(task.files)}"]
    if rejection is not None:
        parts.append(f"Try {rejection.retries + 1}. The last one was rejected: {rejection.reason}")
        parts.append(f"It was:\n{rejection.diff.text}")
    parts += [f"{x}:\n{(place / x).read_text()}" for x in task.files if (place / x).is_file()]
    found = sorted(x for x in os.listdir(place) if not x.startswith("."))
    return "\n\n".join([*parts, f"There are: {', '.join(found)}"])
