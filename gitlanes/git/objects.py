"""Git's object store, read and written through libgit2; refs are never touched here.

Only the object directory is opened, not the repository: libgit2 refuses repositories whose
ref format or extensions it does not know, while the objects in them are plain.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pygit2

from gitlanes.errors import GitFailed, NotFound

# Known to git without being stored. libgit2 claims that it exists everywhere, and git's fsck
# calls it missing, so it is written before anything names it.
EMPTY_TREE = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"

DIRECTORY = b"40000"
SUBMODULE = b"160000"

# (mode as git writes it, binary object id)
Entry = tuple[bytes, bytes]

_ENTRY = re.compile(rb"([0-7]+) ([^\0]+)\0([\s\S]{20})")
_KINDS = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_NUMBERS = {name: number for number, name in _KINDS.items()}


@dataclass(frozen=True, slots=True)
class CommitObject:
    """A commit as stored; ``author`` and ``committer`` are git's raw identity lines."""

    tree: str
    parents: tuple[str, ...]
    author: bytes
    committer: bytes
    message: bytes


class ObjectStore:
    """The objects of one repository, by hexadecimal id."""

    def __init__(self, common_dir: str):
        self._odb = pygit2.Odb(str(Path(common_dir, "objects")))

    def read(self, oid: str) -> tuple[str, bytes]:
        """Return the kind ('blob', 'tree', 'commit', 'tag') and the content of an object."""
        try:
            kind, data = self._odb.read(oid)
        except (KeyError, ValueError, pygit2.GitError) as error:
            raise NotFound("object", oid, hint="run 'git fsck'") from error
        return _KINDS[int(kind)], data

    def exists(self, oid: str) -> bool:
        """Say whether an object is stored here."""
        return bool(self._odb.exists(oid)) if oid != EMPTY_TREE else True

    def blob(self, oid: str) -> bytes:
        """Return a blob's content."""
        return self._typed(oid, "blob")

    def tree(self, oid: str) -> list[tuple[bytes, bytes, bytes]]:
        """Return a tree's entries, ``(mode, name, binary id)``, in git's order."""
        return [] if oid == EMPTY_TREE else _ENTRY.findall(self._typed(oid, "tree"))

    def commit(self, oid: str) -> CommitObject:
        """Return a commit."""
        return parse_commit(self._typed(oid, "commit"))

    def entry(self, tree: str, path: bytes) -> tuple[str, str] | None:
        """Return (mode, id) of the file, link, submodule or directory at `path`, or None."""
        found: tuple[bytes, bytes] | None = (DIRECTORY, bytes.fromhex(tree))
        for name in path.split(b"/"):
            if found is None or found[0] != DIRECTORY:
                return None
            listing = self.tree(found[1].hex())
            found = next(((mode, oid) for mode, other, oid in listing if other == name), None)
        return (found[0].decode(), found[1].hex()) if found else None

    def write(self, kind: str, data: bytes) -> str:
        """Store an object and return its id."""
        try:
            return str(self._odb.write(_NUMBERS[kind], data))
        except (OSError, pygit2.GitError) as error:
            raise GitFailed(f"cannot write to the object store: {error}") from error

    def write_tree(self, entries: Mapping[bytes, Entry]) -> str:
        """Store a tree of ``{name: (mode, binary id)}`` and return its id."""
        ordered = sorted(entries.items(), key=_git_order)
        data = b"".join(b"%s %s\0%s" % (mode, name, oid) for name, (mode, oid) in ordered)
        return self.write("tree", data)

    def write_commit(
        self,
        tree: str,
        parents: Iterable[str],
        message: str | bytes,
        *,
        author: bytes,
        committer: bytes,
    ) -> str:
        """Store a commit; identities are raw lines, ``Name <mail> 1700000000 +0100``."""
        head = [b"tree " + tree.encode()]
        head += [b"parent " + parent.encode() for parent in parents]
        head += [b"author " + author, b"committer " + committer]
        body = message.encode("utf-8", "surrogateescape") if isinstance(message, str) else message
        return self.write("commit", b"\n".join(head) + b"\n\n" + body)

    def _typed(self, oid: str, wanted: str) -> bytes:
        kind, data = self.read(oid)
        if kind != wanted:
            raise NotFound(wanted, oid, hint=f"it is a {kind}")
        return data


def parse_commit(data: bytes) -> CommitObject:
    """Return the commit that raw commit content describes; unknown headers are skipped."""
    head, _, message = data.partition(b"\n\n")
    fields: dict[bytes, list[bytes]] = {}
    for line in head.split(b"\n"):
        key, _, value = line.partition(b" ")
        fields.setdefault(key, []).append(value)
    return CommitObject(
        tree=fields[b"tree"][0].decode(),
        parents=tuple(x.decode() for x in fields.get(b"parent", [])),
        author=fields[b"author"][0],
        committer=fields[b"committer"][0],
        message=message,
    )


def _git_order(item: tuple[bytes, Entry]) -> bytes:
    """Git sorts a directory as if its name ended in a slash."""
    name, (mode, _) = item
    return name + b"/" if mode == DIRECTORY else name
