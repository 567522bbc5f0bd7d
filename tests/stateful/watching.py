"""All of a repository with lanes, read with plain git and never with the code under test."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.observed import files_below, left_behind
from tests.support.repos import TestRepo

Files = dict[str, str]
Record = dict[str, Any]

JOURNALS = "refs/lanes/journal/"
HEADS = "refs/lanes/head/"


@dataclass(frozen=True)
class Entry:
    """One journal entry: what it says, and the commit that it is."""

    oid: str
    parents: tuple[str, ...]
    body: Mapping[str, Any]

    @property
    def record(self) -> Record:
        """Return the lane's record after it."""
        found: Record = self.body["record"]
        return found

    @property
    def uuid(self) -> str:
        """Return whose entry it is."""
        return str(self.record["uuid"])


@dataclass(frozen=True)
class Place:
    """A work tree: which lane's, where its HEAD is, what differs, and every file."""

    path: Path
    lane: str | None
    head: str
    base: str | None
    dirty: Mapping[str, str]
    disk: Mapping[str, bytes]


@dataclass
class Look:
    """What there is at one moment."""

    refs: dict[str, str]
    places: dict[str, Place]
    own: dict[str, object]  # what is the user's: HEAD, branches, stash, config, hooks
    tips: dict[str, Entry] = field(default_factory=dict)

    @property
    def lanes(self) -> dict[str, Record]:
        """Return {uuid: record} of all lanes that there are."""
        records = [x.record for x in self.tips.values()]
        return {x["uuid"]: x for x in records if x["status"] not in ("deleted", "renamed")}


class Watch:
    """Reads a repository again and again; what cannot change is read once."""

    def __init__(self, repo: TestRepo):
        self.repo = repo
        self.entries: dict[str, Entry] = {}
        self._trees: dict[str, Files] = {}
        self._read: set[str] = set()

    def look(self) -> Look:
        """Return what there is now."""
        refs = self.repo.refs()
        self._read_journals({y for x, y in refs.items() if x.startswith(JOURNALS)})
        places = {x.path.name: x for x in self._places()}
        seen = Look(refs, places, self._own(refs))
        for name, oid in refs.items():
            if name.startswith(JOURNALS):
                seen.tips[name.removeprefix(JOURNALS)] = self.entries[oid]
        return seen

    def files(self, commit: str) -> Files:
        """Return {path: content} of a commit."""
        if commit not in self._trees:
            self._trees[commit] = self.repo.files(commit)
        return self._trees[commit]

    def operations(self, before: Look, after: Look) -> list[list[Entry]]:
        """Return the operations that were recorded in between, each with its entries."""
        found: dict[str, list[Entry]] = {}
        known = {x.oid for x in before.tips.values()}
        for name, tip in after.tips.items():
            for entry in self._since(tip, before.tips.get(name), known):
                found.setdefault(entry.body["operation"], []).append(entry)
        return [found[x] for x in sorted(found)]

    def reachable(self) -> set[str]:
        """Return all objects that refs hold."""
        listed = self.repo.git("rev-list", "--objects", "--all", "--no-object-names")
        return set(listed.split())

    def change_ids(self, commit: str) -> set[str]:
        """Return the Change-Ids in a history."""
        shape = "--format=%(trailers:key=Change-Id,valueonly,separator=%x20)"
        return set(self.repo.git("log", shape, commit).split())

    def is_ancestor(self, old: str, new: str) -> bool:
        """Say whether a history has a commit."""
        return self.merge_base(old, new) == old

    def merge_base(self, one: str, other: str) -> str:
        """Return where two histories parted, or nothing."""
        return self.repo.git("merge-base", one, other, check=False)

    def left(self) -> list[str]:
        """Return what lies about that stops git or us."""
        return left_behind(self.repo)

    def _since(self, tip: Entry, old: Entry | None, known: set[str]) -> Iterator[Entry]:
        """Yield the entries of a journal since one; fails if the journal did not only grow.

        That of a lane with another name goes on from its old one's, and ends at what is `known`.
        """
        entry: Entry | None = tip
        while entry is not None and entry.oid not in known:
            yield entry
            entry = self.entries.get(entry.parents[0])
        assert old is None or entry is not None, "a journal lost entries"

    def _read_journals(self, tips: set[str]) -> None:
        fresh = tips - self.entries.keys()
        if not fresh:
            return
        known = [f"^{x}" for x in self._read]
        said = self.repo.git("log", "--format=%x01%H %P%n%B", *fresh, *known)
        for text in said.split("\x01")[1:]:
            ids, _, message = text.partition("\n")
            body = message.rstrip("\n").rpartition("\n")[2]
            if body.startswith('{"') and "gitlanes.entry/1" in body:
                oid, *parents = ids.split()
                self.entries[oid] = Entry(oid, tuple(parents), json.loads(body))
        self._read |= fresh

    def _own(self, refs: Mapping[str, str]) -> dict[str, object]:
        top = self.repo.path / ".git"
        hooks = {x.name: x.read_bytes() for x in (top / "hooks").iterdir()}
        branches = {
            x: y
            for x, y in refs.items()
            if x.startswith(("refs/heads/", "refs/tags/", "refs/stash"))
        }
        return {
            "HEAD": (top / "HEAD").read_text(),
            "config": (top / "config").read_text(),
            "hooks": hooks,
            "branches": branches,
        }

    def _places(self) -> Iterator[Place]:
        listed = self.repo.git("worktree", "list", "--porcelain", "-z").split("\0")
        for path in (Path(x[9:]) for x in listed if x.startswith("worktree ")):
            if path.is_dir():
                yield self._place(path)

    def _place(self, path: Path) -> Place:
        mark = path / ".git"
        git_dir = mark if mark.is_dir() else Path(mark.read_text()[8:].rstrip("\n"))
        known = git_dir / "lanes.json"
        state = json.loads(known.read_text()) if known.exists() else {}
        rows = self.repo.git("status", "--porcelain", "-z", "-uall", "--no-renames", cwd=path)
        dirty = {x[3:]: x[:2] for x in rows.split("\0") if x}
        head = self.repo.git("rev-parse", "--verify", "HEAD", cwd=path)
        return Place(path, state.get("lane"), head, state.get("base"), dirty, files_below(path))


def blob(content: bytes) -> str:
    """Return the id of a file's content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def named_in(body: Mapping[str, Any]) -> set[str]:
    """Return the commits that an entry names, in its record, its attempts and its details."""
    kept = {x: body[x] for x in ("record", "attempts", "details")}
    return set(_oids(kept))


def _oids(value: object) -> Iterator[str]:
    if isinstance(value, str):
        if len(value) == 40 and not set(value) - set("0123456789abcdef"):
            yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _oids(one)
    elif isinstance(value, list):
        for one in value:
            yield from _oids(one)
