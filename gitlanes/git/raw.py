"""Git's raw objects: trees and commits as bytes, and the reading that every store shares."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from gitlanes.errors import NotFound

# Known to git without being stored. libgit2 claims that it exists everywhere, and git's fsck
# calls it missing, so it is written before anything names it.
# What helps where an object is not there.
NOT_THERE = "run 'git fsck'; in a shallow clone run 'git fetch --unshallow'"
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

DIRECTORY = b"40000"

# (mode as git writes it, binary object id)
Entry = tuple[bytes, bytes]

_ROW = re.compile(rb"[^\0]*\0.{20}", re.DOTALL)
_ENTRY = re.compile(rb"([0-7]+) ([^\0]+)\0([\s\S]{20})")


class CommitObject(NamedTuple):
    """A commit as stored; ``author`` and ``committer`` are git's raw identity lines.

    They and the message are UTF-8, or whatever bytes a commit has that names no other encoding.
    """

    tree: str
    parents: tuple[str, ...]
    author: bytes
    committer: bytes
    message: bytes


class ObjectReader(ABC):
    """Whatever can answer with an object's kind and content, and so with trees and commits."""

    @abstractmethod
    def read(self, oid: str) -> tuple[str, bytes]:
        """Return the kind ('blob', 'tree', 'commit', 'tag') and the content of an object."""

    def read_all(self, oids: Sequence[str]) -> list[tuple[str, bytes]]:
        """Return the kind and the content of each object."""
        return [self.read(oid) for oid in oids]

    def blob(self, oid: str) -> bytes:
        """Return a blob's content."""
        return self._typed(oid, "blob")

    def tree(self, oid: str) -> list[tuple[bytes, bytes, bytes]]:
        """Return a tree's entries, ``(mode, name, binary id)``, in git's order."""
        return parse_tree(self.tree_content(oid))

    def tree_content(self, oid: str) -> bytes:
        """Return a tree's raw content."""
        return b"" if oid == EMPTY_TREE else self._typed(oid, "tree")

    def commit(self, oid: str) -> CommitObject:
        """Return a commit."""
        return parse_commit(self._typed(oid, "commit"))

    def tree_before(self, commit: CommitObject) -> str:
        """Return the tree of a commit's first parent; before a root there is the empty one."""
        return self.commit(commit.parents[0]).tree if commit.parents else EMPTY_TREE

    def tree_of(self, oid: str) -> str:
        """Return the tree of a commit, or that tree itself."""
        kind, data = self.read(oid)
        return oid if kind == "tree" else parse_commit(data).tree

    def entry(self, tree: str, path: bytes) -> tuple[str, str] | None:
        """Return (mode, id) of the file, link, submodule or directory at `path`, or None."""
        found: Entry | None = (DIRECTORY, bytes.fromhex(tree))
        for name in path.split(b"/"):
            if found is None or found[0] != DIRECTORY:
                return None
            found = _entry_in(self.tree_content(found[1].hex()), name)
        return (found[0].decode(), found[1].hex()) if found else None

    def _typed(self, oid: str, wanted: str) -> bytes:
        kind, data = self.read(oid)
        if kind != wanted:
            raise NotFound(wanted, oid, hint=f"it is a {kind}")
        return data


def id_of(kind: str, data: bytes) -> str:
    """Return the id of an object."""
    from hashlib import sha1  # 3 ms, and not every command asks

    return sha1(b"%s %d\0" % (kind.encode(), len(data)) + data, usedforsecurity=False).hexdigest()


def parse_tree(data: bytes) -> list[tuple[bytes, bytes, bytes]]:
    """Return the entries, ``(mode, name, binary id)``, in raw tree content."""
    return _ENTRY.findall(data)


def split_rows(data: bytes) -> frozenset[bytes]:
    """Return the raw entries in raw tree content."""
    return frozenset(_ROW.findall(data))


def _entry_in(data: bytes, name: bytes) -> Entry | None:
    """Return the entry of that name in raw tree content, or None."""
    if b" %s\0" % name not in data:  # most are asked for in vain, and this is faster
        return None
    return next(((mode, oid) for mode, other, oid in parse_tree(data) if other == name), None)


def in_order(rows: Iterable[bytes]) -> list[bytes]:
    """Return raw tree entries in git's order: a directory counts as if its name ended in '/'."""
    return sorted(rows, key=_place)


def _place(row: bytes) -> bytes:
    mode, _, name = row[:-21].partition(b" ")
    return name + b"/" if mode == DIRECTORY else name


def parse_commit(data: bytes) -> CommitObject:
    """Return the commit that raw commit content describes; unknown headers are skipped.

    What it says in an encoding that its header names comes in UTF-8: whoever takes it over writes
    a commit without that header.
    """
    head, _, message = data.partition(b"\n\n")
    fields: dict[bytes, list[bytes]] = {}
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        fields.setdefault(key, []).append(value)
    encoding = fields[b"encoding"][0] if b"encoding" in fields else None
    return CommitObject(
        tree=fields[b"tree"][0].decode(),
        parents=tuple(x.decode() for x in fields.get(b"parent", [])),
        author=_in_utf8(fields[b"author"][0], encoding),
        committer=_in_utf8(fields[b"committer"][0], encoding),
        message=_in_utf8(message, encoding),
    )


def has_signature(data: bytes) -> bool:
    """Say whether raw commit content has somebody's signature."""
    return b"\ngpgsig " in data.partition(b"\n\n")[0]


def _in_utf8(text: bytes, encoding: bytes | None) -> bytes:
    """Return a text in UTF-8; as it is where it is not in that encoding, or nobody knows that.

    An encoding must not bring in what ends a header or a name: a commit written with it would be
    another one.
    """
    if encoding is None:
        return text
    try:
        found = text.decode(encoding.decode("ascii")).encode()
    except (LookupError, ValueError):
        return text
    same = all(found.count(x) == text.count(x) for x in (b"\n", b"\0", b"<", b">"))
    return found if same else text
