"""Differences between trees, and trees with some paths changed, against git itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlanes.errors import BadValue, NotFound
from gitlanes.git import trees
from gitlanes.git.raw import DIRECTORY, EMPTY_TREE
from gitlanes.git.trees import Change, Item, changed_paths, overlay
from tests.combine.forest import FILE, LINK, RUNNABLE, SUBMODULE, Forest

ITEMS: tuple[Item, ...] = (
    (FILE, "1" * 40),
    (FILE, "2" * 40),
    (RUNNABLE, "1" * 40),
    (LINK, "2" * 40),
    (SUBMODULE, "3" * 40),
)


@pytest.fixture
def forest(tmp_path: Path) -> Forest:
    """Return a repository for one test."""
    return Forest(tmp_path)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Forest:
    """Return a repository for all examples."""
    return Forest(tmp_path_factory.mktemp("forest"))


def consistent(files: Mapping[bytes, Item]) -> dict[bytes, Item]:
    """Drop the files at whose place other paths need a directory."""
    above = {path[:i] for path in files for i in range(len(path)) if path[i : i + 1] == b"/"}
    return {path: item for path, item in files.items() if path not in above}


PATHS = st.lists(st.sampled_from([b"a", b"b", b"a.b", b"a0", b"\xff"]), min_size=1, max_size=3).map(
    b"/".join
)
FILES = st.dictionaries(PATHS, st.sampled_from(ITEMS), max_size=8).map(consistent)


def difference(old: Mapping[bytes, Item], new: Mapping[bytes, Item]) -> dict[bytes, Change]:
    """Return what differs between two listings."""
    paths = sorted(old.keys() | new.keys())
    return {p: (old.get(p), new.get(p)) for p in paths if old.get(p) != new.get(p)}


@settings(deadline=None, max_examples=100)
@given(old=FILES, new=FILES)
def test_the_walk_finds_what_differs(
    shared: Forest, old: dict[bytes, Item], new: dict[bytes, Item]
) -> None:
    """The changed paths are those that one of two listings has, or has otherwise, sorted."""
    found = changed_paths(shared.store, shared.git, shared.tree(old), shared.tree(new))
    assert found == difference(old, new)
    assert list(found) == sorted(found)


@settings(deadline=None, max_examples=100)
@given(old=FILES, new=FILES)
def test_git_answers_the_same_when_much_differs(
    shared: Forest, old: dict[bytes, Item], new: dict[bytes, Item]
) -> None:
    """With the walk given up at once, `git diff-tree` gives the same changes in the same order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(trees, "WALK_LIMIT", 0)
        found = changed_paths(shared.store, shared.git, shared.tree(old), shared.tree(new))
    assert found == difference(old, new)
    assert list(found) == sorted(found)


@settings(deadline=None, max_examples=100)
@given(old=FILES, new=FILES)
def test_a_difference_laid_on_the_old_tree_gives_the_new_one(
    shared: Forest, old: dict[bytes, Item], new: dict[bytes, Item]
) -> None:
    """Any tree is turned into any other, files into directories and back, in any order."""
    edits = {path: after for path, (_, after) in difference(old, new).items()}
    backwards = dict(reversed(edits.items()))
    tree, wanted = shared.tree(old), shared.tree(new)
    assert overlay(shared.store, tree, edits) == wanted
    assert overlay(shared.store, tree, backwards) == wanted


@settings(deadline=None, max_examples=80)
@given(old=FILES, gone=st.lists(PATHS, max_size=6))
def test_removing_what_is_not_there_does_nothing(
    shared: Forest, old: dict[bytes, Item], gone: list[bytes]
) -> None:
    """A removal takes away the leaf of that very path, never a directory, and nothing else."""
    left = {path: item for path, item in old.items() if path not in gone}
    assert overlay(shared.store, shared.tree(old), dict.fromkeys(gone)) == shared.tree(left)


def test_equal_trees_are_not_read(forest: Forest) -> None:
    """A tree differs from itself in nothing, which needs no object at all."""
    assert changed_paths(forest.store, forest.git, "1" * 40, "1" * 40) == {}


def test_equal_directories_are_not_read(forest: Forest) -> None:
    """A directory with the same id on both sides is skipped, even where it is not stored."""
    absent = DIRECTORY.decode(), "1" * 40
    old = forest.tree({b"lib": absent, b"x": "old"})
    new = forest.tree({b"lib": absent, b"x": "new"})
    assert list(changed_paths(forest.store, forest.git, old, new)) == [b"x"]
    assert overlay(forest.store, old, {b"x": forest.item("new")}) == new


def test_a_missing_tree_is_named(forest: Forest) -> None:
    """Where a differing directory is not stored, the error says which."""
    old = forest.tree({b"lib": (DIRECTORY.decode(), "1" * 40)})
    with pytest.raises(NotFound, match=r"object '1{40}' not found"):
        changed_paths(forest.store, forest.git, old, EMPTY_TREE)


def test_a_blob_is_no_tree(forest: Forest) -> None:
    """An id that names something else is refused with what it is."""
    blob = forest.item("x")[1]
    with pytest.raises(NotFound, match=f"tree '{blob}' not found") as refused:
        changed_paths(forest.store, forest.git, blob, EMPTY_TREE)
    assert refused.value.hint == "it is a blob"


