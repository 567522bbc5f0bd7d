"""Random days in a repository: every verb, people's own git, and kills, against a plain model."""

from __future__ import annotations

import os
import random
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, note, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.stateful.world import PATHS, Done, World
from tests.support.amounts import many
from tests.support.crashing import Crashes
from tests.support.repos import TestRepo

NAMES = ("a", "b", "c", "d", "e")
MODES = ("merge", "squash", "replay")

numbers = st.integers(0, 59)
kills = st.one_of(st.none(), st.none(), st.none(), st.integers(0, 45))
edits = st.lists(st.tuples(st.sampled_from(PATHS), st.integers(0, 3)), min_size=1, max_size=3)


class Days(RuleBasedStateMachine):
    """Every rule is one command, of those that are possible now."""

    crashes: Crashes

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory(prefix="days-")
        home = Path(self.directory.name)
        config = home / "gitconfig"
        config.write_text("[user]\nname = T\nemail = t@example.com\n[gc]\nauto = 0\n")
        environ = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("GIT_", "GITLANES_"))
        }
        environ |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": str(config), "HOME": str(home)}
        self.repo = TestRepo.make(home / "repo", environ, {x: f"{x} 0\n" for x in PATHS[:-1]})
        self.world = World(self.repo, self.crashes)
        self.count = 0
        self.tasks: list[str] = []

    def teardown(self) -> None:
        """See that nothing is wrong, and clean up."""
        try:
            self.repo.fsck()
            if self.world.killed:  # what a kill leaves about is found, and mended
                mended = self.repo.lanes.doctor(fix=True).findings
                # Of a lane that was taken back there may be a workspace, or half of one.
                odd = [x for x in mended if not x.what.endswith("was interrupted: remove")]
                assert {x.check for x in odd} <= {"leftover", "orphaned-workspace"}, odd
            found = self.repo.lanes.doctor().findings
            assert (found, self.world.watch.left()) == ((), [])
        finally:
            self.repo.close()
            self.directory.cleanup()

    @initialize(on=st.booleans())
    def begin(self, on: bool) -> None:
        """Three lanes with work, the second upon the first."""
        for name, above, path in (("a", "main", "f"), ("b", "a", "g"), ("c", "main", "h")):
            self.give("new", name, "--on" if on else "--from", above)
            self.commit_in(name, [(path, 1), ("new", 1)])

    # What there is to choose from.

    def lane(self, number: int, *, main: bool = False, status: str = "") -> str | None:
        """Return the name of a lane; None if there is none."""
        lanes = [
            x["name"]
            for x in self.world.now.lanes.values()
            if (main or x["name"] != "main") and (not status or x["status"] == status)
        ]
        return sorted(lanes)[number % len(lanes)] if lanes else None

    def attempt(self, number: int) -> str | None:
        """Return the id of an open attempt."""
        found = [y["id"] for x in self.world.now.lanes.values() for y in x["open"]]
        return sorted(found)[number % len(found)] if found else None

    def place(self, lane: str | None) -> Path | None:
        """Return a lane's directory."""
        uuid = next((x for x, y in self.world.now.lanes.items() if y["name"] == lane), None)
        places = self.world.now.places.values()
        return next((x.path for x in places if uuid and x.lane == uuid), None)

    def give(self, *argv: str | None, kill: int | None = None, **how: object) -> Done | None:
        """Give a command whose words are all there."""
        words = [x for x in argv if x is not None]
        if len(words) < len(argv):
            return None
        note(f"git lanes {' '.join(words)}  # kill {kill}")
        done = self.world.give(*words, kill=kill, **how)  # type: ignore[arg-type]
        note(f"  -> {done.code} {[x.verb for x in done.operations]} {done.err.strip()[:200]}")
        return done

    def edit(self, lane: str | None, changes: list[tuple[str, int]]) -> None:
        """Write or delete files as somebody would; each content is written once."""
        place = self.place(lane)
        for path, kind in changes if place else ():
            self.count += 1
            target = place / path  # type: ignore[operator]
            note(f"  edit {lane}/{path}: {kind and self.count}")
            if kind == 0:
                target.unlink(missing_ok=True)
            else:
                target.parent.mkdir(exist_ok=True)
                target.write_text(f"{lane} {self.count}\n")
        self.world.seen()

    # Work.

    @rule(name=st.sampled_from(NAMES), n=numbers, how=st.sampled_from(["--on", "--from"]), k=kills)
    def new(self, name: str, n: int, how: str, k: int | None) -> None:
        """`new` on or from another lane."""
        self.give("new", name, how, self.lane(n, main=True), kill=k)

    @rule(n=numbers, changes=edits)
    def leave_edits(self, n: int, changes: list[tuple[str, int]]) -> None:
        """Edit without a commit, now and then in the root."""
        self.edit(self.lane(n, main=n % 5 == 0), changes)

    @rule(n=numbers, changes=edits, k=kills, how=st.sampled_from(["", "", "", "--amend"]))
    def commit(self, n: int, changes: list[tuple[str, int]], k: int | None, how: str) -> None:
        """`commit` of edits."""
        lane = self.lane(n, main=n % 6 == 0, status="active")
        self.commit_in(lane, changes, *([how] if how else []), kill=k)

    def commit_in(
        self, lane: str | None, changes: list[tuple[str, int]], *how: str, kill: int | None = None
    ) -> None:
        """Edit and `commit`."""
        self.edit(lane, changes)
        self.give("commit", lane, "--agent", "me", *how, kill=kill)

    @rule(n=numbers, changes=edits, k=kills)
    def commit_again(self, n: int, changes: list[tuple[str, int]], k: int | None) -> None:
        """`commit` once more: it is what there should be most of."""
        self.commit(n, changes, k, "")

    @rule(n=numbers, changes=edits, path=st.none() | st.sampled_from(PATHS), k=kills)
    def propose(
        self, n: int, changes: list[tuple[str, int]], path: str | None, k: int | None
    ) -> None:
        """`propose` all or a path."""
        lane = self.lane(n, status="active")
        self.edit(lane, changes)
        self.give("propose", lane, *(["--", path] if path else []), kill=k)

    @rule(n=numbers, k=kills, path=st.sampled_from(PATHS), how=st.integers(0, 5))
    def put(self, n: int, k: int | None, path: str, how: int) -> None:
        """`put` a file past any directory, now and then as a proposal, or take one away."""
        lane = self.lane(n, main=n % 5 == 0, status="active")
        self.count += 1
        file = Path(self.directory.name, "put")
        file.write_text(f"{lane} {self.count}\n")
        what = ["--delete"] if how == 0 else [str(file)]
        self.give("put", lane, path, *what, *(["--no-accept"] if how == 1 else []), kill=k)

    @rule(n=numbers, k=kills, verb=st.sampled_from(["accept", "accept", "reject"]))
    def decide(self, n: int, k: int | None, verb: str) -> None:
        """`accept` or `reject` an open attempt."""
        self.give(verb, self.attempt(n), "--by", "r", kill=k)

    @rule(n=numbers, m=numbers, k=kills, mode=st.sampled_from(MODES), how=st.integers(0, 7))
    def promote(self, n: int, m: int, k: int | None, mode: str, how: int) -> None:
        """`promote`, mostly where a lane belongs, in one of the modes."""
        into = ["--into", self.lane(m, main=True)] if how == 0 else []
        propose = how == 1 and mode != "replay"
        more = ["--propose"] if propose else ["--force-all"] if how == 2 else []
        self.give("promote", self.lane(n), *into, "--mode", mode, *more, kill=k)

    # Lanes upon lanes.

    @rule(n=numbers, k=kills, how=st.sampled_from(["abort", "abort", "lane", "parent", "manual"]))
    def sync(self, n: int, k: int | None, how: str) -> None:
        """`sync` with a strategy."""
        strategy = [] if how == "abort" else ["--strategy", how]
        self.give("sync", self.lane(n), *strategy, kill=k)

    @rule(n=numbers, k=kills, how=st.sampled_from(["stop", "skip", "defer"]))
    def cascade(self, n: int, k: int | None, how: str) -> None:
        """`cascade`."""
        self.give("cascade", self.lane(n, main=True), "--on-conflict", how, kill=k)

    @rule(n=numbers, m=numbers, k=kills, verb=st.sampled_from(["add", "add", "remove"]))
    def depend(self, n: int, m: int, k: int | None, verb: str) -> None:
        """`dep add`, `dep remove`."""
        self.give("dep", verb, self.lane(n), "--on", self.lane(m, main=True), kill=k)

    @rule(n=numbers, k=kills, resolved=st.booleans())
    def resolve(self, n: int, k: int | None, resolved: bool) -> None:
        """`conflict start`, the paths decided upon, `conflict continue`; or `abandon`."""
        lane = self.lane(n, status="conflicted")
        if not resolved:
            self.give("conflict", "abandon", lane, kill=k)
            return
        done = self.give("conflict", "start", lane)
        if done is None:
            return
        place = self.place(lane)
        found = [x for x in PATHS if place and b"<<<<<<<" in _content(place / x)]
        self.edit(lane, [(x, 1) for x in found])
        self.give("conflict", "continue", lane, kill=k)

    @rule(n=numbers, k=kills, verb=st.sampled_from(["pause", "resume", "abandon", "resume"]))
    def pause(self, n: int, k: int | None, verb: str) -> None:
        """`pause`, `resume`, `abandon`."""
        wanted = "active" if verb != "resume" else ""
        self.give(verb, self.lane(n, status=wanted), kill=k)

    @rule(n=numbers, k=kills, verb=st.sampled_from(["archive", "unarchive", "unarchive"]))
    def shelve(self, n: int, k: int | None, verb: str) -> None:
        """`archive`, `unarchive`."""
        self.give(verb, self.lane(n, status="archived" if verb[0] == "u" else ""), kill=k)

    @rule(n=numbers, k=kills, name=st.sampled_from("avwxyz"))
    def rename(self, n: int, k: int | None, name: str) -> None:
        """`rename`, rarely: a name that was another lane's is refused."""
        if n % 3 == 0:
            self.give("rename", self.lane(n // 3), name, kill=k)

    @rule(n=numbers, k=kills)
    def delete(self, n: int, k: int | None) -> None:
        """`delete`, rarely."""
        if n % 3 == 0:
            self.give("delete", self.lane(n // 3), "--yes", "--force", kill=k)

    # Back and forth.

    @rule(k=kills, n=numbers, verb=st.sampled_from(["undo", "undo", "redo"]))
    def undo(self, k: int | None, n: int, verb: str) -> None:
        """`undo`, `redo`, now and then of a lane."""
        lane = ["--lane", self.lane(n, main=True)] if n % 3 == 0 else []
        self.give(verb, *lane, kill=k)

    @rule(k=kills, n=numbers, cascade=st.booleans())
    def undo_earlier(self, k: int | None, n: int, cascade: bool) -> None:
        """`undo OP`, of one that was done a little earlier."""
        done = self.world.model.done[-6:]
        chosen = done[n % len(done)].id
        self.give("undo", chosen, *(["--cascade"] if cascade else []), kill=k)

    @rule(k=kills, n=numbers, how=st.integers(0, 4))
    def roll_back(self, k: int | None, n: int, how: int) -> None:
        """`rollback` by a number, to an operation or to the fork."""
        done = self.world.model.done[-6:]
        back = [
            ["-n", "1"],
            ["-n", "2"],
            ["--to", done[n % len(done)].id],
            ["--to-fork"],
            ["-n", "1"],
        ]
        self.give("rollback", self.lane(n), *back[how], kill=k)

    # The queue and tasks.

    @rule(n=numbers, k=kills, mode=st.sampled_from(MODES), latest=st.booleans())
    def queue(self, n: int, k: int | None, mode: str, latest: bool) -> None:
        """`queue add`."""
        more = ["--latest"] if latest else []
        self.give("queue", "add", self.lane(n), "--ready", "--mode", mode, *more, kill=k)

    @rule(k=kills)
    def run_queue(self, k: int | None) -> None:
        """`queue run`."""
        self.give("queue", "run", "--jobs", "1", kill=k)

    @rule(n=numbers, k=kills)
    def add_task(self, n: int, k: int | None) -> None:
        """`task add`."""
        self.give("task", "add", f"t{n}", "--lane", self.lane(n, main=True), kill=k)

    @rule(n=numbers, name=st.sampled_from(NAMES), k=kills)
    def start_task(self, n: int, name: str, k: int | None) -> None:
        """`task start` in a lane, new if need be."""
        tasks = self.open_tasks()
        if tasks:
            task = tasks[n % len(tasks)]
            self.give("task", "start", task, "--lane", name, "--agent", "me", kill=k)

    @rule(n=numbers, k=kills, verb=st.sampled_from(["complete", "complete", "release", "abandon"]))
    def end_task(self, n: int, k: int | None, verb: str) -> None:
        """`task complete`, `release`, `abandon`."""
        tasks = self.open_tasks()
        if tasks:
            self.give("task", verb, tasks[n % len(tasks)], "--by", "me", kill=k)

    def open_tasks(self) -> list[str]:
        """Return the ids of tasks that have not ended."""
        return sorted(y for x in self.world.now.lanes.values() for y in x.get("tasks", ()))

    # Directories, branches.

    @rule(n=numbers, m=numbers, k=kills, force=st.booleans())
    def restore(self, n: int, m: int, k: int | None, force: bool) -> None:
        """`restore` another lane's or an older state."""
        state = self.lane(m, main=True)
        self.give("restore", state, self.lane(n), *(["--force"] if force else []), kill=k)

    @rule(n=numbers, k=kills)
    def snapshot(self, n: int, k: int | None) -> None:
        """`snapshot`."""
        self.give("snapshot", "save", self.lane(n, main=True), kill=k)

    @rule(n=numbers, k=kills, verb=st.sampled_from(["update", "remove", "create", "create"]))
    def directory_of(self, n: int, k: int | None, verb: str) -> None:
        """`workspace update`, `remove`, `create`."""
        self.give("workspace", verb, self.lane(n), kill=k)

    @rule(changes=edits)
    def by_hand(self, changes: list[tuple[str, int]]) -> None:
        """Commit on the bound branch with plain git."""
        self.edit("main", changes)
        self.repo.git("add", "--all")
        self.repo.git("commit", "--quiet", "--message=by hand", check=False)
        note("  git commit in the root")
        self.world.seen()

    @rule(n=numbers, k=kills, form=st.sampled_from(["--linear", "--squash", "--as-is"]))
    def export(self, n: int, k: int | None, form: str) -> None:
        """`export` to a branch of its own."""
        lane = self.lane(n)
        branch = f"out-{lane}"
        self.give("export", lane, "--branch", branch, form, kill=k, own=[f"refs/heads/{branch}"])

    @rule(n=numbers, name=st.sampled_from(NAMES), k=kills)
    def bring(self, n: int, name: str, k: int | None) -> None:
        """`import` a branch."""
        branches = [x[11:] for x in self.world.now.refs if x.startswith("refs/heads/out-")]
        if branches:
            self.give("import", sorted(branches)[n % len(branches)], "--lane", name, kill=k)

    @rule()
    def without_what_can_go(self) -> None:
        """Delete caches and lock files at rest: nothing is lost by that."""
        for name in ("lock", "search.db", "locks-work"):
            (self.repo.path / ".git/lanes" / name).unlink(missing_ok=True)


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


@pytest.fixture(scope="module")
def crashes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crashes]:
    """Runs commands in processes that kill themselves."""
    with Crashes(tmp_path_factory.mktemp("crashes")) as running:
        yield running


def _live(crashes: Crashes, examples: int, steps: int, number: int) -> None:
    class Here(Days):
        pass

    Here.crashes = crashes
    usual = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),  # a day made shorter takes hours
    )
    try:
        run_state_machine_as_test(seed(number)(Here), settings=usual)
    except BaseException as error:
        error.add_note(f"again: GITLANES_TEST_SEED={number}, {examples} days of {steps} steps")
        raise


def test_some_days(crashes: Crashes) -> None:
    """After each command the invariants hold, and lanes have what the model says."""
    _live(crashes, 3, 12, 1)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_many_days(crashes: Crashes) -> None:
    """The same, other ones each time."""
    number = int(os.environ.get("GITLANES_TEST_SEED") or random.randrange(1 << 32))
    _live(crashes, many(30), 50, number)
