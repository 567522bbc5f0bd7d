"""One agent with a session of its own: work in a lane, a failed try, a landing, in rounds.

``python -m tests.sdk.agent REPOSITORY NAME ROUNDS`` is such an agent as a process.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from gitlanes import AgentSession


def live(place: str | Path, name: str, rounds: int, environ: Mapping[str, str]) -> None:
    """Land one file in each round, after a try that breaks off."""
    with AgentSession(place, agent_id=name, lane=name, environ=environ) as session:
        for turn in range(rounds):
            with suppress(RuntimeError), session.work(f"break {turn}") as w:
                (w.path / f"{name}.txt").write_text("half\n")
                raise RuntimeError("broken off")
            with session.retry(f"make {turn}", tags=["crowd"], auto_accept=True) as w:
                (w.path / f"{name}-{turn}.txt").write_text(f"{name}\n")
                w.record_usage(input_tokens=3)
            session.promote(name, prompt=f"land {turn}")


if __name__ == "__main__":
    live(sys.argv[1], sys.argv[2], int(sys.argv[3]), os.environ)
