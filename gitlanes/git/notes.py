"""Notes trees: read in every layout, written with a fan-out; the caller moves the ref.

A note of commit ``abcd…`` is a blob at ``abcd…``, ``ab/cd…``, ``ab/cd/…`` and so on: git changes
the layout as a tree grows, one branch at a time, so one tree holds several layouts and may hold
one commit's note at several places. Names and joining follow git's ``notes.c``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce
from typing import TYPE_CHECKING

from gitlanes.errors import BadValue
from gitlanes.git.raw import DIRECTORY, Entry, ObjectReader, parse_tree

if TYPE_CHECKING:
    from gitlanes.git.objects import ObjectStore

# Two levels keep a directory near 256 entries up to 16 million notes.
FANOUT = 2

_FILE = b"100644"
_ID_LENGTH = 40
_HEX = re.compile(rb"[0-9a-f]+")
_COMMIT = re.compile(r"[0-9a-f]{40}")


def read_notes(store: ObjectReader, tree: str, commits: Iterable[str]) -> dict[str, bytes]:
    """Return {commit: note} of those `commits` that have one, reading each directory once.

    Several copies of one are joined as ``git notes show`` joins them. Raises BadValue for
    anything but a full commit id, NotFound for a missing object.
    """
    root, wanted = _Folder(store, tree), list(commits)
    _load_ways(store, root, wanted)
    blobs = {commit: _blobs(_places(root, commit)) for commit in wanted}
    oids = [oid for of_one in blobs.values() for oid in of_one]
    content = {oid: data for oid, (_, data) in zip(oids, store.read_all(oids), strict=True)}
    return {
        commit: reduce(_concatenated, [content[oid] for oid in of_one])
        for commit, of_one in blobs.items()
        if of_one
    }


def list_notes(store: ObjectReader, tree: str) -> Iterator[tuple[str, str]]:
    """Yield (commit, blob id) of every note; a commit comes once for each copy of its note."""
    return _notes_beyond(store, None, tree)


def changed_notes(store: ObjectReader, old: str | None, new: str | None) -> set[str]:
    """Return the commits whose notes are not the same in two notes trees; None is an empty one."""
    ways = ((old, new), (new, old))
    return {x for known, tree in ways if tree for x, _ in _notes_beyond(store, known, tree)}


def add_lines(store: ObjectStore, tree: str | None, lines: Mapping[str, Sequence[bytes]]) -> str:
    """Return a notes tree that has more lines on several commits; `tree` None starts one.

    ``lines`` is {commit: lines without their newline}. A touched note becomes the sorted set
    of all its lines, which is what git's ``cat_sort_uniq`` writes. Where a commit has copies
    at several levels the deepest takes everything and the others go. Entries that are no
    notes stay. Raises BadValue for an incomplete commit id and for a line with a newline.
    """
    root = _Folder(store, tree)
    for commit, new in lines.items():
        if any(b"\n" in line for line in new):
            raise BadValue(f"a note line for commit '{commit}' contains a newline")
        if any(new):
            _join_lines(store, root, commit, new)
    return root.write(store)


def merge_notes(store: ObjectStore, ours: str, theirs: str) -> str:
    """Return the tree `ours` with all the notes of `theirs`, by the union of their lines.

    A note of one side alone is taken as it is. Nothing is ever removed: without a base, as
    records are only ever added. Entries of `theirs` that are no notes are left out, as in
    ``git notes merge``. The cost grows with the directories that differ.
    """
    missing: dict[str, list[str]] = {}
    for commit, blob in _notes_beyond(store, ours, theirs):
        missing.setdefault(commit, []).append(blob)
    root = _Folder(store, ours)
    for commit, blobs in missing.items():
        _take_blobs(store, root, commit, blobs)
    return root.write(store)


def tidied(
    store: ObjectStore, tree: str, *, join: Iterable[str] = (), drop: Iterable[str] = ()
) -> str:
    """Return a notes tree with one copy of the notes to ``join``, and without those to ``drop``."""
    root = _Folder(store, tree)
    for commit in join:
        _join_lines(store, root, commit, ())
    for commit in drop:
        for folder, name in _places(root, commit):
            folder.drop(name)
    return root.write(store)


class _Folder:
    """One directory of a notes tree; those below it are loaded when first needed."""

    __slots__ = ("_changed", "_folders", "_oid", "_store", "entries")

    def __init__(self, store: ObjectReader, oid: str | None, content: bytes | None = None):
        self._store = store
        self._oid = oid
        self._folders: dict[bytes, _Folder] = {}
        self._changed = oid is None
        listing = store.tree(oid) if oid and content is None else parse_tree(content or b"")
        self.entries: dict[bytes, Entry] = {name: (mode, blob) for mode, name, blob in listing}

    def not_loaded(self, name: bytes) -> str | None:
        """Return the tree of the directory of that name, None if there is none or it is here."""
        mode, oid = self.entries.get(name, (b"", b""))
        return oid.hex() if mode == DIRECTORY and name not in self._folders else None

    def load(self, name: bytes, oid: str, content: bytes) -> None:
        """Take the content of the directory of that name."""
        self._folders[name] = _Folder(self._store, oid, content)

    def below(self, name: bytes) -> _Folder | None:
        """Return the directory of that name, None if there is none."""
        if name not in self._folders:
            mode, oid = self.entries.get(name, (b"", b""))
            if mode != DIRECTORY:
                return None
            self._folders[name] = _Folder(self._store, oid.hex())
        return self._folders[name]

    def make_below(self, name: bytes) -> _Folder | None:
        """Return the directory of that name, made if missing; None if a file is in the way."""
        if name not in self.entries and name not in self._folders:
            self._folders[name] = _Folder(self._store, None)
        return self.below(name)

    def put(self, name: bytes, entry: Entry) -> None:
        """Set an entry."""
        if self.entries.get(name) != entry:
            self.entries[name] = entry
            self._changed = True

    def drop(self, name: bytes) -> None:
        """Remove an entry."""
        if self.entries.pop(name, None) is not None:
            self._changed = True

    def write(self, store: ObjectStore) -> str:
        """Store what changed here and below, and return this directory's tree id.

        Recursion ends at the depth of the fan-out, at most 20.
        """
        for name, folder in self._folders.items():
            oid = folder.write(store)
            if folder.entries:
                self.put(name, (DIRECTORY, bytes.fromhex(oid)))
            else:
                self.drop(name)
        if self._changed or self._oid is None:
            self._oid = store.write_tree(self.entries)
            self._changed = False
        return self._oid


def _is_file(mode: bytes) -> bool:
    return mode.startswith(b"100")


def _places(root: _Folder, commit: str) -> list[tuple[_Folder, bytes]]:
    """Return where the tree has notes of `commit`, deepest first: git's order of joining."""
    if not _COMMIT.fullmatch(commit):
        raise BadValue(f"not a full commit id: '{commit}'")
    found = []
    folder: _Folder | None = root
    name = commit.encode()
    while folder is not None and name:
        if name in folder.entries and _is_file(folder.entries[name][0]):
            found.append((folder, name))
        folder, name = folder.below(name[:2]), name[2:]
    return found[::-1]


