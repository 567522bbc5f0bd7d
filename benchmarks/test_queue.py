"""A queue of lanes, beside landing them one by one."""

from __future__ import annotations

from pathlib import Path

from gitlanes import clock
from tests.support.gates import gate, set_gates
from tests.support.repos import TestRepo

LANES = "abcdefgh"
FASTER = 1.8


def _made(repo: TestRepo) -> TestRepo:
    for name in LANES:
        repo.lane(name, {f"{name}.txt": f"{name}\n"})
    set_gates(repo, gate("tests", "sleep 2"))
    return repo


def test_throughput(tmp_path: Path, environ: dict[str, str]) -> None:
    """Eight lanes, a gate of two seconds, two jobs: faster than one promotion after another."""
    one, other = (_made(TestRepo.make(tmp_path / x, environ)) for x in ("by-hand", "queued"))
    began = clock.monotonic()
    for name in LANES:
        one.lanes.promote(name)
    by_hand = clock.monotonic() - began
    other.lanes.queue_add(list(LANES), ready=True)
    began = clock.monotonic()
    assert len(other.lanes.queue_run(jobs=2).landed) == len(LANES)
    queued = clock.monotonic() - began
    assert by_hand / queued >= FASTER, f"one by one {by_hand:.1f} s, queued {queued:.1f} s"
    one.close()
    other.close()
