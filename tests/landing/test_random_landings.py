"""Random work of three lanes against a model in memory: nobody's landed work is taken back."""

from __future__ import annotations

import os
import tempfile
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from gitlanes import Collision, Negative
from tests.support.amounts import many, tell
from tests.support.repos import TestRepo

Files = dict[str, str]

LANES = ("one", "two", "three")
PATHS = ("a", "b", "d/c")
MODES = ("merge", "squash", "replay")

# What the model knows, but for numbers, which are given out once.
_MODEL = ("files", "bases", "seen", "lives", "based", "origins", "newer")

lanes = st.sampled_from(LANES)
paths = st.sampled_from(PATHS)
modes = st.sampled_from(MODES)


def changed(base: Files, files: Files) -> set[str]:
    """Return the paths that differ between two listings."""
    return {path for path in base.keys() | files.keys() if base.get(path) != files.get(path)}


class Landings(RuleBasedStateMachine):
    """Lanes that edit, commit and land on main.

    The model of a lane is its files and the files that its changes count from. Beside it stands
    what no model of the algorithm is needed for: each lane's memory of what it has ever had at a
    path. A landing may replace only what the source has had, for each content is written once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory(prefix="landings-")
        self.count = 0
        # Each lane's life, when what its changes count from was agreed on, what its origins had
        # and when it began (the nearest first), and how many of these are newer than that.
        self.lives: dict[str, int] = {}
        self.based: dict[str, int] = {}
        self.origins: dict[str, list[tuple[int, int, Files]]] = {}
        self.newer: dict[str, int] = {}
        # The model from before the last landing, if that was the last that happened.
        self.undoable: dict[str, Any] | None = None

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
        self.files: dict[str, Files] = {"main": dict(start)}
        self.bases: dict[str, Files] = {}
        self.seen: dict[str, set[tuple[str, str | None]]] = {"main": self.known(start)}
        for lane in LANES:
            self.repo.lanes.new(lane)
            self.start(lane, "main")

    def known(self, files: Files) -> set[tuple[str, str | None]]:
        """Return (path, content) of all paths, the absent ones too."""
        return {(path, files.get(path)) for path in PATHS}

    def start(self, lane: str, origin: str) -> None:
        """Note that a lane started from another one's head."""
        self.count += 1
        self.lives[lane] = self.count
        here = dict(self.files[origin])
        above = [(self.lives[origin], self.count, here)] if origin in self.lives else []
        self.origins[lane] = above + self.origins.get(origin, [])
        self.newer[lane] = self.newer.get(origin, 0) + len(above)
        self.based[lane] = self.count
        self.files[lane] = dict(self.files[origin])
        self.bases[lane] = dict(self.bases.get(origin, self.files[origin]))
        self.seen[lane] = set(self.seen[origin])

    @rule(lane=lanes, path=paths, kind=st.sampled_from(["edit", "edit", "delete", "restore"]))
    def work(self, lane: str, path: str, kind: str) -> None:
        """Edit, delete or put back one file in a lane, and commit it."""
        self.count, self.undoable = self.count + 1, None
        before = self.files[lane].get(path)
        wanted = {"edit": f"{lane} {self.count}", "delete": None}.get(kind)
        if kind == "restore":
            wanted = self.bases[lane].get(path)
        if before == wanted:
            return
        edit: dict[str, Any] = {path: wanted}
        self.repo.write(edit, self.repo.workspace(lane))
        self.repo.lanes.commit(lane, message=f"{kind} {path}")
        self.files[lane] = {**self.files[lane], path: wanted or ""}
        if wanted is None:
            del self.files[lane][path]
        self.seen[lane].add((path, wanted))

    @rule(lane=lanes, origin=st.sampled_from((*LANES, "main")))
    def begin_again(self, lane: str, origin: str) -> None:
        """Delete a lane, and make it again from main or from another lane's head."""
        if origin == lane:
            return
        self.undoable = None
        self.repo.lanes.delete(lane)
        self.repo.lanes.new(lane, start=origin)
        self.start(lane, origin)

    @rule(lane=lanes, mode=modes)
    def promote(self, lane: str, mode: str) -> None:
        """Land a lane on main: it collides exactly where both sides changed a path differently."""
        base, source, target = self.bases[lane], self.files[lane], self.files["main"]
        ours, theirs = changed(base, source), changed(base, target)
        clashes = {path for path in ours & theirs if source.get(path) != target.get(path)}
        refused: Negative | None = None
        try:
            self.repo.lanes.promote(lane, mode=mode)
        except Negative as error:
            refused = error
        collided = refused.data.get("collisions", []) if refused else []
        assert {x["path"] for x in collided} == clashes
        if refused is not None:
            # What a lane has from another one that landed since is nothing new.
            news = {path for path in ours if source.get(path) != target.get(path)}
            assert isinstance(refused, Collision) or not news
            return
        self.undoable = deepcopy({x: getattr(self, x) for x in _MODEL})
        wanted = {path: source.get(path, "") for path in ours if path in source}
        kept = {path: text for path, text in target.items() if path not in ours}
        after = self.repo.files("main")
        assert after == {**kept, **wanted}
        replaced = {(path, target.get(path)) for path in changed(target, after)}
        assert replaced <= self.seen[lane]
        self.files["main"] = after
        self.seen["main"] |= self.seen[lane]
        self.count += 1
        # Main has all that the lane has now, and had from others when it began.
        held = {life: (at, files) for life, at, files in reversed(self.origins[lane])}
        held[self.lives[lane]] = self.count, dict(source)
        for other in LANES:
            self.agree(other, held)

    @precondition(lambda self: self.undoable is not None)
    @rule()
    def undo(self) -> None:
        """Take the last landing back, and all that came of it."""
        before, self.undoable = self.undoable, None
        self.repo.lanes.undo()
        vars(self).update(before or {})
        assert self.repo.files("main") == self.files["main"]

    def agree(self, lane: str, held: dict[int, tuple[int, Files]]) -> None:
        """Let a lane's changes count from the newest of its past that main has."""
        at, files = held.get(self.lives[lane], (0, {}))
        if at > self.based[lane]:
            self.bases[lane], self.based[lane], self.newer[lane] = files, at, 0
            return
        for place, (life, begun, had) in enumerate(self.origins[lane][: self.newer[lane]]):
            if begun <= held.get(life, (0, {}))[0]:  # main has what the lane began with
                self.bases[lane], self.newer[lane] = had, place
                return

    @invariant()
    def agreed(self) -> None:
        """The root's files are main's."""
        if hasattr(self, "repo"):
            assert self.repo.git("status", "--porcelain") == ""
            assert self.repo.rev("main") == self.repo.lanes.head("main")

    def teardown(self) -> None:
        """Let git look at the result, and clean up."""
        if hasattr(self, "repo"):
            self.repo.fsck()
            self.repo.close()
        self.directory.cleanup()


def test_random_work_and_landings_keep_to_the_model() -> None:
    """No sequence of edits, restarts and landings reverts landed work without a collision."""
    tell(Landings, 6, 14)


@pytest.mark.slow
def test_much_random_work_and_landings_keep_to_the_model() -> None:
    """The same, for longer."""
    tell(Landings, many(20), 30)
