"""Commits, entries and notes written anew without a secret; the same secret gives the same ones.

So two clones that are purged of it have the same journals afterwards, and are joined as ever.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from gitlanes.epochs.secret import Secret
from gitlanes.errors import CorruptRecord, Refused
from gitlanes.git.notes import add_lines, changed_notes, merge_notes, read_notes
from gitlanes.git.raw import DIRECTORY, EMPTY_TREE
from gitlanes.store import codec
from gitlanes.store.purged import WAS, from_of

if TYPE_CHECKING:
    from gitlanes.epochs.scanning import Found
    from gitlanes.models.records import Entry
    from gitlanes.store.lane_repo import LaneRepo


# As git writes it, and as some wrote it long ago.
_DIRECTORIES = (DIRECTORY, b"040000")


class Rewriting:
    """What becomes of each object: `now` is {old id: new id} of those that are others then."""

    def __init__(self, repo: LaneRepo, secret: Secret, found: Found):
        self._store = repo.objects
        self._secret = secret
        self._found = found
        self._seen: set[str] = set()
        self.now: dict[str, str] = {}
        self.entries = 0

    def run(self) -> None:
        """Write all that changes: work first, then notes on it, and entries that name both."""
        entries, notes = [], []
        for oid in self._found.commits:
            data = self._store.read(oid)[1]
            if oid in self._found.notes:
                notes.append(oid)
            elif (text := _json_of(data)) is not None:
                entries.append((oid, data, text))
            else:
                self._work(oid, data)
        for oid in notes:
            self._notes(oid)
        for oid, data, text in entries:
            self._entry(oid, data, text)

    def _kept(self, oid: str, new: str) -> None:
        if new != oid:
            self.now[oid] = new

    def _work(self, oid: str, data: bytes) -> None:
        head, _, message = data.partition(b"\n\n")
        lines = [self._header(x) for x in head.split(b"\n")]
        if lines == head.split(b"\n") and oid not in self._found.holding:
            return
        whole = b"\n".join(_unsigned(lines)) + b"\n\n" + message
        self._kept(oid, self._store.write("commit", self._secret.without(whole)))

    def _header(self, line: bytes) -> bytes:
        key, _, value = line.partition(b" ")
        if key == b"tree":
            return b"tree " + self._tree(value.decode()).encode()
        if key == b"parent":
            return b"parent " + self.now.get(value.decode(), value.decode()).encode()
        return line

    def _tree(self, top: str) -> str:
        """Return what a tree becomes; those in it are seen to first, however deep they are."""
        todo = [top]
        while todo:
            oid = todo[-1]
            rows = [] if oid in self._seen else self._store.tree(oid)
            below = (raw.hex() for mode, _, raw in rows if mode in _DIRECTORIES)
            if unknown := [x for x in below if x not in self._seen]:
                todo += unknown
                continue
            todo.pop()
            entries = {name: (mode, self._below(mode, raw)) for mode, name, raw in rows}
            if any(entries[name][1] != raw for _, name, raw in rows):
                self._kept(oid, self._store.write_tree(entries))
            self._seen.add(oid)
        return self.now.get(top, top)

    def _below(self, mode: bytes, raw: bytes) -> bytes:
        """Return what a file or a directory that was seen to becomes."""
        oid = raw.hex()
        if mode not in _DIRECTORIES and oid in self._found.holding and oid not in self.now:
            self._kept(oid, self._store.write("blob", self._secret.without(self._store.blob(oid))))
        return bytes.fromhex(self.now.get(oid, oid))

    def _notes(self, oid: str) -> None:
        """Write a commit of notes anew if notes before it, or its own, are others now."""
        commit = self._store.commit(oid)
        parents = [self.now.get(x, x) for x in commit.parents]
        before = [self._store.commit(x).tree for x in commit.parents]
        new = self._new_notes(before[0] if before else None, commit.tree)
        others = any(x in self.now or text != old for x, old, text in new)
        if parents == [*commit.parents] and not others and oid not in self._found.holding:
            return
        trees = [self._store.commit(x).tree for x in parents]
        tree = trees[0] if trees else None
        for other in trees[1:]:
            tree = merge_notes(self._store, str(tree), other)
        lines = {self.now.get(x, x): text.split(b"\n") for x, _, text in new}
        tree = add_lines(self._store, tree, lines)
        message = self._secret.without(commit.message)
        if from_of(message.decode("utf-8", "replace")) is None:
            message = message.rstrip(b"\n") + f"\n\n{WAS}{oid}\n".encode()
        self._kept(
            oid,
            self._store.write_commit(
                tree, parents, message, author=commit.author, committer=commit.committer
            ),
        )

    def _new_notes(self, old: str | None, new: str) -> list[tuple[str, bytes, bytes]]:
        """Return (commit, note, note without the secret) of what a commit of notes changed."""
        changed = changed_notes(self._store, old, new)
        found = read_notes(self._store, new, sorted(changed))
        return [
            (commit, text, b"\n".join(map(self._line, text.split(b"\n"))))
            for commit, text in found.items()
        ]

    def _line(self, line: bytes) -> bytes:
        if not self._names_others(line) and not self._secret.within(line):
            return line
        try:
            return codec.dump(self._secret.value(json.loads(line), self.now)).encode()
        except (ValueError, RecursionError):
            return self._secret.without(line)

    def _names_others(self, line: bytes) -> bool:
        """Say whether a line of JSON names an object that is another one now."""
        return any(x in self.now for x in line.decode("utf-8", "replace").split('"'))

    def _entry(self, oid: str, data: bytes, text: bytes) -> None:
        head, _, message = data.partition(b"\n\n")
        lines = [self._header(x) for x in head.split(b"\n")]
        body = json.loads(text)
        new = self._secret.value(body, self.now)
        # Where refs were is no reason: notes are one for all lanes, and a purge is told by it.
        moved = {**new, "refs": body["refs"]} if "refs" in body else new
        if lines == head.split(b"\n") and moved == body and oid not in self._found.holding:
            return
        if body.get("verb") == "purge":
            new = moved
        subject = self._secret.without(message.partition(b"\n\n")[0])
        if "previous" in body:
            new["was"] = body.get("was", oid)
            self.entries += 1
        message = subject + b"\n\n" + codec.dump(new).encode() + b"\n"
        if "previous" in body:
            self._require_same(oid, data.partition(b"\n\n")[2], message)
        head = self._secret.without(b"\n".join(_unsigned(lines)))
        self._kept(oid, self._store.write("commit", head + b"\n\n" + message))

    @staticmethod
    def _require_same(oid: str, old: bytes, new: bytes) -> None:
        """Raise Refused where the secret is part of what an entry is known by, or of its form."""
        try:
            before = _known_by(codec.decode_entry(oid, old))
        except CorruptRecord:
            return  # it was damaged before
        try:
            after = _known_by(codec.decode_entry(oid, new))
        except CorruptRecord:
            after = None
        if before != after:
            raise Refused(
                "the secret is a name, or a word that records are made of",
                hint="purge what is around it, too: give more of the text",
            )


def _known_by(entry: Entry) -> tuple[Any, ...]:
    record = entry.record
    names = (record.name, record.branch, tuple(record.exports), record.imported)
    return (*names, entry.verb, entry.operation, entry.time, entry.lanes, record.status)


def _json_of(data: bytes) -> bytes | None:
    """Return the JSON of a journal's commit, None of any other."""
    head, _, message = data.partition(b"\n\n")
    text = message.partition(b"\n\n")[2]
    if not head.startswith(b"tree " + EMPTY_TREE.encode()) or not text.startswith(b"{"):
        return None
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return None
    known = isinstance(body, dict) and body.get("schema") in (codec.ENTRY_SCHEMA, codec.ROOT_SCHEMA)
    return text if known else None


def _unsigned(lines: list[bytes]) -> list[bytes]:
    """Return a commit's headers without a signature, which holds no more."""
    kept, signature = [], False
    for line in lines:
        signature = line.startswith(b"gpgsig") or (signature and line.startswith(b" "))
        if not signature:
            kept.append(line)
    return kept
