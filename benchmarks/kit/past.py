"""Lanes with a long past, written in bulk.

The state is what so many operations would have left: every attempt is a commit on the one
before it, every journal entry goes through the store's own codec, and the intents and costs are
trees of the store's own notes writer. Two things are shorter than life, and no reader looks at
either: the notes refs have one commit in the place of one for each operation, so entries name
only the move of their lane's head among ``refs``, and all of it lies in one pack.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from benchmarks.kit.forests import WHO, feed
from gitlanes import clock, ids
from gitlanes.git.notes import add_lines
from gitlanes.git.objects import ObjectStore
from gitlanes.git.packs import part_of
from gitlanes.git.raw import EMPTY_TREE, id_of
from gitlanes.git.trees import overlay
from gitlanes.models.plain import replace
from gitlanes.models.records import ACCEPTED, ACTIVE, Attempt, Entry, Landed, Lane, RefChange
from gitlanes.store import codec, layout
from tests.support.repos import TestRepo

_BEGINNING = 1_700_000_000
_VARIANTS = 100


class PackedStore(ObjectStore):
    """An object store that keeps what is written until `finish` stores it as one pack."""

    def __init__(self, repo: TestRepo):
        super().__init__(repo.git("rev-parse", "--path-format=absolute", "--git-common-dir"))
        self._repo = repo
        self._parts: dict[str, bytes] = {}

    def write(self, kind: str, data: bytes) -> str:
        """Keep an object and return its id."""
        oid = id_of(kind, data)
        if oid not in self._parts:
            self._parts[oid] = part_of(kind, data)
        return oid

    def finish(self) -> None:
        """Let git check and store everything as one pack."""
        body = b"PACK" + struct.pack(">II", 2, len(self._parts)) + b"".join(self._parts.values())
        pack = body + hashlib.sha1(body, usedforsecurity=False).digest()
        feed(self._repo, pack, "index-pack", "--stdin")


@contextmanager
def busy(make: Callable[[int], TestRepo]) -> Iterator[Callable[[int], TestRepo]]:
    """Yield what returns a repository whose lane 'busy' has so many attempts, made once each."""
    made: dict[int, TestRepo] = {}

    def find(attempts: int) -> TestRepo:
        if attempts not in made:
            made[attempts] = make(attempts)
        return made[attempts]

    yield find
    for repo in made.values():
        repo.close()


def grown(repo: TestRepo, attempts: int) -> TestRepo:
    """Return the repository with so many attempts in lane 'busy'."""
    past = Past.of(repo)
    past.lane("busy", attempts)
    past.finish()
    return repo


@dataclass
class Past:
    """Bulk work on one adopted repository: lanes with attempts, stored by `finish`."""

    repo: TestRepo
    store: PackedStore
    base: str
    trunk: str
    trees: list[str]
    refs: list[tuple[str, str]] = field(default_factory=list)
    intents: dict[str, list[bytes]] = field(default_factory=dict)
    costs: dict[str, list[bytes]] = field(default_factory=dict)
    moment: float = _BEGINNING

    @classmethod
    def of(cls, repo: TestRepo) -> Past:
        """Begin at the head of the adopted lane."""
        main = repo.inner().view.lane("main").record
        packed, stored = PackedStore(repo), ObjectStore(str(repo.inner().place.common_dir))
        tree = stored.commit(str(main.head)).tree
        trees = []
        for number in range(_VARIANTS):
            blob = stored.write("blob", b"attempt %d\n" % number)
            trees.append(overlay(stored, tree, {b"worked-on.txt": ("100644", blob)}))
        return cls(repo, packed, str(main.head), main.uuid, trees)

    def lane(self, name: str, attempts: int) -> Lane:
        """Add a lane with that many accepted attempts; return its record."""
        record = Lane(
            name=name,
            uuid=ids.new_id(self._tick()),
            status=ACTIVE,
            head=self.base,
            fork=self.base,
            created=clock.utc_text(self.moment),
            origin=self.trunk,
            landed={self.trunk: Landed((self.base,))},
        )
        root = self._commit(EMPTY_TREE, [], codec.encode_root(record))
        tip = self._entry(record, root, "new", f"new lane {name}", None)
        for number in range(1, attempts + 1):
            record, tip = self._attempt(record, tip, number)
        self.refs += [(layout.head(name), str(record.head)), (layout.journal(name), tip)]
        return record

    def finish(self) -> None:
        """Store everything and make the refs, packed as after `git gc`."""
        for kind, lines in (("intents", self.intents), ("costs", self.costs)):
            if lines:
                tree = add_lines(self.store, None, lines)
                self.refs.append((layout.NOTES[kind], self._commit(tree, [], "notes\n")))
        self.store.finish()
        script = "".join(f"create {name} {oid}\n" for name, oid in self.refs)
        feed(self.repo, script.encode(), "update-ref", "--stdin")
        self.repo.git("pack-refs", "--all")

    def _attempt(self, lane: Lane, tip: str, number: int) -> tuple[Lane, str]:
        change = ids.new_change_id()
        tree = self.trees[number % _VARIANTS]
        message = f"work {number} of {lane.name}\n\nChange-Id: {change}\n"
        oid = self._commit(tree, [str(lane.head)], message)
        made = Attempt(
            id=ids.attempt_id(lane.name, number),
            lane=lane.name,
            number=number,
            uuid=ids.new_id(self._tick()),
            kind="work",
            status=ACCEPTED,
            commit=oid,
            base=lane.head,
            tree=tree,
            change_id=change,
            title=f"work {number} of {lane.name}",
            agent=f"agent-{lane.name}",
            time=clock.utc_text(self.moment),
            landed=oid,
            decided=clock.utc_text(self.moment),
        )
        self._note(made)
        after = replace(lane, head=oid, next=number + 1)
        return after, self._entry(after, tip, "commit", f"commit {made.id}: {made.title}", made)

    def _entry(
        self, record: Lane, previous: str, verb: str, description: str, made: Attempt | None
    ) -> str:
        head = str(record.head)
        entry = Entry(
            oid="",
            operation=ids.new_id(self.moment),
            verb=verb,
            description=description,
            actor=made.agent if made else None,
            host="benchmark",
            time=clock.utc_text(self.moment),
            previous=(previous,) if made else (),
            refs=(RefChange(layout.head(record.name), made.base if made else None, head),),
            lanes={record.name: record.uuid},
            record=record,
            attempts=(made,) if made else (),
        )
        return self._commit(EMPTY_TREE, [previous, head], codec.encode_entry(entry))

    def _note(self, made: Attempt) -> None:
        about = {
            "attempt": made.id,
            "attempt_uuid": made.uuid,
            "kind": made.kind,
            "change_id": made.change_id,
            "operation": made.uuid,
            "time": made.time,
        }
        why = {**about, "prompt": "do the next thing", "agent": {"id": made.agent}}
        what = {**about, "input_tokens": 1200, "output_tokens": 340, "wall_ms": 5000}
        line = ids.new_id(self.moment)
        self.intents[made.commit] = [codec.encode_line("intent", line, why)]
        self.costs[made.commit] = [codec.encode_line("cost", line, what)]

    def _commit(self, tree: str, parents: Iterable[str], message: str) -> str:
        who = WHO.replace(str(_BEGINNING).encode(), str(int(self.moment)).encode())
        if tree == EMPTY_TREE:
            self.store.write("tree", b"")
        return self.store.write_commit(tree, parents, message, author=who, committer=who)

    def _tick(self) -> float:
        self.moment += 1
        return self.moment
