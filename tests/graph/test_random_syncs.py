"""Random work on a chain of lanes that are synced: nobody's work is lost or taken back."""

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

from gitlanes import Collision, Negative, Refused
from tests.review.test_decisions import attempt
from tests.support.amounts import many, tell
from tests.support.repos import TestRepo

Files = dict[str, str]

CHAIN = ("main", "one", "two", "three")
ABOVE = dict(zip(CHAIN[1:], CHAIN, strict=False))
PATHS = ("a", "b", "c", "d/e", "d/f")
MODES = ("merge", "squash", "replay")

lanes = st.sampled_from(CHAIN[1:])


def changed(base: Files, files: Files) -> set[str]:
    """Return the paths that differ between two listings."""
    return {path for path in base.keys() | files.keys() if base.get(path) != files.get(path)}


class Syncs(RuleBasedStateMachine):
    """Each lane follows the one before it.

    Every content is written once, so each lane's memory of what it ever had at a path says whose
    work a content is. What a lane puts in the place of another's work it must have had; what a
    sync takes from a lane, the parent must have had.
    """

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory(prefix="syncs-")
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
        self.files: dict[str, Files] = {x: dict(start) for x in CHAIN}
        self.base: dict[str, Files] = {x: dict(start) for x in CHAIN}
        self.touched: dict[str, set[str]] = {x: set() for x in CHAIN}
        self.seen = {x: {(path, start.get(path)) for path in PATHS} for x in CHAIN}
        self.changes: dict[str, list[str]] = {x: [] for x in CHAIN}
        # The changes that each squash has, by its subject.
        self.within: dict[str, set[str]] = {}
        for lane, above in ABOVE.items():
            self.repo.lanes.new(lane, on=above)

    @rule(lane=st.sampled_from(CHAIN), path=st.sampled_from(PATHS), kind=st.integers(0, 4))
    def work(self, lane: str, path: str, kind: int) -> None:
        """Edit, delete or put back one file in a lane, and commit it."""
        self.count += 1
        before = self.files[lane].get(path)
        wanted = None if kind == 0 else f"{lane} {self.count}"
        if kind == 1:
            wanted = self.base[lane].get(path)
        if before == wanted:
            return
        edit: dict[str, Any] = {path: wanted}
        self.repo.write(edit, self.repo.workspace(lane))
        made = self.repo.lanes.commit(lane, message=f"{lane} {path} {self.count}").attempt
        after = {x: text for x, text in {**self.files[lane], path: wanted}.items() if text}
        self.files[lane] = after
        self.seen[lane].add((path, wanted))
        self.touched[lane].add(path)
        self.changes[lane].append(str(made.change_id))

    @rule(
        lane=lanes,
        strategy=st.sampled_from(["abort", "abort", "lane", "parent"]),
        before=st.lists(st.tuples(st.booleans(), st.sampled_from(PATHS)), max_size=3),
    )
    def sync(self, lane: str, strategy: str, before: list[tuple[bool, str]]) -> None:
        """Sync a lane with the one that it follows, once some edits were made in both."""
        for own, path in before:
            self.work(lane if own else ABOVE[lane], path, 4)
        self.synced(lane, strategy)

    def synced(self, lane: str, strategy: str) -> None:
        """Sync a lane, and compare."""
        above = ABOVE[lane]
        before, theirs = self.files[lane], self.files[above]
        apart = not self.touched[lane] & changed(self.base[lane], theirs)
        head = self.repo.lanes.head(lane)
        try:
            made = self.repo.lanes.sync(lane, strategy=strategy)
        except Collision:
            assert not apart
            assert self.repo.lanes.head(lane) == head
            self.repo.lanes.abandon_conflict(lane)
            return
        except Negative:
            return
        except Refused:  # others have it, or it has merged the other one: so it is merged again
            self.promote_into(above, lane, "merge")
            return
        after = self.repo.files(str(made.head))
        chosen = {path for path, how in made.resolved.items() if how == "parent"}
        for path in changed(before, after) - chosen:
            assert (path, before.get(path)) in self.seen[above]
        for path in changed(theirs, after):
            assert after.get(path) == before.get(path)
            assert (path, theirs.get(path)) in self.seen[lane] or path in made.resolved
        gone = (*made.elsewhere, *made.dropped)
        if apart and not gone:
            own = changed(self.base[lane], before)
            wanted = {**theirs, **{x: before.get(x, "") for x in own}}
            assert after == {x: text for x, text in wanted.items() if text}
        self.require_changes(lane, above, str(made.ground), gone)
        self.files[lane] = after
        # Each attempt is laid by itself: what one edits and the next puts back is touched, too.
        one_by_one = ("--first-parent", "--diff-merges=first-parent", "--no-renames", "--name-only")
        said = self.repo.git("log", *one_by_one, "--format=", f"{made.ground}..{made.head}")
        self.base[lane], self.touched[lane] = dict(theirs), {*said.split()}
        self.seen[lane] |= self.seen[above]
        assert self.repo.git("status", "--porcelain", cwd=self.repo.workspace(lane)) == ""

    def require_changes(
        self, lane: str, above: str, ground: str, left_out: tuple[str, ...]
    ) -> None:
        """Assert that the lane's own changes are those that it had, in their order."""
        found = self.ids(f"{ground}..refs/lanes/head/{lane}", "--first-parent")
        known = self.changes[lane]
        assert [x for x in known if x in found] == found
        gone = {str(attempt(self.repo, x).change_id) for x in left_out}
        missing = set(known) - set(found)
        assert missing <= gone | self.held(above)
        self.changes[lane] = found

    def held(self, lane: str) -> set[str]:
        """Return the Change-Ids of all that a lane has, those behind squashes too."""
        there = f"refs/lanes/head/{lane}"
        subjects = self.repo.git("log", "--format=%s", there).splitlines()
        squashed = (x for subject in subjects for x in self.within.get(subject, ()))
        return {*self.ids(there), *squashed}

    def ids(self, what: str, *options: str) -> list[str]:
        """Return the Change-Ids of commits, oldest first."""
        shape = "--format=%(trailers:key=Change-Id,valueonly,separator=%x20)"
        said = self.repo.git("log", "--reverse", "--topo-order", *options, shape, what)
        return [x for x in said.splitlines() if x]

    @rule(lane=lanes, mode=st.sampled_from(MODES), into=st.sampled_from((None, None, *CHAIN)))
    def promote(self, lane: str, mode: str, into: str | None) -> None:
        """Land a lane on the one that it follows, now and then on main or on any other."""
        if lane != into:
            self.promote_into(lane, into or ABOVE[lane], mode)

    def promote_into(self, lane: str, into: str, mode: str) -> None:
        """Land a lane on another: what it replaces there it must have had."""
        target, source = self.files[into], self.files[lane]
        try:
            made = self.repo.lanes.promote(lane, into=into, mode=mode)
        except Negative:
            return
        after = self.repo.files(str(made.head))
        for path in changed(target, after):
            assert (path, target.get(path)) in self.seen[lane], path
            assert after.get(path) == source.get(path)
        if mode == "squash":
            subject = self.repo.git("log", "-1", "--format=%s", str(made.head))
            self.within[subject] = self.held(lane)
        self.files[into] = after
        self.seen[into] |= self.seen[lane]
        self.touched[into] |= changed(target, after)
        self.changes[into] += [str(x.change_id) for x in made.landed]
        if ABOVE.get(lane) == into:
            self.base[lane], self.touched[lane], self.changes[lane] = dict(source), set(), []
        workspace = self.repo.workspace(into)
        if into != "main":
            self.repo.lanes.update_workspace(into)
        assert self.repo.git("status", "--porcelain", cwd=workspace) == ""

    @invariant()
    def agreed(self) -> None:
        """Each lane has the files that the model says."""
        if hasattr(self, "repo"):
            for lane in CHAIN:
                assert self.repo.files(f"refs/lanes/head/{lane}") == self.files[lane]

    def teardown(self) -> None:
        """Let git look at the result, and clean up."""
        if hasattr(self, "repo"):
            self.repo.fsck()
            self.repo.close()
        self.directory.cleanup()


def test_random_syncs_lose_nothing() -> None:
    """No sequence of edits, syncs and landings loses a lane's work, or takes another's back."""
    tell(Syncs, 6, 16)


@pytest.mark.slow
def test_many_random_syncs_lose_nothing() -> None:
    """The same, for longer."""
    tell(Syncs, many(10), 30)
