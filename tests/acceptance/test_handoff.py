"""One lane, two agents, one after the other."""

from __future__ import annotations

from pathlib import Path

from tests.support.cli import Ran, run_cli
from tests.support.repos import TestRepo


def test_a_handoff(repo: TestRepo) -> None:
    """Agent 1 releases, agent 2 claims; history shows both; a third without release is refused."""
    place = Path(repo.lanes.new("auth", agent="agent-1").path or "")

    def lanes(agent: str, *args: str) -> Ran:
        return run_cli(place, {**repo.environ, "GITLANES_AGENT": agent}, *args)

    for agent in ("agent-1", "agent-2"):
        assert lanes(agent, "workspace", "claim").code == 0
        repo.write({"auth.py": f"by {agent}\n"}, place)
        done = lanes(agent, "commit", "-m", f"work of {agent}")
        assert done.code == 0, done.err
        if agent == "agent-1":
            assert lanes("agent-2", "workspace", "claim").code == 128
            assert lanes(agent, "workspace", "release").code == 0
    told = lanes("", "history", "auth", "--json")
    attempts = [x["attempt"] for x in told.json["attempts"]]
    assert [(x["id"], x["agent"]) for x in attempts] == [
        ("auth/2", "agent-2"),
        ("auth/1", "agent-1"),
    ]
    assert len({x["change_id"] for x in attempts}) == 2
    shown = lanes("", "history", "auth").out
    assert "agent-1" in shown
    assert "agent-2" in shown
    third = lanes("agent-3", "workspace", "claim")
    assert third.code == 128
    assert "error: workspace of lane 'auth' is claimed by 'agent-2' since " in third.err
    repo.write({"auth.py": "by agent-3\n"}, place)
    assert lanes("agent-3", "commit", "-m", "x").code == 128
    assert repo.files("refs/lanes/head/auth")["auth.py"] == "by agent-2"
    assert (place / "auth.py").read_text() == "by agent-3\n"
