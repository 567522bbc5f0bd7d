"""Notes trees against git's own reading, writing and merging of them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gitlanes.errors import BadValue
from gitlanes.git.notes import add_lines, list_notes, merge_notes, read_notes
from gitlanes.git.objects import ObjectStore
from gitlanes.git.process import Git
from gitlanes.git.raw import DIRECTORY, EMPTY_TREE

WHO = b"T <t@example.com> 1700000000 +0000"
FILE = b"100644"

# Ids that share beginnings of every length, so that directories are shared at every level.
COMMITS = [
    head + "0123456789abcdef0123456789abcdef01234567"[len(head) :]
    for head in ("ab", "ab00", "ab0000", "abcd", "abcdef", "ff", "00", "ff" * 18 + "ab")
]
# A copy of a note: the number of directories above it, and what it says.
COPY = st.tuples(st.integers(0, 19), st.sampled_from([b"", b"x\n", b"y\n", b"y", b"z\nx\n"]))
LINES = st.sets(st.sampled_from([b"{1}", b"{2}", b"{3}", b"\xff", b"a b"]), min_size=1)


@dataclass
class Repo:
    """A bare repository; `refs` counts the notes refs handed out."""

    git: Git
    store: ObjectStore
    refs: int = field(default=0)

    def tree(self, ref: str) -> str:
        """Return the tree of a notes ref."""
        return self.git.run("rev-parse", f"{ref}^{{tree}}").text

    def move(self, ref: str, tree: str, *parents: str) -> str:
        """Point a notes ref at a new commit of `tree`."""
        commit = self.store.write_commit(tree, parents, "notes", author=WHO, committer=WHO)
        self.git.run("update-ref", ref, commit)
        return commit

    def new_ref(self) -> str:
        """Return the name of a notes ref that was never used."""
        self.refs += 1
        return f"refs/notes/t{self.refs}"

    def shown(self, ref: str) -> dict[str, bytes]:
        """Return every note as git reads it."""
        found = {}
        for line in self.git.run("notes", f"--ref={ref}", "list").text.splitlines():
            blob, commit = line.split()
            found[commit] = self.git.run("cat-file", "blob", blob).out
        return found


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """Return an empty bare repository that one module's tests share."""
    return _repo(tmp_path_factory.mktemp("notes"))


def _repo(place: Path) -> Repo:
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(place),
        "GIT_CONFIG_NOSYSTEM": "1",
        **{f"GIT_{who}_NAME": "T" for who in ("AUTHOR", "COMMITTER")},
        **{f"GIT_{who}_EMAIL": "t@example.com" for who in ("AUTHOR", "COMMITTER")},
    }
    Git(str(place), environ).run("init", "--bare", "-q")
    return Repo(Git(str(place), environ), ObjectStore(str(place)))


def _laid(store: ObjectStore, notes: Iterable[tuple[str, int, bytes]]) -> str:
    """Write a notes tree by path, `(commit, directories above it, content)`."""
    files: dict[tuple[bytes, ...], str] = {}
    for commit, depth, content in notes:
        name = commit.encode()
        above = [name[2 * at : 2 * at + 2] for at in range(depth)]
        files[(*above, name[2 * depth :])] = store.write("blob", content)
    return _written(store, files)


def _written(store: ObjectStore, files: dict[tuple[bytes, ...], str]) -> str:
    entries = {}
    for head in {path[0] for path in files}:
        below = {path[1:]: oid for path, oid in files.items() if path[0] == head}
        leaf = below.get(())
        mode, oid = (FILE, leaf) if leaf else (DIRECTORY, _written(store, below))
        entries[head] = (mode, bytes.fromhex(oid))
    return store.write_tree(entries)