def test_a_missing_tree_is_named_where_git_would_have_answered(
    forest: Forest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same error comes when so much differs that git was asked first."""
    monkeypatch.setattr(trees, "WALK_LIMIT", 0)
    old = forest.tree({b"lib": (DIRECTORY.decode(), "1" * 40)})
    with pytest.raises(NotFound, match=r"object '1{40}' not found"):
        changed_paths(forest.store, forest.git, old, EMPTY_TREE)


def test_many_changed_directories_go_through_git(forest: Forest) -> None:
    """Far more changed directories than the walk reads still give every path."""
    one, two = forest.item("one"), forest.item("two")
    old = {b"%d/%d/f" % (x, y): one for x in range(20) for y in range(20)}
    found = changed_paths(
        forest.store, forest.git, forest.tree(old), forest.tree(dict.fromkeys(old, two))
    )
    assert found == dict.fromkeys(sorted(old), (one, two))


def test_removing_everything_writes_the_empty_tree(forest: Forest) -> None:
    """The last file's removal leaves the empty tree, stored, so that git's fsck agrees."""
    tree = forest.tree({b"a/b/c": "x"})
    assert overlay(forest.store, tree, {b"a/b/c": None}) == EMPTY_TREE
    assert Path(forest.directory, "objects", EMPTY_TREE[:2], EMPTY_TREE[2:]).exists()


def test_the_empty_tree_is_written_where_it_was_only_named(forest: Forest) -> None:
    """No edits on the never stored empty tree still give a tree that is stored."""
    assert overlay(forest.store, EMPTY_TREE, {}) == EMPTY_TREE
    assert Path(forest.directory, "objects", EMPTY_TREE[:2], EMPTY_TREE[2:]).exists()


def test_no_effect_keeps_the_id(forest: Forest) -> None:
    """Setting a path to what it is, and removing one that is not there, writes nothing."""
    same = forest.item("x")
    tree = forest.tree({b"a/b": same, b"c": same})
    before = sorted(Path(forest.directory, "objects").rglob("*"))
    assert overlay(forest.store, tree, {b"a/b": same, b"no/such": None, b"c/d": None}) == tree
    assert sorted(Path(forest.directory, "objects").rglob("*")) == before


def test_a_file_over_a_directory_that_stays_is_refused(forest: Forest) -> None:
    """A file takes a directory's place only if the edits empty the directory."""
    item = forest.item("x")
    tree = forest.tree({b"a/b": item, b"a/c": item})
    with pytest.raises(BadValue, match="'a' would be a file and a directory at once"):
        overlay(forest.store, tree, {b"a": item, b"a/b": None})


def test_a_directory_over_a_file_that_stays_is_refused(forest: Forest) -> None:
    """A directory takes a file's place only if the edits remove the file."""
    item = forest.item("x")
    with pytest.raises(BadValue, match="'a' would be a file and a directory at once"):
        overlay(forest.store, forest.tree({b"a": item}), {b"a/b": item})


def test_edits_that_contradict_each_other_are_refused(forest: Forest) -> None:
    """A file and a path below it cannot both be set."""
    item = forest.item("x")
    with pytest.raises(BadValue, match="'a' would be a file and a directory at once"):
        overlay(forest.store, EMPTY_TREE, {b"a/b": item, b"a": item})


def test_modes_of_old_tools_are_read_as_git_reads_them(forest: Forest) -> None:
    """Zero-padded directories and group-writable files are no difference, and get mended."""
    item = forest.item("x")
    oid = bytes.fromhex(item[1])
    inside = forest.store.write("tree", b"100664 f\0" + oid)
    old = forest.store.write("tree", b"040000 d\0" + bytes.fromhex(inside) + b"100775 e\0" + oid)
    clean = {b"d/f": item, b"e": (RUNNABLE, item[1])}
    assert changed_paths(forest.store, forest.git, old, forest.tree(clean)) == {}
    edited = overlay(forest.store, old, {b"d/g": item})
    assert edited == forest.tree(clean | {b"d/g": item})


def test_trees_deeper_than_the_stack(forest: Forest) -> None:
    """Ten thousand directories in one another are compared, added, changed and removed."""
    path = b"d/" * 10_000 + b"f"
    old, new = forest.item("old"), forest.item("new")
    tree = overlay(forest.store, EMPTY_TREE, {path: old})
    edited = overlay(forest.store, tree, {path: new})
    assert changed_paths(forest.store, forest.git, tree, edited) == {path: (old, new)}
    assert overlay(forest.store, edited, {path: None}) == EMPTY_TREE


def test_trees_deeper_than_git_goes(forest: Forest) -> None:
    """Where git gives up on the depth, as newer ones can, the walk goes on to the end."""
    forest.git.run("config", "core.maxTreeDepth", "20")
    path = b"d/" * (2 * trees.WALK_LIMIT) + b"f"
    item = forest.item("x")
    tree = overlay(forest.store, EMPTY_TREE, {path: item})
    assert changed_paths(forest.store, forest.git, EMPTY_TREE, tree) == {path: (None, item)}
