"""The lines that one operation adds to notes, and the notes refs' moves that add them."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING

from gitlanes.errors import CorruptRecord, NotFound
from gitlanes.git.refs import RefMove, list_refs
from gitlanes.store import layout

if TYPE_CHECKING:
    from gitlanes.git.objects import ObjectStore
    from gitlanes.git.process import Git
    from gitlanes.git.refs import RefReader

WriteCommit = Callable[[str, Iterable[str]], str]


class NoteLines:
    """Collects lines by kind and commit, and which commits inherit those of others."""

    def __init__(self) -> None:
        self._lines: dict[str, dict[str, list[bytes]]] = {}
        self._carried: list[tuple[str, str]] = []
        self._others: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._lines or self._carried or self._others)

    def join(self, kind: str, tip: str) -> None:
        """Add all notes of another commit on notes of that kind, which becomes a parent."""
        self._others[kind] = tip

    def add(self, kind: str, commit: str, line: bytes) -> None:
        """Add a line to a commit's note of that kind."""
        self._lines.setdefault(kind, {}).setdefault(commit, []).append(line)

    def carry(self, source: str, target: str) -> None:
        """Give one commit all lines of another, new ones too."""
        self._carried.append((source, target))

    def write(
        self, store: ObjectStore, now: Mapping[str, str | None], commit: WriteCommit
    ) -> list[RefMove]:
        """Write notes trees on top of those that the refs are at `now`; return the moves.

        ``commit`` writes a commit of a tree with parents. Raises CorruptRecord where the notes
        that are there cannot be read.
        """
        moves: list[RefMove] = []
        for kind, name in layout.NOTES.items():
            try:
                new = self._written(store, kind, now[name], commit)
            except NotFound as error:
                raise CorruptRecord(
                    f"notes at '{name}' are damaged: {error.message}", hint=_WAY_OUT.format(name)
                ) from error
            if new != now[name]:
                moves.append(RefMove(name, now[name], new))
        return moves

    def require_sound(self, git: Git, refs: RefReader) -> None:
        """Raise CorruptRecord where a ref of notes is there, and its commit is not.

        Then it looks as if it were not there, until git refuses to make it.
        """
        if not self:
            return
        for name, oid in list_refs(git, layout.NOTES.values(), "refname objectname"):
            ref, tip = os.fsdecode(name), oid.decode()
            if refs.target(ref) is None:
                raise CorruptRecord(
                    f"notes at '{ref}' are damaged: commit '{tip}' not found",
                    hint=_WAY_OUT.format(ref),
                )

    def _written(
        self, store: ObjectStore, kind: str, old: str | None, commit: WriteCommit
    ) -> str | None:
        """Return the commit of all notes of a kind with what is added."""
        from gitlanes.git.notes import add_lines

        tree, parents = self._joined(store, kind, old)
        lines = self._of_kind(store, kind, tree)
        if lines:
            tree = add_lines(store, tree, lines)
        elif len(parents) < 2:
            return next(iter(parents), None)
        return commit(str(tree), parents)

    def _joined(
        self, store: ObjectStore, kind: str, old: str | None
    ) -> tuple[str | None, tuple[str, ...]]:
        """Return the tree of our notes and those that join them, and which commits those are."""
        from gitlanes.git.notes import merge_notes

        other = self._others.get(kind)
        tips = [x for x in (other, old) if x]
        trees = [store.commit(x).tree for x in tips]
        if len(trees) < 2:
            return (trees[0] if trees else None), tuple(tips)
        tree = merge_notes(store, trees[1], trees[0])
        return tree, tuple(tips[:1] if tree == trees[0] else tips)

    def _of_kind(self, store: ObjectStore, kind: str, tree: str | None) -> dict[str, list[bytes]]:
        from gitlanes.git.notes import read_notes

        lines = {commit: list(new) for commit, new in self._lines.get(kind, {}).items()}
        sources = [source for source, _ in self._carried]
        known = read_notes(store, tree, sources) if tree and sources else {}
        for source, target in self._carried:
            carried = [*known.get(source, b"").splitlines(), *lines.get(source, ())]
            if carried:
                lines.setdefault(target, []).extend(carried)
        return lines


_WAY_OUT = (
    "run 'git fsck'; fetch the ref from another clone, or put it at a commit before "
    "the damage: git log -g --format=%H {}"
)
