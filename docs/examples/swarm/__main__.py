"""The orchestrator: runs ready tasks in parallel, with a reviewer beside them, and sums up."""

from __future__ import annotations

import json
import sys
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from gitlanes import BudgetExceeded
from swarm.agents import Coder, Integrator, Planner, Reviewer
from swarm.models import Model, Scripted
from swarm.plan import Plan, Task, load

if TYPE_CHECKING:
    from collections.abc import Iterator

AGENTS = 4


class Swarm:
    """A run for one goal; what became of each task is in ``outcome``."""

    def __init__(self, repo: Path, model: Model):
        self.repo = repo
        self.model = model
        self.outcome: dict[str, str] = {}
        self._landing = Lock()
        self._over = Event()

    def run(self, goal: str) -> dict[str, Any]:
        """Carry out a goal, or go on with the plan that is there; return the report."""
        planner = Planner(self.repo, self.model)
        with planner.session:
            plan = load(planner.session) or planner.plan(goal)
            with self._reviewing(plan):
                self._carry_out(plan)
            lanes = [x for x in plan.lanes if self.outcome.get(x) != "blocked"]
            spent = planner.session.cost(by="agent", lanes=lanes)
        by_agent = {str(x.name): x.cost for x in spent.rows}
        return {"tasks": self.outcome, "total": spent.total, "by_agent": by_agent}

    def _carry_out(self, plan: Plan) -> None:
        """Run each task once what it depends on has landed."""
        running: dict[Future[str], Task] = {}
        with ThreadPoolExecutor(AGENTS) as pool:
            while True:
                done = {name for name, what in self.outcome.items() if what in ("landed", "forced")}
                begun = {*self.outcome, *(x.name for x in running.values())}
                for task in plan.ready(done, begun):
                    running[pool.submit(self._task, task)] = task
                if not running:
                    break
                for one in wait(running, return_when=FIRST_COMPLETED).done:
                    self.outcome[running.pop(one).name] = one.result()
        for task in plan.tasks:
            self.outcome.setdefault(task.name, "blocked")

    def _task(self, task: Task) -> str:
        """Write, have reviewed and land one task; return what became of it."""
        coder = Coder(self.repo, self.model, f"coder-{task.name}")
        integrator = Integrator(self.repo, self.model)
        with coder.session, integrator.session:
            try:
                if not coder.carry_out(task, self._over):
                    return "rejected"
            except BudgetExceeded:
                return "over budget"
            with self._landing:
                return integrator.land(task)

    @contextmanager
    def _reviewing(self, plan: Plan) -> Iterator[None]:
        """Let a reviewer decide on all that is proposed, until the block ends."""
        with ThreadPoolExecutor(1) as pool:
            reviewer = pool.submit(self._review, plan)
            try:
                yield
            finally:
                self._over.set()
            reviewer.result()

    def _review(self, plan: Plan) -> None:
        reviewer = Reviewer(self.repo, self.model)
        try:
            with reviewer.session:
                while not self._over.is_set():
                    reviewer.look([x.name for x in plan.tasks])
        finally:
            self._over.set()


def main(repo: str, script: str, goal: str) -> None:
    """Run it and write the report to standard output, the prompts into a file beside the script."""
    model = Scripted(Path(script))
    report = Swarm(Path(repo), model).run(goal)
    Path(script).with_suffix(".asked.json").write_text(json.dumps(model.asked))
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    main(*sys.argv[1:])