def _new_place(root: _Folder, commit: str) -> tuple[_Folder, bytes]:
    """Return where a first note of `commit` goes; a file in the way makes that less deep."""
    folder, name = root, commit.encode()
    for _ in range(FANOUT):
        deeper = folder.make_below(name[:2])
        if deeper is None:
            break
        folder, name = deeper, name[2:]
    return folder, name


def _blobs(places: list[tuple[_Folder, bytes]]) -> list[str]:
    return [folder.entries[name][1].hex() for folder, name in places]


def _load_ways(store: ObjectReader, root: _Folder, commits: Iterable[str]) -> None:
    """Load the directories on the way to these notes, all of one depth together."""
    ways = [(root, commit.encode()) for commit in commits]
    while ways:
        missing = {(at, name[:2]): oid for at, name in ways if (oid := at.not_loaded(name[:2]))}
        trees = store.read_all(list(missing.values()))
        for ((folder, name), oid), (_, content) in zip(missing.items(), trees, strict=True):
            folder.load(name, oid, content)
        ways = [(below, name[2:]) for at, name in ways if (below := at.below(name[:2]))]


def _concatenated(first: bytes, second: bytes) -> bytes:
    """Join two copies of a note, a blank line between; git leaves out empty and equal ones."""
    if not first or not second or first == second:
        return first or second
    return first.removesuffix(b"\n") + b"\n\n" + second


def _join_lines(store: ObjectStore, root: _Folder, commit: str, new: Iterable[bytes]) -> None:
    """Make one note of all the lines that `commit` has and the new ones."""
    places = _places(root, commit)
    lines = set(new)
    for blob in _blobs(places):
        lines.update(store.blob(blob).split(b"\n"))
    lines.discard(b"")
    content = b"".join(line + b"\n" for line in sorted(lines))
    folder, name = places[0] if places else _new_place(root, commit)
    folder.put(name, (_FILE, bytes.fromhex(store.write("blob", content))))
    for other, other_name in places[1:]:
        other.drop(other_name)


def _take_blobs(store: ObjectStore, root: _Folder, commit: str, blobs: list[str]) -> None:
    """Add the other side's copies of one commit's note to ours."""
    held = _blobs(_places(root, commit))
    new = [blob for blob in blobs if blob not in held]
    if not held and len(new) == 1:
        folder, name = _new_place(root, commit)
        folder.put(name, (_FILE, bytes.fromhex(new[0])))
    elif new:
        _join_lines(store, root, commit, b"\n".join(map(store.blob, new)).split(b"\n"))


def _notes_beyond(store: ObjectReader, known: str | None, tree: str) -> Iterator[tuple[str, str]]:
    """Yield the (commit, blob) of `tree` that `known` does not have at the very same place."""
    todo: list[tuple[bytes, str | None, str]] = [(b"", known, tree)]
    while todo:
        prefix, ours, theirs = todo.pop()
        listing = store.tree(ours) if ours else []
        held = {name: (mode, oid) for mode, name, oid in listing}
        for mode, name, oid in store.tree(theirs):
            if held.get(name) == (mode, oid) or not _HEX.fullmatch(name):
                continue
            missing = _ID_LENGTH - len(prefix)
            if len(name) == missing and _is_file(mode):
                yield (prefix + name).decode(), oid.hex()
            elif len(name) == 2 and missing > 2 and mode == DIRECTORY:
                other_mode, other = held.get(name, (b"", b""))
                known_below = other.hex() if other_mode == DIRECTORY else None
                todo.append((prefix + name, known_below, oid.hex()))
