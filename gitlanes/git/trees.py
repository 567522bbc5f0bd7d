"""What differs between two trees, and a tree with some of its paths changed.

libgit2's own tree diff visits equal subtrees too, so both are written here over raw trees and
cost as much as the change, not as the repository. Nothing recurses: a tree may be deeper than
Python's stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from gitlanes.errors import BadValue
from gitlanes.git.process import Git
from gitlanes.git.raw import DIRECTORY, EMPTY_TREE, Entry, in_order

if TYPE_CHECKING:
    from gitlanes.git.objects import ObjectStore

# (mode as git writes it, hexadecimal id) of a file, a link or a submodule
Item = tuple[str, str]
# (before, after); None where the path is absent
Change = tuple[Item | None, Item | None]

# Pairs of trees read before one `git diff-tree` is the cheaper way.
WALK_LIMIT = 64

_MODES = {
    b"100644": b"100644",
    b"100755": b"100755",
    b"120000": b"120000",
    b"160000": b"160000",
    DIRECTORY: DIRECTORY,
}
_ABSENT = "000000"
_NAMED_ROW = re.compile(rb"(([0-7]+) ([^\0]+)\0.{20})", re.DOTALL)


def changed_paths(store: ObjectStore, git: Git, old: str, new: str) -> dict[bytes, Change]:
    """Return ``{path: (before, after)}`` of every file, link and submodule that differs.

    ``old`` and ``new`` are ids of trees; the paths come sorted. A file that became a directory
    is one path deleted and others added. Raises NotFound for a tree that is not stored.
    """
    if old == new:
        return {}
    found = _walk(store, old, new, WALK_LIMIT)
    if found is None:
        found = _diff_tree(git, old, new)
    if found is None:
        # git has a limit of its own on depth, and the walk names the object that is missing
        found = _walk(store, old, new, None)
    assert found is not None
    return dict(sorted(found.items()))


def overlay(store: ObjectStore, tree: str, edits: Mapping[bytes, Item | None]) -> str:
    """Return the id of `tree` with these paths set, or removed where the item is None.

    Only trees on the way to an edit are written; a directory that lost its last entry goes, and
    where nothing changes the id stays. Edits may turn a file into a directory or back if they
    remove what was there; raises BadValue where they leave both.
    """
    touched = _touched(store, tree, edits)
    for directory in reversed(touched[1:]):
        assert directory.parent is not None
        _settle(directory)
        oid = bytes.fromhex(_write(store, directory)) if directory.rows else None
        directory.parent.results[directory.name] = oid
    root = touched[0]
    _settle(root)
    return _write(store, root)


def long_paths(store: ObjectStore, tree: str, limit: int) -> Iterator[bytes]:
    """Yield the paths in a tree that have more bytes than `limit`, in no order."""
    waiting = [(b"", tree)]
    while waiting:
        prefix, oid = waiting.pop()
        for row in store.tree_rows(oid):
            mode, _, name = row[:-21].partition(b" ")
            if _canonical(mode) == DIRECTORY:
                waiting.append((prefix + name + b"/", row[-20:].hex()))
            elif len(prefix) + len(name) > limit:
                yield prefix + name


def _walk(store: ObjectStore, old: str, new: str, limit: int | None) -> dict[bytes, Change] | None:
    """Return the changes, or None when more pairs of trees than `limit` have to be read."""
    changes: dict[bytes, Change] = {}
    pairs: list[tuple[bytes, str, str]] = [(b"", old, new)]
    read = 0
    while pairs:
        if limit is not None and read + len(pairs) > limit:
            return None
        prefix, before, after = pairs.pop()
        read += 1
        for name, was, now in _differing(store, before, after):
            path = prefix + name
            if _is_directory(was) or _is_directory(now):
                pairs.append((path + b"/", _subtree(was), _subtree(now)))
            change = _leaf(was), _leaf(now)
            if change[0] != change[1]:
                changes[path] = change
    return changes


def _differing(
    store: ObjectStore, before: str, after: str
) -> Iterator[tuple[bytes, Entry | None, Entry | None]]:
    """Yield (name, entry before, entry after) for what is not the same in both trees."""
    old, new = store.tree_rows(before), store.tree_rows(after)
    gone, came = _parsed(old - new), _parsed(new - old)
    for name in gone.keys() | came.keys():
        yield name, gone.get(name), came.get(name)


def _parsed(rows: Iterable[bytes]) -> dict[bytes, Entry]:
    heads = ((row[:-21].partition(b" "), row[-20:]) for row in rows)
    return {name: (_canonical(mode), oid) for (mode, _, name), oid in heads}


def _diff_tree(git: Git, old: str, new: str) -> dict[bytes, Change] | None:
    """Return the changes as git sees them, or None where it cannot."""
    flags = ("-r", "-z", "--raw", "--no-renames", "--no-abbrev", "--ignore-submodules=none")
    done = git.run("diff-tree", *flags, old, new, check=False)
    if done.code:
        return None
    changes: dict[bytes, Change] = {}
    # A row is ':oldmode newmode oldid newid status', then the path.
    rows = iter(done.out.split(b"\0"))
    for row, path in zip(rows, rows, strict=False):
        old_mode, new_mode, old_id, new_id, _ = row[1:].decode().split(" ")
        before = None if old_mode == _ABSENT else (old_mode, old_id)
        changes[path] = before, None if new_mode == _ABSENT else (new_mode, new_id)
    return changes


class _Directory:
    """A directory on the way to an edit, with what is to happen in it."""

    def __init__(self, name: bytes = b"", parent: _Directory | None = None, tree: str = EMPTY_TREE):
        self.name, self.parent, self.tree = name, parent, tree
        # Raw entries by name, in git's order unless `unsorted`.
        self.rows: dict[bytes, bytes] = {}
        self.changed = self.unsorted = False
        self.leaves: dict[bytes, Item | None] = {}
        self.below: dict[bytes, _Directory] = {}
        # What became of `below`: the id of the tree, None where it is empty now.
        self.results: dict[bytes, bytes | None] = {}

    def entry(self, name: bytes) -> Entry | None:
        """Return the entry of that name, or None."""
        row = self.rows.get(name)
        return (row.partition(b" ")[0], row[-20:]) if row is not None else None

    def put(self, name: bytes, mode: bytes, oid: bytes) -> None:
        """Set an entry."""
        row, before = b"%s %s\0%s" % (mode, name, oid), self.rows.get(name)
        if row != before:
            same_place = before is not None and _is_directory(self.entry(name)) == (
                mode == DIRECTORY
            )
            self.rows[name] = row
            self.changed, self.unsorted = True, self.unsorted or not same_place

    def drop(self, name: bytes) -> None:
        """Remove an entry."""
        if self.rows.pop(name, None) is not None:
            self.changed = True


def _touched(store: ObjectStore, tree: str, edits: Mapping[bytes, Item | None]) -> list[_Directory]:
    """Return the directories on the way to the edits, read, each after its parent."""
    touched = [_sorted_out(tree, edits)]
    for directory in touched:
        directory.rows = _raw_entries(store, directory.tree)
        for name, child in directory.below.items():
            child.tree = _subtree(directory.entry(name))
            touched.append(child)
    return touched


def _sorted_out(tree: str, edits: Mapping[bytes, Item | None]) -> _Directory:
    """Return the root directory, with each edit in the directory below it where it belongs."""
    root = _Directory(tree=tree)
    for path, item in edits.items():
        *way, name = path.split(b"/")
        here = root
        for step in way:
            here = here.below.get(step) or here.below.setdefault(step, _Directory(step, here))
        here.leaves[name] = item
    return root


def _settle(directory: _Directory) -> None:
    """Give the directory its edits; its directories below are settled already."""
    for name, oid in directory.results.items():
        there = _is_directory(directory.entry(name))
        if oid is None and there:
            directory.drop(name)
        elif oid is not None:
            if not there:
                _free(directory, name)
            directory.put(name, DIRECTORY, oid)
    for name, item in directory.leaves.items():
        there = _is_directory(directory.entry(name))
        if item is not None:
            if there:
                raise _both(name)
            directory.put(name, item[0].encode(), bytes.fromhex(item[1]))
        elif not there:
            directory.drop(name)


def _free(directory: _Directory, name: bytes) -> None:
    """Refuse to put a directory over a file that no edit removes."""
    if name in directory.rows and directory.leaves.get(name, True) is not None:
        raise _both(name)


def _both(name: bytes) -> BadValue:
    shown = name.decode("utf-8", "backslashreplace")
    return BadValue(f"'{shown}' would be a file and a directory at once")


def _write(store: ObjectStore, directory: _Directory) -> str:
    # An empty root is written even if it was empty before: it need not have been stored.
    if directory.rows and not directory.changed:
        return directory.tree
    rows: Iterable[bytes] = directory.rows.values()
    return store.write("tree", b"".join(in_order(rows) if directory.unsorted else rows))


def _raw_entries(store: ObjectStore, tree: str) -> dict[bytes, bytes]:
    return {
        name: row if mode in _MODES else b"%s %s" % (_canonical(mode), row.partition(b" ")[2])
        for row, mode, name in _NAMED_ROW.findall(store.tree_content(tree))
    }


def _canonical(mode: bytes) -> bytes:
    """Return a mode as git reads it: old tools wrote zero-padded and group-writable ones."""
    known = _MODES.get(mode)
    if known is not None:
        return known
    bits = int(mode, 8)
    kind = bits >> 12
    if kind == 0o10:
        return b"100755" if bits & 0o100 else b"100644"
    return {0o12: b"120000", 0o4: DIRECTORY}.get(kind, b"160000")


def _is_directory(entry: Entry | None) -> bool:
    return entry is not None and entry[0] == DIRECTORY


def _subtree(entry: Entry | None) -> str:
    return entry[1].hex() if entry is not None and _is_directory(entry) else EMPTY_TREE


def _leaf(entry: Entry | None) -> Item | None:
    if entry is None or _is_directory(entry):
        return None
    return entry[0].decode(), entry[1].hex()
