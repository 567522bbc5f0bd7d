"""A secret in what agents were asked, and in what they printed."""

from __future__ import annotations

import pytest

from gitlanes import Negative
from tests.support.agents import Fleet

SECRET = 'correct "horse" battery'


@pytest.mark.slow
def test_prompts_and_logs_are_purged(fleet: Fleet) -> None:
    """They are written anew where the agent has ended; of one at work it is told what to do."""
    words = ("sh", "-c", 'echo "$1"; test "$2" = stay && sleep 600; true', "sh", SECRET)
    done = fleet.start("done", "shell", prompt=f"log in with {SECRET}", args=(*words, "go"))
    fleet.ended("done")
    busy = fleet.start("busy", "shell", prompt=SECRET, args=(*words, "stay"))
    fleet.until("busy", lambda x: x.last == SECRET)
    files = [x for x in fleet.directory(done).iterdir() if x.is_file()]
    lanes = fleet.repo.lanes
    made = lanes.purge(SECRET)
    assert made.runs == (done.id, busy.id)
    assert not any(b"horse" in x.read_bytes() for x in files)
    assert lanes.logs("done").lines == ("[purged]",)
    assert [x.name for x in made.remains if x.kind == "run"] == [busy.id]
    lanes.kill("busy")
    assert [x.kind for x in lanes.purge(SECRET).remains if x.kind == "run"] == []
    with pytest.raises(Negative, match="nothing to purge"):
        lanes.purge(SECRET)
