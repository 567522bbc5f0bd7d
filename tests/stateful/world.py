"""A repository in which commands are given, some of them killed, and what is asserted of each."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.stateful.model import Model, Operation, changed
from tests.stateful.watching import Look, Place, Watch, blob, named_in
from tests.support.cli import Ran, run_cli
from tests.support.crashing import Crashes
from tests.support.repos import TestRepo

PATHS = ("f", "g", "h", "d/i", "d/j", "new")

# Refused, these have recorded something all the same, or taken in what people did.
_EVEN_SO = ("import", "sync", "queue", "task", "conflict")
# These do several things, of which some are done where others are not.
_SEVERAL = ("queue", "cascade")
# What can be repeated until there is nothing left of it to do.
_REPEATABLE = (
    *("sync", "cascade", "queue", "task", "promote", "export", "import", "workspace"),
    *("delete", "archive"),
)
# What brings files to a workspace that are not in its HEAD.
_LAYING = {"restore", "conflict", "manual"}


@dataclass(frozen=True)
class Done:
    """How a command ended, and what was recorded."""

    code: int
    err: str
    operations: list[Operation]


class World:
    """Gives commands, and looks with plain git at what they did."""

    def __init__(self, repo: TestRepo, crashes: Crashes):
        self.repo = repo
        self.watch = Watch(repo)
        self.model = Model(self.watch, PATHS)
        self.crashes = crashes
        self.kept: set[str] = set()
        self.killed = 0
        self.cut = False
        self.now = self.watch.look()
        for tip in self.now.tips.values():
            self.model.apply([tip], self.now, ())

    def give(
        self,
        *argv: str,
        where: Path | None = None,
        kill: int | None = None,
        own: Sequence[str] = (),
    ) -> Done:
        """Give a command, kill it before a step if told, and assert what holds whatever it was.

        ``own`` are the refs of the user's that it is there to move.
        """
        before, place = self.now, where or self.repo.path
        self.cut = False
        if kill is None:
            ran = run_cli(place, self.repo.environ, *argv)
        else:
            ran = self._killed(argv, place, kill, before)
        assert ran.code in (0, 1, 128, 75), (ran.code, ran.err)
        assert "Traceback" not in ran.err, ran.err
        after = self.watch.look()
        made = [self.model.apply(x, before, argv) for x in self.watch.operations(before, after)]
        done = Done(ran.code, ran.err, made)
        self._assert_all(before, after, done, argv, own)
        self.now = after
        return done

    def _killed(self, argv: Sequence[str], place: Path, kill: int, before: Look) -> Ran:
        """Give it in a process that is killed; the next commands see to the rest."""
        ran: Ran = self.crashes.run(place, self.repo.environ, *argv, before=kill)
        if ran.code >= 0:
            return ran
        self.killed += 1
        self.cut = True
        listed = run_cli(self.repo.path, self.repo.environ, "list", "--json")
        assert listed.code == 0, listed.err
        mid = self.watch.look()
        self._assert_whole(before, mid)
        recorded = [x[0].body["verb"] for x in self.watch.operations(before, mid)]
        done = [x for x in recorded if x != "import" or argv[0] == "import"]
        if argv[0] in _REPEATABLE or not done:
            ran = run_cli(place, self.repo.environ, *argv)
            return Ran(0 if done and ran.code in (1, 128) else ran.code, ran.out, ran.err)
        for one in mid.lanes.values():  # sees to the directories
            run_cli(self.repo.path, self.repo.environ, "snapshot", "save", one["name"])
        return Ran(0, "", "")

    def seen(self) -> None:
        """Take in what was done with other means."""
        self.now = self.watch.look()

    def _assert_whole(self, before: Look, after: Look) -> None:
        """Assert that operations are recorded in all lanes or in none, and heads with them."""
        for entries in self.watch.operations(before, after):
            told = entries[0].body
            assert {x.uuid for x in entries} == set(told["lanes"].values()), told
        for name, tip in after.tips.items():
            gone = tip.record["status"] in ("deleted", "renamed")
            head = after.refs.get(f"refs/lanes/head/{name}")
            assert head == (None if gone else tip.record["head"]), name

    def _assert_all(
        self, before: Look, after: Look, done: Done, argv: Sequence[str], own: Sequence[str]
    ) -> None:
        self._assert_whole(before, after)
        self._assert_user_s(before, after, own)
        reachable = self.watch.reachable()
        self._assert_kept(before, after, reachable)
        self._assert_edits(before, after, reachable, argv)
        if done.code == 0:
            self._assert_places(before, after, done, argv)
        else:
            told = {x.verb for x in done.operations}
            assert argv[0] in _SEVERAL or told <= set(_EVEN_SO), (told, done.err)
        left = [x for x in self.watch.left() if not x.endswith("lanes-index")]
        assert not left, left

    def _assert_user_s(self, before: Look, after: Look, own: Sequence[str]) -> None:
        """Assert that HEAD, config, hooks and branches are as they were; main goes forward."""
        assert {**before.own, "branches": 0} == {**after.own, "branches": 0}
        old, new = dict(before.own["branches"]), dict(after.own["branches"])  # type: ignore[call-overload]
        if old.get("refs/heads/main") != new.get("refs/heads/main"):
            assert self.watch.is_ancestor(old["refs/heads/main"], new["refs/heads/main"])
        for name in ("refs/heads/main", *own):
            old.pop(name, None)
            new.pop(name, None)
        assert old == new

    def _assert_kept(self, before: Look, after: Look, reachable: set[str]) -> None:
        """Assert that refs hold all that entries name, and every attempt's content."""
        for entries in self.watch.operations(before, after):
            for entry in entries:
                self.kept |= named_in(entry.body)
        gone = self.kept - reachable
        assert not gone, gone

    def _assert_edits(
        self, before: Look, after: Look, reachable: set[str], argv: Sequence[str]
    ) -> None:
        """Assert that each unsaved edit is where it was, or kept by a ref."""
        for name, place in before.places.items():
            here = after.places.get(name)
            for path in place.dirty:
                content = place.disk.get(path)
                if content is None or (here and here.disk.get(path) == content):
                    continue
                assert blob(content) in reachable, f"{argv} lost {name}/{path}"

    def _assert_places(self, before: Look, after: Look, done: Done, argv: Sequence[str]) -> None:
        """Assert that nothing looks edited that nobody edited, and that directories went along."""
        for name, place in after.places.items():
            old = before.places.get(name)
            fresh = place.dirty.keys() - (old.dirty.keys() if old else ())
            if old is not None and {*argv} & _LAYING:
                continue
            if old is not None:  # what was offered from there, and may be an edit again
                fresh -= self._edits(old)
            assert not fresh, f"{argv}: edits that nobody made in {name}: {fresh}"
        root = after.places[self.repo.path.name]
        lane = after.lanes.get(str(root.lane))
        if lane and lane.get("branch") == "refs/heads/main":
            differs = self.repo.git("diff", "--name-only", root.head, lane["head"]).splitlines()
            lags = differs and self.watch.is_ancestor(root.head, lane["head"])
            done_here = any(str(root.lane) in x.parts for x in done.operations)
            if lags and done_here and not self.cut:  # killed, the next command follows
                assert set(differs) & root.dirty.keys(), "the branch did not follow"

    def _edits(self, place: Place) -> set[str]:
        """Return the paths of a directory that differ from what it is based on."""
        base = self.watch.files(place.base or place.head)
        text = {x: os.fsdecode(y).rstrip("\n") for x, y in place.disk.items()}
        return changed(base, text)
