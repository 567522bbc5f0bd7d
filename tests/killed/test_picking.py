"""`pick` killed at its steps: to pick again goes on, and one lane alone has landed."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from gitlanes import Intent, Negative
from tests.fleet.batches import BATCH, offer
from tests.killed.scenes import named
from tests.support.crashing import Crashes, places
from tests.support.repos import TestRepo

_PICK = ("pick", BATCH, "--by", "size")


def _prepared(repo: TestRepo) -> None:
    offer(repo, "a", "1\n2\n")
    offer(repo, "b", "1\n")
    offer(repo, "c", "1\n2\n3\n", accept=True)
    repo.lanes.put_file("c", "more.txt", b"x\n", accept=False, intent=Intent(agent="c"))
    repo.close()


@pytest.mark.slow
def test_it_goes_on(repo: TestRepo, tmp_path: Path, crashes: Crashes) -> None:
    """Before and after each move of refs, and at some steps between."""
    _prepared(repo)
    kept = tmp_path / "kept"
    shutil.copytree(repo.path, kept, symlinks=True)
    whole = crashes.run(repo.path, repo.environ, *_PICK)
    assert whole.code == 0, whole.err
    known = places(whole.steps)
    moves = [x for x, step in enumerate(whole.steps) if step == "git update-ref"]
    assert len(moves) >= 5, "accepted, promoted, two rejected, one given up"
    between = range(0, len(whole.steps), max(1, len(whole.steps) // 5))
    for number in sorted({*moves, *(x + 1 for x in moves), *between}):
        if number >= len(whole.steps):
            continue
        shutil.rmtree(repo.path)
        shutil.copytree(kept, repo.path, symlinks=True)
        with named(f"{number} {whole.steps[number]}"):
            assert crashes.run(repo.path, repo.environ, *_PICK, before=known[number]).killed
            again = crashes.run(repo.path, repo.environ, *_PICK)
            assert again.code == 0, again.err
            _is_picked(repo)
    repo.fsck()


def _is_picked(repo: TestRepo) -> None:
    lanes = repo.lanes
    landed = [x.attempt for x in lanes.history("main").attempts if x.attempt.kind == "promotion"]
    assert len(landed) == 1
    assert repo.files("refs/heads/main")["work.txt"] == "1"
    standings = {x.lane: x.standing for x in lanes.compare(BATCH).entrants}
    assert standings == {"a": "rejected", "b": "landed", "c": "abandoned"}
    told = lanes.history("a").attempts[0].attempt
    assert (told.status, told.reason) == ("rejected", "not picked: b was (1 line)")
    with pytest.raises(Negative, match="was picked already"):
        lanes.pick(BATCH, "a")
    repo.close()


def test_it_finishes_in_workspaces(repo: TestRepo, crashes: Crashes) -> None:
    """What a kill left half done in the workspaces of the batch is done with, the winner's too."""
    for lane, text, verb, step in (
        ("b", "1\n", "accept", "unlink pending"),
        ("a", "1\n2\n", "reject", "git read-tree"),
    ):
        repo.lanes.new(lane, batch=BATCH)
        repo.propose(lane, {"work.txt": text})
        repo.close()
        assert crashes.run(repo.path, repo.environ, verb, f"{lane}/1", before=step).killed
    assert [x.check for x in repo.lanes.doctor().findings] == ["dirty-marker"] * 2
    assert repo.lanes.pick(BATCH).winner == "b"
    assert repo.lanes.doctor().findings == ()
