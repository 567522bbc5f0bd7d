"""Landings compared with git's own three-way merge of trees, which knows no renames."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gitlanes.combine.assembly import plan_landing
from gitlanes.combine.changes import Plan
from gitlanes.git.process import Completed
from gitlanes.git.trees import Change, Item, changed_paths
from tests.combine.forest import FILE, LINK, RUNNABLE, Forest

Files = dict[bytes, Item]

# Contents must exist for write-tree, so the items are made by a fixture, in this order.
KINDS = [("1", FILE), ("2", FILE), ("1", RUNNABLE), ("2", LINK), ("", FILE)]
NAMES = [b"a", b"b", b"A", b"a.b", b"\xff", "é".encode(), "e\u0301".encode(), "É".encode()]

PATHS = st.lists(st.sampled_from(NAMES), min_size=1, max_size=3).map(b"/".join)
CHOICES = st.integers(0, len(KINDS) - 1)
BASES = st.dictionaries(PATHS, CHOICES, max_size=8)
# None deletes. Most edits hit paths that the base or the other side has, for few names exist.
EDITS = st.dictionaries(PATHS, CHOICES | st.none(), max_size=5)


@pytest.fixture(scope="module")
def forest(tmp_path_factory: pytest.TempPathFactory) -> Forest:
    """Return a repository for all examples."""
    made = Forest(tmp_path_factory.mktemp("forest"))
    for content, mode in KINDS:
        made.item(content, mode)
    return made


def edited(forest: Forest, base: Mapping[bytes, int], edits: Mapping[bytes, int | None]) -> Files:
    """Return the base with the edits, the later winning where a file meets a directory."""
    files: dict[bytes, int] = {}
    for path, choice in [*base.items(), *edits.items()]:
        files.pop(path, None)
        if choice is not None:
            for other in [x for x in files if meets(x, path) or meets(path, x)]:
                del files[other]
            files[path] = choice
    return {path: forest.item(*KINDS[choice]) for path, choice in files.items()}


def meets(file: bytes, path: bytes) -> bool:
    """Say whether the file stands where the path needs a directory."""
    return path.startswith(file + b"/")


class Oracle:
    """Git's own three-way merge, on indexes that are thrown away."""

    numbers = count()

    def __init__(self, forest: Forest):
        self.forest = forest
        self.index = f"{forest.directory}/index-{next(self.numbers)}"

    def merge(self, base: str, target: str, source: str) -> str | None:
        """Return the merged tree, or None where git finds a conflict."""
        try:
            self.run("read-tree", "-i", "-m", "--aggressive", base, target, source)
            added = self.added_by_one_side()
            # Without `--replace` git refuses a file where the index has a directory.
            if added and self.run("update-index", "--add", *added).code:
                return None
            return None if self.run("ls-files", "-u").out else self.run("write-tree").text
        finally:
            Path(self.index).unlink(missing_ok=True)

    def added_by_one_side(self) -> list[str]:
        """Return arguments that add what only one side has.

        `read-tree` leaves such a path unmerged where any of the three trees has a file in the
        place of its directory, be it one that is gone from both sides; `git merge-one-file`
        then adds it.
        """
        stages: dict[str, list[str]] = {}
        rows = self.run("ls-files", "-u", "-z").text.split("\0")[:-1]
        for head, _, path in (row.partition("\t") for row in rows):
            stages.setdefault(path, []).append(head)
        alone = [(path, *heads[0].split(" ")) for path, heads in stages.items() if len(heads) == 1]
        wanted = [f"{mode},{oid},{path}" for path, mode, oid, stage in alone if stage != "1"]
        return [x for one in wanted for x in ("--cacheinfo", one)]

    def run(self, *args: str) -> Completed:
        return self.forest.git.run(*args, index=self.index, check=args[0] != "update-index")


def landing(
    forest: Forest,
    bases: Iterable[Files],
    source: Files,
    target: Files,
    force: Iterable[bytes] = (),
    force_all: bool = False,
) -> Plan:
    """Plan the landing of listings."""
    return plan_landing(
        forest.store,
        forest.git,
        bases=[forest.tree(base) for base in bases],
        source=forest.tree(source),
        target=forest.tree(target),
        force=set(force),
        force_all=force_all,
    )