def _content(lines: Iterable[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in sorted(lines))


def _fsck(repo: Repo) -> None:
    done = repo.git.run("fsck", "--strict", "--no-dangling", check=False)
    assert (done.code, done.out) == (0, b"")


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from(COMMITS), st.lists(COPY, min_size=1, max_size=4)))
def test_reading_agrees_with_git_in_every_layout(
    repo: Repo, copies: dict[str, list[tuple[int, bytes]]]
) -> None:
    """Notes at any mixture of levels read as git reads them, copies joined in git's order."""
    laid = [(commit, depth, text) for commit in copies for depth, text in copies[commit]]
    tree, ref = _laid(repo.store, laid), repo.new_ref()
    repo.move(ref, tree)
    expected = repo.shown(ref)
    assert read_notes(repo.store, tree, COMMITS) == expected
    assert {commit for commit, _ in list_notes(repo.store, tree)} == set(expected)


STEP = st.tuples(
    st.sampled_from(["ours", "ours", "add", "append"]), st.sampled_from(COMMITS), LINES
)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(COMMITS), COPY), max_size=6), st.lists(STEP, max_size=6))
def test_writing_in_turn_with_git_loses_nothing(
    repo: Repo,
    start: list[tuple[str, tuple[int, bytes]]],
    steps: list[tuple[str, str, set[bytes]]],
) -> None:
    """Our writer and git's take turns on one ref: each finds all that the other wrote."""
    ref = repo.new_ref()
    tip = repo.move(ref, _laid(repo.store, [(c, depth, text) for c, (depth, text) in start]))
    for verb, commit, lines in steps:
        before = repo.shown(ref)
        text = _content(lines)
        if verb == "ours":
            tip = repo.move(ref, add_lines(repo.store, repo.tree(ref), {commit: [*lines]}), tip)
            text = _content({*before.get(commit, b"").split(b"\n"), *lines} - {b""})
        else:
            blob = repo.store.write("blob", text)
            args = ["-f"] if verb == "add" else []
            repo.git.run("notes", f"--ref={ref}", verb, *args, "-C", blob, commit)
            tip = repo.git.run("rev-parse", ref).text
            text = text if verb == "add" else repo.shown(ref)[commit]
        assert repo.shown(ref) == {**before, commit: text}
        assert read_notes(repo.store, repo.tree(ref), COMMITS) == {**before, commit: text}
    _fsck(repo)


SIDE = st.dictionaries(st.sampled_from(COMMITS), LINES, max_size=5)
DEPTHS = st.lists(st.integers(0, 3), min_size=len(COMMITS), max_size=len(COMMITS))


@settings(max_examples=20, deadline=None)
@given(SIDE, SIDE, SIDE, st.tuples(DEPTHS, DEPTHS, DEPTHS))
def test_merge_says_what_git_says(
    repo: Repo,
    base: dict[str, set[bytes]],
    ours: dict[str, set[bytes]],
    theirs: dict[str, set[bytes]],
    depths: tuple[list[int], ...],
) -> None:
    """Two sides that added lines merge to the notes of git's cat_sort_uniq, from either side."""
    trees = []
    for added, levels in zip(({}, ours, theirs), depths, strict=True):
        whole = {c: _content(base.get(c, set()) | added.get(c, set())) for c in {*base, *added}}
        trees.append(
            _laid(repo.store, [(c, levels[COMMITS.index(c)], whole[c]) for c in sorted(whole)])
        )
    root = repo.move(repo.new_ref(), trees[0])
    left, right = repo.new_ref(), repo.new_ref()
    repo.move(left, trees[1], root)
    repo.move(right, trees[2], root)
    repo.git.run("notes", f"--ref={left}", "merge", "-q", "-s", "cat_sort_uniq", right)
    expected = repo.shown(left)
    for merged in (merge_notes(repo.store, *trees[1:]), merge_notes(repo.store, *trees[:0:-1])):
        assert read_notes(repo.store, merged, COMMITS) == expected
        assert len(list(list_notes(repo.store, merged))) == len(expected)
        repo.move(left, merged)
    _fsck(repo)


def test_copies_become_one_note(repo: Repo) -> None:
    """Adding a line or merging folds all copies of a note into the deepest one."""
    commit = COMMITS[0]
    copies = [(commit, 0, b"c\n"), (commit, 1, b"a\n"), (commit, 2, b"b\n")]
    tree = _laid(repo.store, copies)
    expected = _laid(repo.store, [(commit, 2, b"a\nb\nc\nd\n")])
    assert add_lines(repo.store, tree, {commit: [b"d"]}) == expected
    assert merge_notes(repo.store, tree, _laid(repo.store, [(commit, 1, b"d\n")])) == expected


