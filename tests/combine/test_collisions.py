"""What collides, what converges, and what force does about it."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gitlanes.combine.assembly import plan_landing
from gitlanes.combine.changes import Clash, Plan, moved_to
from gitlanes.errors import BadValue
from gitlanes.git.raw import EMPTY_TREE
from gitlanes.git.trees import Item, changed_paths
from tests.combine.forest import LINK, RUNNABLE, SUBMODULE, Forest

Files = Mapping[bytes, Item | str]


@pytest.fixture
def forest(tmp_path: Path) -> Forest:
    """Return a repository for one test."""
    return Forest(tmp_path)


def plan(forest: Forest, base: Files, source: Files, target: Files, **options: Any) -> Plan:
    """Plan a landing with one base."""
    return plan_landing(
        forest.store,
        forest.git,
        bases=[forest.tree(base)],
        source=forest.tree(source),
        target=forest.tree(target),
        **options,
    )


def named(clashes: tuple[Clash, ...]) -> list[tuple[str, bytes, bytes | None]]:
    """Return the clashes as (kind, path, other)."""
    return [(clash.kind, clash.path, clash.other) for clash in clashes]


def result(forest: Forest, found: Plan) -> dict[bytes, str]:
    """Return the planned tree as ``{path: content}``."""
    assert found.tree is not None, found.collisions
    files = forest.files(found.tree).items()
    return {path: forest.store.blob(oid).decode() for path, (_, oid) in files}


def test_disjoint_changes_combine(forest: Forest) -> None:
    """Both sides' changes, additions and deletions are in the combined tree."""
    base = {b"a": "0", b"lib/b": "0", b"lib/c": "0"}
    source = {b"a": "1", b"lib/b": "0", b"lib/c": "0", b"new/s": "s"}
    target = {b"a": "0", b"lib/c": "0", b"t": "t"}
    found = plan(forest, base, source, target)
    assert result(forest, found) == {b"a": "1", b"lib/c": "0", b"new/s": "s", b"t": "t"}
    assert found.applied == {
        b"a": (forest.item("0"), forest.item("1")),
        b"new/s": (None, forest.item("s")),
    }
    assert list(found.source) == [b"a", b"new/s"]
    assert list(found.target) == [b"lib/b", b"t"]


def test_both_modified(forest: Forest) -> None:
    """Different new contents collide, and the clash carries what each side did."""
    found = plan(forest, {b"a": "0", b"b": "0"}, {b"a": "1", b"b": "1"}, {b"a": "2", b"b": "0"})
    zero, one, two = (forest.item(text) for text in "012")
    assert found.collisions == (Clash(b"a", "content", (zero, one), (zero, two), None),)
    assert found.tree is None
    assert found.applied == {}


def test_both_added(forest: Forest) -> None:
    """The same new path with different contents collides."""
    found = plan(forest, {}, {b"a": "1"}, {b"a": "2"})
    assert named(found.collisions) == [("content", b"a", None)]


def test_modified_and_deleted(forest: Forest) -> None:
    """A deletion on either side collides with a change on the other."""
    one = plan(forest, {b"a": "0"}, {b"a": "1"}, {})
    other = plan(forest, {b"a": "0"}, {}, {b"a": "1"})
    assert named(one.collisions) == named(other.collisions) == [("content", b"a", None)]


def test_content_on_one_side_and_mode_on_the_other(forest: Forest) -> None:
    """A new mode and a new content for one path are not combined."""
    item = forest.item("0", RUNNABLE)
    found = plan(forest, {b"a": "0"}, {b"a": item}, {b"a": "1"})
    assert named(found.collisions) == [("content", b"a", None)]


def test_a_link_and_a_file(forest: Forest) -> None:
    """The same bytes as a link and as a file are different results."""
    found = plan(forest, {}, {b"a": forest.item("x", LINK)}, {b"a": "x"})
    assert named(found.collisions) == [("content", b"a", None)]


def test_submodules_are_compared_by_commit(forest: Forest) -> None:
    """A submodule moved by one side lands; moved by both to different commits it collides."""
    zero, one, two = ((SUBMODULE, digit * 40) for digit in "123")
    found = plan(forest, {b"m": zero}, {b"m": one}, {b"m": zero, b"x": "x"})
    assert found.applied == {b"m": (zero, one)}
    found = plan(forest, {b"m": zero}, {b"m": one}, {b"m": two})
    assert named(found.collisions) == [("content", b"m", None)]


def test_equal_results_converge(forest: Forest) -> None:
    """The same change, addition or deletion on both sides is reported and not refused."""
    base = {b"a": "0", b"b": "0"}
    both = {b"a": "1", b"c": "new"}
    found = plan(forest, base, {**both, b"s": "s"}, {**both, b"t": "t"})
    assert found.convergent == (b"a", b"b", b"c")
    assert list(found.applied) == [b"s"]
    assert result(forest, found) == {**both, b"s": "s", b"t": "t"}


