"""Random days in several workspaces: whatever was there is there still, or held by a ref."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from gitlanes import LanesError, Repo
from tests.support.amounts import many
from tests.support.repos import TestRepo

LANES = ("main", "one", "two")
PATHS = ("a.txt", "a.txt/in", "d", "d/x", "d/y", "d/e/z", "build", "build/o", "k.ign", "new")
STATES = ("main", "one", "two", "one/1", "two/1", "one/s1", "HEAD~1")
KINDS = ("new", "new", "new", "same", "delete", "runnable", "link", "add")
EDITS = st.tuples(st.sampled_from(KINDS), st.sampled_from(PATHS))

Files = dict[str, tuple[int, bytes]]


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two lanes of work, to be copied to one and the same place."""
    return tmp_path_factory.mktemp("prepared")


class Days(RuleBasedStateMachine):
    """What people and agents do in the workspaces of three lanes, in any order."""

    place: Path
    environ: dict[str, str]

    def __init__(self) -> None:
        super().__init__()
        kept, self.home = self.place / "kept", self.place / "home"
        shutil.rmtree(self.home, ignore_errors=True)
        if not kept.exists():
            _prepare(self.home, self.environ)
            shutil.copytree(self.home, kept, symlinks=True)
            shutil.rmtree(self.home)
        shutil.copytree(kept, self.home, symlinks=True)
        self.repo = TestRepo(self.home / "repo", self.environ)
        for path in self.places():
            self.repo.git("update-index", "-q", "--refresh", cwd=path, check=False)
        self.number = 0
        self.kept = self.findable()

    def teardown(self) -> None:
        """End the helper processes, and see that git finds nothing wrong."""
        self.repo.close()
        self.repo.fsck()

    def listed(self) -> str:
        """Return what git says of all work trees: their directories, and their HEADs."""
        return self.repo.git("worktree", "list", "--porcelain")

    def places(self, listed: str = "") -> list[Path]:
        """Return the directories of all work trees."""
        rows = (listed or self.listed()).splitlines()
        return [Path(x[9:]) for x in rows if x.startswith("worktree ") and os.path.isdir(x[9:])]

    def findable(self) -> set[str]:
        """Return the blobs that are on disk or reachable from a ref."""
        reachable = self.repo.git("rev-list", "--objects", "--all", "--no-object-names").split()
        disk = [_files(place) for place in self.places()]
        return set(reachable) | {_blob(content) for files in disk for _, content in files.values()}

    def indexes(self, places: list[Path]) -> list[str]:
        """Return what the indexes of work trees have."""
        return [self.repo.git("ls-files", "--stage", cwd=x) for x in places]

    def staged(self) -> set[str]:
        """Return the blobs that indexes have."""
        return {row.split()[1] for x in self.indexes(self.places()) for row in x.splitlines()}

    def everything(self) -> object:
        """Return all that a refused command may not touch."""
        listed = self.listed()
        places = self.places(listed)
        top = self.repo.path / ".git"
        states = [top / "lanes.json", *sorted(top.glob("worktrees/*/lanes.json"))]
        disk = [_files(x) for x in places]
        return disk, self.repo.refs(), self.indexes(places), listed, [x.read_text() for x in states]

    def told(self, verb: Callable[[Repo], object], *, takes_files: bool = False) -> None:
        """Give a command: refused, it has changed nothing; done, it has lost nothing.

        What ``takes_files``, as `git commit -a` does, lets go what was staged of them before.
        """
        before = self.everything()
        kept = self.kept if takes_files else self.kept | self.staged()
        # A branch that lags behind follows with the next command, whatever that comes to.
        lags = self.repo.rev("main") != self.repo.lanes.head("main")
        refused = self._refused(verb)
        if refused is not None and not lags:
            assert self.everything() == before, f"refused, yet something changed: {refused}"
        lost = kept - self.findable() - self.staged()
        assert not lost, f"lost: {lost}"
        self.kept = self.findable()

    def _refused(self, verb: Callable[[Repo], object]) -> LanesError | None:
        try:
            verb(self.repo.lanes)
        except LanesError as refused:
            return refused
        return None

    def place_of(self, lane: str) -> Path | None:
        """Return a lane's workspace, or None."""
        try:
            return self.repo.workspace(lane)
        except LanesError:
            return None

    @rule(lane=st.sampled_from(LANES), edits=st.lists(EDITS, min_size=1, max_size=5))
    def edit(self, lane: str, edits: list[tuple[str, str]]) -> None:
        """Write, delete, link, stage files and make them runnable, as a person does."""
        place = self.place_of(lane)
        for kind, name in edits if place else ():
            self.number += 1
            if kind == "add":
                self.repo.git("add", "--force", "--", name, cwd=place, check=False)
            else:
                _edit(Path(str(place), name), kind, self.number)
        self.kept = self.findable()  # what a person overwrites, that person has lost

    @rule()
    def commit_by_hand(self) -> None:
        """Commit with plain git in a workspace."""
        place = self.place_of("one")
        if place is not None:
            args = ("commit", "--quiet", "--all", "--message=by hand")
            self.repo.git(*args, cwd=place, check=False)

    @rule(lane=st.sampled_from(LANES), accepted=st.booleans())
    def offer(self, lane: str, accepted: bool) -> None:
        """`commit` or `propose`."""
        verb = Repo.commit if accepted else Repo.propose
        self.told(lambda repo: verb(repo, lane), takes_files=True)

    @rule(lane=st.sampled_from(LANES), reset=st.booleans())
    def reject(self, lane: str, reset: bool) -> None:
        """`reject` the last open attempt, or `reject --reset`."""
        attempts = self.repo.lanes.lane(lane).open
        if attempts:
            self.told(lambda repo: repo.reject(attempts[-1].id, reset=reset))

    @rule(lane=st.sampled_from(LANES))
    def snapshot(self, lane: str) -> None:
        """`snapshot`."""
        self.told(lambda repo: repo.snapshot(lane))

    @rule(lane=st.sampled_from(LANES), into=st.sampled_from(LANES))
    def promote(self, lane: str, into: str) -> None:
        """`promote` one lane into another."""
        self.told(lambda repo: repo.promote(lane, into=into))

    @rule(lane=st.sampled_from(LANES), to=st.none() | st.sampled_from(STATES))
    def update(self, lane: str, to: str | None) -> None:
        """`workspace update`."""
        self.told(lambda repo: repo.update_workspace(lane, to=to))

    @rule(lane=st.sampled_from(LANES), other=st.sampled_from(LANES), force=st.booleans())
    def switch(self, lane: str, other: str, force: bool) -> None:
        """`workspace switch`."""
        self.told(lambda repo: repo.switch_workspace(lane, workspace=other, force=force))

    @rule(lane=st.sampled_from(LANES), state=st.sampled_from(STATES), force=st.booleans())
    def restore(self, lane: str, state: str, force: bool) -> None:
        """`restore`."""
        self.told(lambda repo: repo.restore(state, lane, force=force))

    @rule(lane=st.sampled_from(LANES), claimed=st.booleans())
    def hold(self, lane: str, claimed: bool) -> None:
        """`workspace claim` by somebody, who keeps all others off, or `release`."""
        self.told(lambda repo: (repo.claim if claimed else repo.release)(lane, agent="somebody"))

    @rule(lane=st.sampled_from(LANES))
    def create(self, lane: str) -> None:
        """`workspace create`."""
        self.told(lambda repo: repo.create_workspace(lane))


