"""Git's object store, read and written through libgit2; refs are never touched here.

Only the object directory is opened, not the repository: libgit2 refuses repositories whose
ref format or extensions it does not know, while the objects in them are plain.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gitlanes.errors import BadValue, GitFailed, NotFound
from gitlanes.git import libgit2
from gitlanes.git.raw import (
    NOT_THERE,
    CommitObject,
    Entry,
    ObjectReader,
    id_of,
    in_order,
    split_rows,
)

if TYPE_CHECKING:
    from gitlanes.git.packs import Pack

pygit2 = libgit2.load()

T = TypeVar("T")

_KINDS = {1: "commit", 2: "tree", 3: "blob", 4: "tag"}
_TRIES = 5
_NUMBERS = {name: number for number, name in _KINDS.items()}

# From so many on, objects that are held back are written as one pack; and no more bytes of them
# are held than this.
_AS_PACK, _MOST_HELD = 64, 1 << 23

# Objects that are kept once read, of so many bytes at most: a landing asks for many twice, and
# the next one for most of them again.
_KEPT, _SMALL = 512, 16_384


class ObjectStore(ObjectReader):
    """The objects of one repository, by hexadecimal id.

    ``git`` is asked for what libgit2 does not find, and ``durable`` whether what is written of a
    kind, 'loose-object' or 'pack', is to be there after a power failure.
    """

    def __init__(
        self,
        common_dir: str,
        git: ObjectReader | None = None,
        durable: Callable[[str], bool] = lambda _: False,
    ):
        self._directory = Path(common_dir, "objects")
        self._odb = pygit2.Odb(str(self._directory))
        self._git = git
        self._durable = durable
        self._kept: dict[str, tuple[str, bytes]] = {}
        self._rows: dict[str, frozenset[bytes]] = {}
        self._commits: dict[str, CommitObject] = {}
        self._held: dict[str, tuple[str, bytes]] | None = None
        self._own: set[str] = set()
        self._bytes_held = 0

    @contextmanager
    def holding_back(self) -> Iterator[None]:
        """Hold back what is written in the block, so that it is written at once.

        That is done by `settle` and `as_pack`, and at the end. If the block raises, what is held
        back still was for nothing.
        """
        if self._held is not None:
            yield
            return
        self._held, self._bytes_held, self._own = {}, 0, set()
        try:
            yield
            self.settle()
        finally:
            self._held = None

    def has_held(self, names: Iterable[str]) -> bool:
        """Say whether one of these names of objects begins with the id of one that is held back."""
        held = self._held or {}
        return bool(held) and any(name[:40] in held for name in names)

    def settle(self) -> None:
        """Write what is held back, for git to see it."""
        if not self._held:
            return
        held, self._held = self._held, None  # git may be asked meanwhile how durable it is to be
        try:
            while held:
                oid, (kind, data) = next(iter(held.items()))
                self._write(kind, data)
                del held[oid]
        finally:
            self._held, self._bytes_held = held, 0

    def as_pack(self) -> Pack | None:
        """Return what is held back as a pack to be written by `write_pack`, None for a few."""
        if not self._held or len(self._held) < _AS_PACK:
            self.settle()
            return None
        from gitlanes.git.packs import Pack  # few operations write that much

        return Pack(self._directory / "pack", self._held)

    def write_pack(self, pack: Pack) -> None:
        """Write all that is held back as the pack that `as_pack` made of it."""
        try:
            pack.write(durable=self._durable("pack"))
        except OSError as error:
            raise _unwritable(error) from error
        assert self._held is not None
        self._held.clear()
        self._bytes_held = 0

    def read(self, oid: str) -> tuple[str, bytes]:
        """Return the kind ('blob', 'tree', 'commit', 'tag') and the content of an object.

        What libgit2 does not find, git is asked for: in a partial clone it fetches it.
        """
        found = self._kept.get(oid)
        if found is None:
            found = self._found(oid)
            if len(found[1]) <= _SMALL:
                _keep(self._kept, oid, found)
        return found

    def tree_rows(self, oid: str) -> frozenset[bytes]:
        """Return the raw entries of a tree: whole ones compare faster than taken apart."""
        found = self._rows.get(oid)
        if found is None:
            found = split_rows(self.tree_content(oid))
            if oid in self._kept:
                _keep(self._rows, oid, found)
        return found

    def commit(self, oid: str) -> CommitObject:
        """Return a commit."""
        found = self._commits.get(oid)
        if found is None:
            found = super().commit(oid)
            if oid in self._kept:
                _keep(self._commits, oid, found)
        return found

    def _found(self, oid: str) -> tuple[str, bytes]:
        if self._held and oid in self._held:
            return self._held[oid]
        try:
            kind, data = self._odb.read(oid)
        except (KeyError, ValueError, pygit2.GitError) as error:
            if self._git is not None:
                return self._ask(self._git, oid)
            raise NotFound("object", oid, hint=NOT_THERE) from error
        return _KINDS[int(kind)], data

    @staticmethod
    def _ask(git: ObjectReader, oid: str) -> tuple[str, bytes]:
        try:
            return git.read(oid)
        except GitFailed as error:  # it gives up where the fetch fails
            raise NotFound(
                "object", oid, hint="this partial clone could not fetch it: is its remote there?"
            ) from error

    def write(self, kind: str, data: bytes) -> str:
        """Store an object and return its id."""
        if self._held is None:
            return self._write(kind, data)
        oid = id_of(kind, data)
        self._held[oid] = kind, data
        self._bytes_held += len(data)
        if self._bytes_held > _MOST_HELD:
            self.settle()
        return oid

    def _write(self, kind: str, data: bytes) -> str:
        for tries_left in reversed(range(_TRIES)):
            try:
                oid = str(self._odb.write(_NUMBERS[kind], data))
                if self._durable("loose-object"):
                    self._harden(oid)
                return oid
            except (OSError, pygit2.GitError) as error:
                # `git gc` removes an emptied directory just when libgit2 renames into it.
                if not tries_left:
                    raise _unwritable(error) from error
        raise AssertionError("the last try returns or raises")

    def _harden(self, oid: str) -> None:
        """Fsync a loose object; libgit2 takes nobody's word for it but that of all repositories."""
        with suppress(FileNotFoundError):  # a pack has it
            file = os.open(self._directory / oid[:2] / oid[2:], os.O_RDONLY)
            try:
                os.fsync(file)
            finally:
                os.close(file)

    def write_tree(self, entries: Mapping[bytes, Entry]) -> str:
        """Store a tree of ``{name: (mode, binary id)}`` and return its id."""
        rows = [b"%s %s\0%s" % (mode, name, oid) for name, (mode, oid) in entries.items()]
        return self.write("tree", b"".join(in_order(rows)))

    def write_commit(
        self,
        tree: str,
        parents: Iterable[str],
        message: str | bytes,
        *,
        author: bytes,
        committer: bytes,
    ) -> str:
        """Store a commit; identities are raw lines, ``Name <mail> 1700000000 +0100``.

        Raises BadValue for a message that git would cut, or that is no Unicode text.
        """
        return self.write("commit", _commit(tree, parents, author, committer, _checked(message)))

    def write_own_commit(
        self,
        tree: str,
        parents: Iterable[str],
        message: str | bytes,
        *,
        author: bytes,
        committer: bytes,
    ) -> str:
        """Store a commit that was not there; it is a second later than one that is equal to it.

        For attempts: records belong to a commit, and git counts time in whole seconds, in which
        the same work may be offered twice.
        """
        body, above = _checked(message), tuple(parents)
        held = self._held or {}
        # Nobody has seen those, so nothing but what is held back can stand on them.
        alone = any(parent in held and parent in self._own for parent in above)
        while True:
            data = _commit(tree, above, author, committer, body)
            oid = id_of("commit", data)
            if oid not in held and (alone or oid not in self._odb):
                break
            committer = _later(committer)
        if self._held is not None:
            self._own.add(oid)
        return self.write("commit", data)


def _unwritable(error: Exception) -> GitFailed:
    return GitFailed(
        f"cannot write to the object store: {error}",
        hint="nothing was changed: mend that, then repeat",
    )


def _keep(kept: dict[str, T], oid: str, found: T) -> None:
    if len(kept) >= _KEPT:
        kept.clear()
    kept[oid] = found


def _commit(
    tree: str, parents: Iterable[str], author: bytes, committer: bytes, message: bytes
) -> bytes:
    head = [b"tree " + tree.encode()]
    head += [b"parent " + parent.encode() for parent in parents]
    head += [b"author " + author, b"committer " + committer]
    return b"\n".join(head) + b"\n\n" + message


def _later(identity: bytes) -> bytes:
    who, second, zone = identity.rsplit(b" ", 2)
    return b"%s %d %s" % (who, int(second) + 1, zone)


def _checked(message: str | bytes) -> bytes:
    """Return a commit message's bytes."""
    try:
        body = message.encode("utf-8", "surrogateescape") if isinstance(message, str) else message
    except UnicodeEncodeError as error:
        raise BadValue(f"a commit message cannot be written: {error.reason}") from error
    if b"\0" in body:
        raise BadValue("a commit message cannot contain a NUL byte")
    return body