def test_a_source_without_changes_leaves_the_target(forest: Forest) -> None:
    """Nothing to lay gives the target's own tree."""
    found = plan(forest, {b"a": "0"}, {b"a": "0"}, {b"a": "1"})
    assert found.tree == forest.tree({b"a": "1"})
    assert found.applied == {}


def test_a_target_at_the_base_takes_the_source(forest: Forest) -> None:
    """Where nobody else landed the result is the source's tree."""
    found = plan(forest, {b"a": "0"}, {b"a": "1"}, {b"a": "0"})
    assert found.tree == forest.tree({b"a": "1"})
    assert list(found.applied) == [b"a"]


def test_everything_deleted(forest: Forest) -> None:
    """A source that deletes the last file leaves the empty tree, stored."""
    found = plan(forest, {b"d/a": "0"}, {}, {b"d/a": "0"})
    assert found.tree == EMPTY_TREE
    assert Path(forest.directory, "objects", EMPTY_TREE[:2], EMPTY_TREE[2:]).exists()


def test_a_file_where_the_target_needs_a_directory(forest: Forest) -> None:
    """Each path below is named together with the file."""
    found = plan(forest, {}, {b"p": "s"}, {b"p/x": "t", b"p/d/y": "t"})
    assert named(found.collisions) == [("directory", b"p", b"p/d/y"), ("directory", b"p", b"p/x")]


def test_a_directory_where_the_target_has_a_new_file(forest: Forest) -> None:
    """The source's paths below the target's file are named together with it."""
    found = plan(forest, {}, {b"p/x": "s"}, {b"p": "t"})
    item = (None, forest.item("s")), (None, forest.item("t"))
    assert found.collisions == (Clash(b"p/x", "directory", *item, b"p"),)


def test_a_name_that_only_begins_alike_is_no_directory(forest: Forest) -> None:
    """``p`` stands in the way of ``p/x`` alone, not of ``p.x`` or ``px``."""
    found = plan(forest, {}, {b"p": "s"}, {b"p.x": "t", b"px/y": "t"})
    assert found.collisions == ()


def test_a_file_turned_into_a_directory_lands(forest: Forest) -> None:
    """Replacing a file by a directory, and back, is fine where the target left it alone."""
    found = plan(forest, {b"p": "0"}, {b"p/x": "1"}, {b"p": "0", b"t": "t"})
    assert result(forest, found) == {b"p/x": "1", b"t": "t"}
    found = plan(forest, {b"p/x": "0"}, {b"p": "1"}, {b"p/x": "0", b"t": "t"})
    assert result(forest, found) == {b"p": "1", b"t": "t"}


def test_a_directory_replaced_under_a_modification(forest: Forest) -> None:
    """A file over a directory in which the target changed something names that twice."""
    found = plan(forest, {b"p/x": "0"}, {b"p": "s"}, {b"p/x": "t"})
    assert named(found.collisions) == [("directory", b"p", b"p/x"), ("content", b"p/x", None)]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (b"README", b"readme"),
        (b"Lib/a", b"lib/b"),
        (b"doc", b"Doc/x"),
        (unicodedata.normalize("NFC", "é").encode(), unicodedata.normalize("NFD", "é").encode()),
        (b"STRASSE", "straße".encode()),
    ],
)
def test_names_that_some_file_systems_confuse(forest: Forest, one: bytes, other: bytes) -> None:
    """New names that differ in case or Unicode form collide, files and directories alike."""
    found = plan(forest, {}, {one: "s"}, {other: "t"})
    assert named(found.collisions) == [("case", one, other)]
    assert found.tree is None


def test_twins_inside_an_old_directory(forest: Forest) -> None:
    """Twins are found below a directory that both sides have."""
    found = plan(forest, {b"d/0": "0"}, {b"d/0": "0", b"d/A": "s"}, {b"d/0": "0", b"d/a": "t"})
    assert named(found.collisions) == [("case", b"d/A", b"d/a")]


def test_twins_that_one_side_had_already(forest: Forest) -> None:
    """Names that one side brought together itself are not this landing's doing."""
    found = plan(forest, {b"a": "0"}, {b"a": "0", b"A": "s"}, {b"a": "0", b"t": "t"})
    assert found.collisions == ()
    found = plan(
        forest, {b"D/x": "0", b"d/x": "0"}, {b"D/x": "1", b"d/x": "0"}, {b"D/x": "0", b"d/x": "2"}
    )
    assert found.collisions == ()