def test_the_other_sides_copies_are_all_taken(repo: Repo) -> None:
    """A note that only the other side has, at two levels, arrives with the lines of both."""
    commit = COMMITS[0]
    theirs = _laid(repo.store, [(commit, 0, b"b\n"), (commit, 1, b"a")])
    merged = merge_notes(repo.store, EMPTY_TREE, theirs)
    assert merged == _laid(repo.store, [(commit, 2, b"a\nb\n")])


def test_entries_that_are_no_notes_stay(repo: Repo) -> None:
    """Files and directories that are no notes are neither read as notes nor lost."""
    store, blob = repo.store, repo.store.write("blob", b"x")
    strange: dict[tuple[bytes, ...], str] = {
        (b"README",): blob,
        (b"ab",): blob,
        (b"ff", b"zz", b"file"): blob,
        (b"00", COMMITS[0].encode()): blob,
        (b"0" * 38,): blob,
    }
    tree = _written(store, strange)
    assert list(list_notes(store, tree)) == []
    written = add_lines(store, tree, {commit: [b"line"] for commit in COMMITS})
    assert read_notes(store, written, COMMITS) == dict.fromkeys(COMMITS, b"line\n")
    assert {commit for commit, _ in list_notes(store, written)} == set(COMMITS)
    for path, oid in strange.items():
        assert store.entry(written, b"/".join(path)) == ("100644", oid)
    repo.move(ref := repo.new_ref(), written)
    assert repo.shown(ref) == dict.fromkeys(COMMITS, b"line\n")


def test_a_first_note_is_written_two_directories_deep(repo: Repo) -> None:
    """New notes go to ab/cd/rest, and a tree of none is git's empty tree."""
    tree = add_lines(repo.store, None, {COMMITS[3]: [b"b", b"a", b"b"]})
    assert tree == _laid(repo.store, [(COMMITS[3], 2, b"a\nb\n")])
    assert add_lines(repo.store, None, {COMMITS[3]: []}) == EMPTY_TREE
    assert add_lines(repo.store, tree, {COMMITS[3]: [b"a"]}) == tree


@pytest.mark.parametrize("commit", ["", "README", COMMITS[0][:39], COMMITS[0].upper()])
def test_only_full_ids_name_notes(repo: Repo, commit: str) -> None:
    """An abbreviated or malformed commit id is refused, not looked up as a path."""
    for ask in (
        lambda: read_notes(repo.store, EMPTY_TREE, [commit]),
        lambda: add_lines(repo.store, None, {commit: [b"x"]}),
    ):
        with pytest.raises(BadValue):
            ask()


def test_a_line_is_one_line(repo: Repo) -> None:
    """A newline inside a line is refused: it would make two records of one."""
    with pytest.raises(BadValue, match="contains a newline"):
        add_lines(repo.store, None, {COMMITS[0]: [b"a\nb"]})


class CountingStore(ObjectStore):
    """Counts the trees that are read, and the objects that are written."""

    touched = 0

    def read(self, oid: str) -> tuple[str, bytes]:
        """Count one object read."""
        self.touched += 1
        return super().read(oid)

    def write(self, kind: str, data: bytes) -> str:
        """Count one object written."""
        self.touched += 1
        return super().write(kind, data)


def test_adding_touches_the_same_few_objects_at_any_size(tmp_path: Path) -> None:
    """Two lines cost the reads and writes of their own directories, not of the whole tree."""
    store = CountingStore(_repo(tmp_path).git.git_dir)
    counts = []
    for size in (100, 2000):
        commits = [f"{number * 7919:04x}"[-4:].rjust(4, "0") * 10 for number in range(size)]
        tree = add_lines(store, None, {commit: [b"{}"] for commit in commits})
        store.touched = 0
        add_lines(store, tree, {commits[1]: [b"new"], commits[2]: [b"new"]})
        counts.append(store.touched)
    assert counts[0] == counts[1] <= 16
