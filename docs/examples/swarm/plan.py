"""The plan: tasks, what they depend on, and what each may use; kept as a file of lane main."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field

from gitlanes import AgentSession, Limits, NotFound

PLAN = ".swarm/plan.json"
TAG = "plan"
# What a task of each size may use; a task of unknown size is a medium one.
_SHARES = {"low": 1, "medium": 2, "high": 4}


@dataclass
class Task:
    """One task; its lane has its name."""

    name: str
    title: str
    files: list[str]
    size: str = "medium"
    depends: list[str] = field(default_factory=list)

    @property
    def limits(self) -> Limits:
        """What the task may use before no more work is begun on it."""
        share = _SHARES.get(self.size, _SHARES["medium"])
        return Limits(input_tokens=2000 * share, output_tokens=1000 * share)


@dataclass
class Plan:
    """All tasks of a goal."""

    goal: str
    tasks: list[Task]

    def ready(self, done: set[str], begun: set[str]) -> list[Task]:
        """Return the tasks that were not begun and whose dependencies landed."""
        return [x for x in self.tasks if x.name not in begun and set(x.depends) <= done]

    @property
    def lanes(self) -> list[str]:
        """The lanes of all tasks, and the one that they land on."""
        return [*(x.name for x in self.tasks), "main"]


def store(session: AgentSession, plan: Plan, usage: dict[str, int]) -> str:
    """Commit the plan to lane main without a workspace; return the attempt's id."""
    content = json.dumps(asdict(plan), indent=1).encode()
    said = f"Plan: {plan.goal}"
    made = session.put_file("main", PLAN, content, prompt=said, tags=[TAG])
    session.add_usage(made.attempt.id, usage, stage="plan")
    return made.attempt.id


def load(session: AgentSession) -> Plan | None:
    """Return the plan that lane main has, None if it has none."""
    try:
        said = json.loads(session.repo.cat("main", PLAN))
    except NotFound:
        return None
    return Plan(said["goal"], [Task(**x) for x in said["tasks"]])