def test_a_changed_case_lands(forest: Forest) -> None:
    """A rename that only changes case collides with nothing."""
    found = plan(forest, {b"Readme": "0"}, {b"README": "0"}, {b"Readme": "0", b"t": "t"})
    assert result(forest, found) == {b"README": "0", b"t": "t"}


def test_twin_directories_name_every_path(forest: Forest) -> None:
    """Each path in the two directories occurs in a clash, and none of the twins within them."""
    source = {b"D/a": "s", b"D/b": "s"}
    target = {b"d/A": "t", b"d/x": "t", b"d/y": "t"}
    found = plan(forest, {}, source, target)
    pairs = [(b"D/a", b"d/A"), (b"D/b", b"d/x"), (b"D/b", b"d/y")]
    assert named(found.collisions) == [("case", *pair) for pair in pairs]


def test_twins_below_old_twin_directories(forest: Forest) -> None:
    """In directories that are twins already, new paths that fold to the same collide."""
    base = {b"D/0": "0", b"d/0": "0"}
    found = plan(forest, base, {**base, b"D/x": "s"}, {**base, b"d/X": "t"})
    assert named(found.collisions) == [("case", b"D/x", b"d/X")]


def test_names_that_are_not_utf8(forest: Forest) -> None:
    """Such names combine, converge, collide and fold as far as they are text."""
    found = plan(forest, {}, {b"\xff\xfe": "1", b"\xe9": "s"}, {b"\xff\xfe": "1"})
    assert result(forest, found) == {b"\xff\xfe": "1", b"\xe9": "s"}
    found = plan(forest, {}, {b"\xffA": "s"}, {b"\xffa": "t"})
    assert named(found.collisions) == [("case", b"\xffA", b"\xffa")]


def test_force_takes_the_source_where_both_changed(forest: Forest) -> None:
    """A forced path has the source's result, and what was overwritten is on record."""
    found = plan(forest, {b"a": "0"}, {b"a": "1"}, {b"a": "2"}, force=[b"a"])
    assert result(forest, found) == {b"a": "1"}
    assert found.applied == {b"a": (forest.item("2"), forest.item("1"))}
    assert named(found.forced) == [("content", b"a", None)]
    assert found.collisions == ()


def test_force_takes_a_deletion(forest: Forest) -> None:
    """A forced path that the source deleted goes."""
    found = plan(forest, {b"a": "0", b"b": "0"}, {b"b": "0"}, {b"a": "2", b"b": "0"}, force=[b"a"])
    assert result(forest, found) == {b"b": "0"}


def test_force_leaves_unnamed_paths_alone(forest: Forest) -> None:
    """A path that was not named still collides, and then nothing is laid."""
    found = plan(forest, {}, {b"a": "1", b"b": "1"}, {b"a": "2", b"b": "2"}, force=[b"a"])
    assert named(found.collisions) == [("content", b"b", None)]
    assert named(found.forced) == [("content", b"a", None)]
    assert found.tree is None
    assert found.applied == {}


def test_force_of_paths_without_a_clash_does_nothing(forest: Forest) -> None:
    """Naming a path that does not collide changes nothing and records nothing."""
    found = plan(forest, {}, {b"a": "1"}, {b"t": "t"}, force=[b"a", b"t", b"no/such"])
    assert result(forest, found) == {b"a": "1", b"t": "t"}
    assert found.forced == ()


def test_force_all(forest: Forest) -> None:
    """Every kind of clash is won by the source, and the rest of the target stays."""
    source = {b"a": "s", b"p": "s", b"q/x": "s", b"D/x": "s", b"n": "s"}
    target = {b"a": "t", b"p/x": "t", b"q": "t", b"d/y": "t", b"m": "t"}
    found = plan(forest, {}, source, target, force_all=True)
    assert result(forest, found) == {**source, b"m": "t"}
    assert {clash.overwritten for clash in found.forced} == {b"a", b"p/x", b"q", b"d/y"}
    assert found.tree is not None
    applied = changed_paths(forest.store, forest.git, forest.tree(target), found.tree)
    assert found.applied == applied


def test_a_forced_file_clears_the_directory(forest: Forest) -> None:
    """Naming the file removes all that the target has below it."""
    found = plan(forest, {}, {b"p": "s"}, {b"p/x": "t", b"p/d/y": "t"}, force=[b"p"])
    assert result(forest, found) == {b"p": "s"}
    assert list(found.applied) == [b"p", b"p/d/y", b"p/x"]


def test_a_path_named_below_a_file_clears_that_path_only(forest: Forest) -> None:
    """Naming one path below the file leaves the clash with the others."""
    found = plan(forest, {}, {b"p": "s"}, {b"p/x": "t", b"p/y": "t"}, force=[b"p/x"])
    assert named(found.collisions) == [("directory", b"p", b"p/y")]


