"""Random promotions, at once or left open and accepted later, against a model in memory."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from gitlanes import Collision, Negative
from tests.support.amounts import many, tell
from tests.support.repos import TestRepo

Files = dict[str, str]

LANES = ("one", "two")
PATHS = ("a", "b", "d/c")

lanes = st.sampled_from(LANES)
paths = st.sampled_from(PATHS)


def changed(base: Files, files: Files) -> set[str]:
    """Return the paths that differ between two listings."""
    return {path for path in base.keys() | files.keys() if base.get(path) != files.get(path)}


class Proposals(RuleBasedStateMachine):
    """Two lanes that land on main, where people commit, too.

    A lane is its files and those that its changes count from; an offer is both as they were.
    """

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory(prefix="proposals-")
        self.count = 0

    @initialize()
    def begin(self) -> None:
        """Make the repository and its lanes."""
        home = Path(self.directory.name)
        config = home / "gitconfig"
        config.write_text("[user]\nname = T\nemail = t@example.com\n[gc]\nauto = 0\n")
        environ = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        environ |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": str(config), "HOME": str(home)}
        start = {path: f"{path} at first" for path in PATHS[1:]}
        self.repo = TestRepo.make(home / "repo", environ, dict(start))
        self.files: dict[str, Files] = {name: dict(start) for name in ("main", *LANES)}
        self.bases: dict[str, Files] = {name: dict(start) for name in LANES}
        self.offers: dict[str, tuple[str, Files, Files]] = {}
        for lane in LANES:
            self.repo.lanes.new(lane)

    def edited(self, name: str, path: str, *, delete: bool) -> dict[str, Any]:
        """Change the model's files of a lane and return the same edit for the disk."""
        self.count += 1
        if delete and path in self.files[name]:
            del self.files[name][path]
            return {path: None}
        self.files[name][path] = f"{name} {self.count}"
        return {path: self.files[name][path]}

    @rule(lane=lanes, path=paths, delete=st.booleans())
    def work(self, lane: str, path: str, delete: bool) -> None:
        """Edit or delete one file in a lane, and commit it."""
        edit = self.edited(lane, path, delete=delete)
        self.repo.write(edit, self.repo.workspace(lane))
        self.repo.lanes.commit(lane, message=f"edit {path}")

    @rule(path=paths, delete=st.booleans())
    def people(self, path: str, delete: bool) -> None:
        """Edit or delete one file on the branch with plain git."""
        self.repo.save(self.edited("main", path, delete=delete))

    @rule(lane=lanes, mode=st.sampled_from(["merge", "squash"]), wait=st.booleans())
    def promote(self, lane: str, mode: str, wait: bool) -> None:
        """Land a lane's head at once, or leave that open; either replaces what was open."""
        base, source = dict(self.bases[lane]), dict(self.files[lane])
        clashes = self.clashes(base, source)
        try:
            made = self.repo.lanes.promote(lane, mode=mode, propose=wait)
        except Collision as refused:
            self.collided(refused, clashes)
            return
        except Negative:
            same = any(x[:2] == (lane, source) for x in self.offers.values())
            nothing = self.landed(base, source) == self.files["main"]
            assert not changed(base, source) or (wait and (same or nothing))
            return
        assert not clashes
        self.offers = {key: x for key, x in self.offers.items() if x[0] != lane}
        if made.proposed:
            self.offers[made.proposed.id] = (lane, source, base)
        else:
            self.land(lane, base, source)

    @rule(number=st.integers(0, 5))
    def accept(self, number: int) -> None:
        """Accept an open offer, however far the lane and main went on."""
        if not self.offers:
            return
        name = sorted(self.offers)[number % len(self.offers)]
        lane, source, base = self.offers[name]
        clashes = self.clashes(base, source)
        try:
            self.repo.lanes.accept(name)
        except Collision as refused:
            self.collided(refused, clashes)
            return
        assert not clashes
        del self.offers[name]
        self.land(lane, base, source)

    @rule(number=st.integers(0, 5))
    def reject(self, number: int) -> None:
        """Reject an open offer: nothing else changes."""
        if self.offers:
            name = sorted(self.offers)[number % len(self.offers)]
            self.repo.lanes.reject(name)
            del self.offers[name]

    def collided(self, refused: Collision, clashes: set[str]) -> None:
        """Compare the paths that were refused with those of the model."""
        assert {x["path"] for x in refused.data["collisions"]} == clashes

    def clashes(self, base: Files, source: Files) -> set[str]:
        """Return the paths that both sides changed, to different results."""
        target = self.files["main"]
        both = changed(base, source) & changed(base, target)
        return {path for path in both if source.get(path) != target.get(path)}

    def landed(self, base: Files, source: Files) -> Files:
        """Return main's files after a landing."""
        ours = changed(base, source)
        kept = {path: text for path, text in self.files["main"].items() if path not in ours}
        return kept | {path: source[path] for path in ours if path in source}

    def land(self, lane: str, base: Files, source: Files) -> None:
        """Note a landing: the lane's next changes count from what landed."""
        self.files["main"] = self.landed(base, source)
        self.bases[lane] = source

    @invariant()
    def agreed(self) -> None:
        """Main is what the model says, its branch and the root's files agree, offers are open."""
        if hasattr(self, "repo"):
            assert self.repo.files("main") == self.files["main"]
            assert self.repo.git("status", "--porcelain") == ""
            open_ = {x.id for x in self.repo.lanes.lane("main").open}
            assert open_ == set(self.offers)

    def teardown(self) -> None:
        """Let git look at the result, and clean up."""
        if hasattr(self, "repo"):
            self.repo.fsck()
            self.repo.close()
        self.directory.cleanup()


def test_random_proposals_keep_to_the_model() -> None:
    """Whatever is accepted when, main has exactly what the model says."""
    tell(Proposals, 6, 16)


@pytest.mark.slow
def test_many_random_proposals_keep_to_the_model() -> None:
    """The same, for longer."""
    tell(Proposals, many(15), 30)
