"""One agent's process that uses the Python verbs: lane, edit, commit, promote, in rounds.

``python -m tests.concurrency.worker REPOSITORY NAME ROUNDS`` prints how often it had to repeat.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from gitlanes import Cost, Intent, Locked, Raced, Repo

T = TypeVar("T")
TRIES = 20


def _main(place: str, name: str, rounds: int) -> None:
    again = 0

    def insist(verb: Callable[[], T]) -> T:
        nonlocal again
        for _ in range(TRIES):
            try:
                return verb()
            except (Raced, Locked):
                again += 1
        return verb()

    with Repo.open(place) as repo:
        for turn in range(rounds):
            lane = f"{name}-{turn}"
            made = insist(lambda lane=lane: repo.new(lane, agent=name, exist_ok=True))  # type: ignore[misc]
            Path(str(made.path), f"{lane}.txt").write_text(f"{lane}\n")
            intent = Intent(agent=name, prompt=f"make {lane}")
            insist(
                lambda lane=lane, intent=intent: repo.commit(  # type: ignore[misc]
                    lane, message=f"work of {lane}", intent=intent, cost=Cost(input_tokens=3)
                )
            )
            insist(lambda lane=lane, intent=intent: repo.promote(lane, intent=intent))  # type: ignore[misc]
    print(again)  # noqa: T201 - the answer to the test


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