def test_a_file_in_the_way_goes_once(forest: Forest) -> None:
    """One forced path that removes the target's file settles the others below it."""
    found = plan(forest, {}, {b"p/x": "s", b"p/y": "s"}, {b"p": "t"}, force=[b"p/x"])
    assert result(forest, found) == {b"p/x": "s", b"p/y": "s"}
    assert named(found.forced) == [("directory", b"p/x", b"p"), ("directory", b"p/y", b"p")]


def test_a_modification_below_a_forced_file_must_be_named(forest: Forest) -> None:
    """The target's change of a path that the source deleted is not lost by naming another."""
    sides: tuple[Files, Files, Files] = {b"p/x": "0"}, {b"p": "s"}, {b"p/x": "t"}
    found = plan(forest, *sides, force=[b"p"])
    assert named(found.collisions) == [("content", b"p/x", None)]
    assert result(forest, plan(forest, *sides, force=[b"p/x"])) == {b"p": "s"}


def test_a_forced_twin_removes_the_other(forest: Forest) -> None:
    """Of two names that are equal but for case the source's stays."""
    for name in (b"A", b"a"):
        found = plan(forest, {}, {b"A": "s"}, {b"a": "t", b"b": "t"}, force=[name])
        assert result(forest, found) == {b"A": "s", b"b": "t"}
        assert named(found.forced) == [("case", b"A", b"a")]


def test_a_forced_content_that_brings_a_twin(forest: Forest) -> None:
    """Where force keeps a file that the target renamed in case only, the new name goes."""
    sides: tuple[Files, Files, Files] = {b"a": "0"}, {b"a": "1"}, {b"A": "0"}
    found = plan(forest, *sides)
    assert named(found.collisions) == [("content", b"a", None)]
    found = plan(forest, *sides, force=[b"a"])
    assert result(forest, found) == {b"a": "1"}
    assert named(found.forced) == [("case", b"a", b"A"), ("content", b"a", None)]


def test_several_bases_count_a_change_from_any(forest: Forest) -> None:
    """A path that one of the bases has otherwise is changed, on either side."""
    bases = [forest.tree({b"a": "0", b"b": "0"}), forest.tree({b"a": "1", b"b": "0"})]
    source, target = forest.tree({b"a": "1", b"b": "1"}), forest.tree({b"a": "0", b"b": "0"})
    found = plan_landing(forest.store, forest.git, bases=bases, source=source, target=target)
    assert list(found.source) == [b"a", b"b"]
    assert list(found.target) == [b"a"]
    assert named(found.collisions) == [("content", b"a", None)]
    assert found.source[b"a"] == (forest.item("0"), forest.item("1"))


def test_several_bases_converge(forest: Forest) -> None:
    """What both sides have equal is no collision, whatever the bases had."""
    bases = [forest.tree({b"a": "0"}), forest.tree({b"a": "1"}), forest.tree({b"a": "0"})]
    tree = forest.tree({b"a": "2"})
    found = plan_landing(forest.store, forest.git, bases=bases, source=tree, target=tree)
    assert found.tree == tree
    assert found.convergent == (b"a",)


def test_no_base_is_refused(forest: Forest) -> None:
    """Without a base nothing would count as changed, so it is an error."""
    with pytest.raises(BadValue, match="a landing needs at least one base"):
        plan_landing(forest.store, forest.git, bases=[], source=EMPTY_TREE, target=EMPTY_TREE)


def test_where_the_target_moved_a_file(forest: Forest) -> None:
    """A file that the target has under another path, unchanged, was moved there."""
    base = {b"a/x": "0", b"a/y": "0", b"z": "z"}
    target = {b"b/x": "0", b"b/y": "0", b"c": "0"}
    found = plan(forest, base, {b"a/x": "1", b"a/y": "1", b"z": "1"}, target)
    assert moved_to(found, b"a/x") == b"b/x"
    assert moved_to(found, b"a/y") == b"b/y"
    assert moved_to(found, b"z") is None


def test_a_file_that_stayed_did_not_move(forest: Forest) -> None:
    """A copy is no move, and neither is a path that the target never had."""
    found = plan(forest, {b"a": "0"}, {b"a": "1"}, {b"a": "0", b"copy": "0"})
    assert moved_to(found, b"a") is None
    assert moved_to(found, b"new") is None


def test_a_moved_file_with_another_mode_did_not_move(forest: Forest) -> None:
    """Only the same content with the same mode counts as the same file."""
    found = plan(forest, {b"a": "0"}, {b"a": "1"}, {b"b": forest.item("0", RUNNABLE)})
    assert moved_to(found, b"a") is None