@settings(deadline=None, max_examples=150)
@given(base=BASES, ours=EDITS, theirs=EDITS)
@example(base={b"a": 0}, ours={b"a": 1}, theirs={b"a": 1})
@example(base={}, ours={b"a": 0}, theirs={b"a/b": 0})
@example(base={b"a/b": 0}, ours={b"a": 0}, theirs={b"a/b": 1})
@example(base={b"a/b": 0}, ours={b"a": 0}, theirs={b"a": 0})
@example(base={b"a": 0}, ours={b"a/b": 0}, theirs={b"a": None})
@example(base={b"a": 0}, ours={b"a/b": 0}, theirs={b"a/A": 0})
def test_a_plan_collides_where_git_does_and_else_has_its_tree(
    forest: Forest,
    base: dict[bytes, int],
    ours: dict[bytes, int | None],
    theirs: dict[bytes, int | None],
) -> None:
    """Names that differ in case only apart, git refuses the same and makes the same tree."""
    start = edited(forest, base, {})
    source, target = edited(forest, base, ours), edited(forest, base, theirs)
    found = landing(forest, [start], source, target)
    trees = (forest.tree(files) for files in (start, target, source))
    merged = Oracle(forest).merge(*trees)
    refused = [clash for clash in found.collisions if clash.kind != "case"]
    assert bool(refused) == (merged is None)
    if not found.collisions:
        assert found.tree == merged


@settings(deadline=None, max_examples=100)
@given(bases=st.lists(BASES, min_size=1, max_size=3), ours=EDITS, theirs=EDITS)
def test_what_was_applied_is_what_differs(
    forest: Forest,
    bases: list[dict[bytes, int]],
    ours: dict[bytes, int | None],
    theirs: dict[bytes, int | None],
) -> None:
    """Without collisions, each path has what the side has that changed it; applied says which."""
    source, target = edited(forest, bases[0], ours), edited(forest, bases[-1], theirs)
    found = landing(forest, (edited(forest, base, {}) for base in bases), source, target)
    assert set(found.source).isdisjoint(found.target) or found.convergent or found.collisions
    if found.tree is None:
        return
    wanted = {path: item for path, item in target.items() if path not in found.source}
    wanted |= {path: item for path, item in source.items() if path in found.source}
    assert forest.files(found.tree) == wanted
    assert found.applied == differing(forest, target, found.tree)


@settings(deadline=None, max_examples=100)
@given(base=BASES, ours=EDITS, theirs=EDITS)
@example(base={}, ours={b"a": 0, b"A/b": 0}, theirs={b"a/b": 0})
def test_force_of_everything_always_lands_what_the_source_did(
    forest: Forest,
    base: dict[bytes, int],
    ours: dict[bytes, int | None],
    theirs: dict[bytes, int | None],
) -> None:
    """Forced, the source's changes are all there, and what is lost is named as overwritten."""
    start = edited(forest, base, {})
    source, target = edited(forest, base, ours), edited(forest, base, theirs)
    refused = landing(forest, [start], source, target)
    found = landing(forest, [start], source, target, force_all=True)
    assert found.tree is not None
    assert not found.collisions
    # A path removed because of one clash may have been in another, which is then no more.
    gone = {clash.overwritten for clash in found.forced}
    assert {clash.overwritten for clash in refused.collisions} <= gone
    files = forest.files(found.tree)
    assert all(files.get(path) == source.get(path) for path in found.source)
    assert found.applied == differing(forest, target, found.tree)
    lost = {path for path in found.target if files.get(path) != target.get(path)}
    assert lost == gone


@settings(deadline=None, max_examples=100)
@given(base=BASES, ours=EDITS, theirs=EDITS)
def test_naming_every_collision_forces_all(
    forest: Forest,
    base: dict[bytes, int],
    ours: dict[bytes, int | None],
    theirs: dict[bytes, int | None],
) -> None:
    """Naming what the collisions name is enough to land, with the same tree as force all."""
    start = edited(forest, base, {})
    source, target = edited(forest, base, ours), edited(forest, base, theirs)
    refused = landing(forest, [start], source, target)
    names = {name for x in refused.collisions for name in (x.path, x.other) if name is not None}
    named = landing(forest, [start], source, target, force=names)
    every = landing(forest, [start], source, target, force_all=True)
    assert named.tree == every.tree


def differing(forest: Forest, target: Files, tree: str) -> dict[bytes, Change]:
    """Return what differs between a listing and a tree."""
    return changed_paths(forest.store, forest.git, forest.tree(target), tree)