def test_nothing_is_lost_on_some_days(prepared: Path, environ: dict[str, str]) -> None:
    """After each command all content is on disk or held by a ref; a refused one changes nothing."""
    _live(prepared, environ, examples=6, steps=20)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_is_lost_on_many_days(prepared: Path, environ: dict[str, str]) -> None:
    """The same on more and longer days."""
    _live(prepared, environ, examples=many(8), steps=40)


def _live(place: Path, environ: dict[str, str], *, examples: int, steps: int) -> None:
    class Here(Days):
        pass

    Here.place, Here.environ = place, environ
    usual = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        phases=(Phase.generate,),  # a day made shorter takes hours
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(Here, settings=usual)


def _prepare(home: Path, environ: dict[str, str]) -> None:
    first = {"a.txt": "a\n", "d/x": "x\n", "d/y": "y\n", ".gitignore": "build\n*.ign\n"}
    repo = TestRepo.make(home / "repo", environ, first, adopted=False)
    repo.save({"a.txt": "a, again\n"})
    repo.lanes.init()
    repo.lane("one", {"a.txt": "of one\n", "new": "one\n"})
    repo.lane("two", {"d/e/z": "of two\n", "d/x": None})
    for lane in ("one", "two"):
        place = repo.workspace(lane)
        repo.write({"build/o": f"forced, {lane}\n", "k.ign": f"forced, {lane}\n"}, place)
        repo.git("add", "--force", "build/o", "k.ign", cwd=place)
        repo.commit(lane, {"d/y": f"y of {lane}\n"})
    repo.close()


def _edit(path: Path, kind: str, number: int) -> None:
    """Do one edit."""
    if kind == "delete":
        _clear(path)
    elif kind == "runnable":
        if path.is_file() and not path.is_symlink():
            path.chmod(0o755)
    elif kind == "link":
        _make_way(path)
        path.symlink_to("d" if number % 2 else f"nowhere {number}")
    else:
        _make_way(path)
        path.write_text("same\n" if kind == "same" else f"{number}\n")


def _make_way(path: Path) -> None:
    """Remove what is there, and make the directories above it."""
    _clear(path)
    for parent in reversed(path.parents):
        if parent.is_symlink() or (parent.exists() and not parent.is_dir()):
            parent.unlink()
    path.parent.mkdir(parents=True, exist_ok=True)


def _clear(path: Path) -> None:
    if any(parent.is_symlink() for parent in path.parents):
        return  # through a link it would be another file
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.is_dir():
        shutil.rmtree(path)


def _files(place: Path) -> Files:
    found: Files = {}
    for top, names, files in os.walk(place):
        links = [x for x in names if Path(top, x).is_symlink()]
        for name in (*files, *links):
            path = Path(top, name)
            if name == ".git" or "/.git/" in f"{path.relative_to(place)}/":
                continue
            content = os.fsencode(path.readlink()) if path.is_symlink() else path.read_bytes()
            found[str(path.relative_to(place))] = (path.lstat().st_mode, content)
        names[:] = [x for x in names if x != ".git"]
    return found


def _blob(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
