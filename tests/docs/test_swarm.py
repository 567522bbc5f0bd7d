"""The example orchestrator, run as a process with scripted models."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from gitlanes.models.history import Told
from tests.support.gates import gate, set_gates
from tests.support.repos import TestRepo

_EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"

_TASKS = [
    {"name": "models", "title": "Add models", "files": ["models.py"]},
    {"name": "auth", "title": "Check the login", "files": ["auth.py"], "depends": ["models"]},
    {"name": "audit", "title": "Log logins", "files": ["auth.py"], "depends": ["models"]},
    {"name": "big", "title": "Do everything", "files": ["all.py"], "size": "low"},
    {"name": "last", "title": "Needs it all", "files": ["last.py"], "depends": ["big"]},
    {"name": "stray", "title": "Touch the readme", "files": ["auth.py"], "depends": ["auth"]},
]
USAGE = {"input_tokens": 100, "output_tokens": 10}


def says(text: object, **more: Any) -> dict[str, Any]:
    """Return an answer of a model."""
    return {"text": text, "usage": USAGE, **more}


SCRIPT = {
    "planner": [says(_TASKS)],
    "coder:models": [
        says({"models.py": "half\n"}, error="connection lost"),
        says({"more.py": "USER = 1\n"}),
    ],
    "coder:auth": [
        says({"auth.py": "no check\n", "junk.py": "junk\n"}),
        says({"auth.py": "checked\n"}),
    ],
    "coder:audit": [says({"auth.py": "logged\n"})],
    "coder:big": [
        says({"all.py": "1\n"}, usage={"input_tokens": 1000, "output_tokens": 1}),
        says({"all.py": "2\n"}, usage={"input_tokens": 900, "output_tokens": 1}),
        says({"all.py": "3\n"}),
    ],
    "coder:stray": [says({"auth.py": "overwritten\n"})],
    "reviewer": [says("ACCEPT fine")] * 4,
    "reviewer:auth": [says("REJECT there is no check"), says("ACCEPT now there is")],
    "reviewer:big": [says("REJECT too much")] * 3,
    "integrator": [says("ABORT")],
    "integrator:audit": [says("FORCE auth.py")],
    "integrator:auth": [says("FORCE auth.py")],
}


def run(repo: TestRepo, where: Path) -> Any:
    """Run the orchestrator; return its report."""
    script = where / "script.json"
    script.write_text(json.dumps(SCRIPT))
    done = subprocess.run(
        [sys.executable, "-m", "swarm", str(repo.path), str(script), "A login"],
        cwd=_EXAMPLES,
        env=repo.environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def told(repo: TestRepo, lane: str) -> list[Told]:
    """Return a lane's attempts, oldest first."""
    return sorted(repo.lanes.attempts(lane), key=lambda x: x.attempt.number)


def test_a_goal_is_carried_out(repo: TestRepo, tmp_path: Path) -> None:
    """Plan, parallel lanes with budgets, review, retry, landing, a forced collision, the sums."""
    set_gates(repo, gate("no-half", "! grep -rn HALF --include=*.py ."))
    report = run(repo, tmp_path)
    outcome = report["tasks"]
    assert outcome["models"] == "landed"
    assert sorted((outcome["auth"], outcome["audit"])) == ["forced", "landed"]
    assert (outcome["big"], outcome["last"]) == ("over budget", "blocked")
    assert outcome["stray"] in ("landed", "abandoned")

    first, second = told(repo, "models")
    assert (first.attempt.status, second.attempt.status) == ("rejected", "accepted")
    assert first.attempt.reason == "ModelFailedError: connection lost"
    files = repo.files(second.attempt.commit)
    assert (files["models.py"], files["more.py"]) == ("half", "USER = 1")

    first, second = told(repo, "auth")
    assert (first.attempt.by, first.attempt.reason) == ("reviewer", "there is no check")
    assert first.attempt.change_id == second.attempt.change_id
    assert "junk.py" not in repo.files(second.attempt.commit)
    assert {x["agent"]["id"]: x.get("stage") for x in second.notes.costs if "agent" in x} == {
        "reviewer": "review"
    }
    asked = json.loads((tmp_path / "script.asked.json").read_text())
    (again,) = [p for role, task, p in asked if (role, task) == ("coder", "auth") and "Try 2" in p]
    assert "rejected: there is no check" in again
    assert "+no check" in again

    landings = repo.lanes.history("main", promotions=True).attempts
    assert {x.agent for x in landings} == {"integrator"}
    forced = {k for k, what in outcome.items() if what == "forced"}
    assert {x.intent["tags"][0] for x in landings if x.notes.costs and _own(x)} == forced
    assert json.loads(repo.lanes.cat("main", ".swarm/plan.json"))["goal"] == "A login"
    assert repo.git("status", "--porcelain") == ""
    assert repo.rev("HEAD") == repo.lanes.head("main")

    assert [x.attempt.status for x in told(repo, "big")] == ["rejected", "rejected"]
    (standing,) = repo.lanes.budget_left("big")
    assert (standing.exceeded, standing.used["input_tokens"]) == (("input_tokens",), 2100)
    lanes = [str(x["name"]) for x in _TASKS[:4]] + ["stray", "main"]
    assert report["total"] == repo.lanes.cost(lanes=lanes).total
    assert report["by_agent"]["planner"]["input_tokens"] == 100
    assert report["by_agent"]["coder-auth"]["input_tokens"] == 200
    assert not any(x.owner for x in repo.lanes.who().workspaces)
    repo.fsck()


def _own(landing: Told) -> bool:
    """Say whether a landing has a cost of its own, and not only its source's."""
    uuid = landing.attempt.uuid
    return any(x.get("attempt_uuid") == uuid for x in landing.notes.costs)
