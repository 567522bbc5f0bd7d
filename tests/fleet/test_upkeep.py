"""What doctor and gc have to do with agents."""

from __future__ import annotations

import os
import signal

from tests.support.agents import Fleet


def test_doctor_sees_to_the_dead_and_gc_to_old_logs(fleet: Fleet) -> None:
    """A killed supervisor is named and mended; logs go once they are old, the journal stays."""
    run = fleet.start("dead", "sleeper")
    found = fleet.until("dead", lambda x: x.status == "running")
    os.kill(int(found.pid or 0), signal.SIGKILL)
    lanes = fleet.repo.lanes
    while lanes.doctor().sound:
        pass
    checks = [x.check for x in lanes.doctor(fix=True).findings]
    assert checks[0] == "dead-agent"
    assert lanes.doctor().sound
    assert fleet.orphans() == []
    (attempt,) = lanes.show("dead/1").attempts
    assert attempt.attempt.reason == "the agent crashed: its supervisor was killed"
    assert [x.kind for x in lanes.gc().waste] == []
    assert [x.kind for x in lanes.gc(older_than=0).waste] == ["run"]
    assert not fleet.directory(run).exists()
    assert fleet.record("dead").run["id"] == run.id
