"""Epochs of a journal: each begins with all that is known, and keeps the one before.

The first entry stands on a root of its own, so that who reads first parents is at the end there.
The epoch before is kept by a further parent: no commit is lost, an ordinary push goes forward, and
who went on in it elsewhere is joined as ever.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitlanes.git.raw import EMPTY_TREE
from gitlanes.models.records import EPOCH, RENAMED, Attempt, Entry, LaneState
from gitlanes.store import codec, journal

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo
    from gitlanes.store.transaction import Transaction


class Present(NamedTuple):
    """The epoch that a journal is in: its number, its entries, the attempts as they are now."""

    number: int
    entries: int
    attempts: tuple[Attempt, ...]


def present(repo: LaneRepo, tip: str) -> Present:
    """Return what a journal's epoch has; raises CorruptRecord.

    Attempts from before a tombstone of a renaming are left out: another journal knows of them.
    """
    known: dict[str, Attempt] = {}
    number, count, own = 1, 0, True
    for entry in journal.line_of(repo.refs, tip):
        own = own and entry.record.status != RENAMED
        for attempt in (*entry.attempts, *entry.record.open) if own else ():
            known.setdefault(attempt.id, attempt)
        if EPOCH in entry.details:
            number = int(entry.details[EPOCH]["number"])
            known = {**codec.indexed(entry), **known} if own else known
            break
        count += 1
    return Present(number, count, tuple(sorted(known.values(), key=lambda x: (x.lane, x.number))))


def begin(tx: Transaction, state: LaneState, now: Present) -> str:
    """Write the beginning of a lane's next epoch, on which the operation's entry is to stand."""
    repo, lane, who = tx.repo, state.record, tx.repo.identity()
    number = now.number + 1
    told = {"number": number, "of": state.tip, "attempts": codec.index_of(now.attempts)}
    entry = Entry(
        oid="",
        operation=tx.operation,
        verb=tx.verb,
        description=f"epoch {number} of lane {lane.name}",
        actor=tx.actor,
        host=repo.host,
        time=tx.time,
        previous=(),
        refs=(),
        lanes={lane.name: lane.uuid},
        record=lane,
        details={EPOCH: told},
        repository=repo.own_id,
    )

    def write(message: str, *parents: str) -> str:
        return repo.objects.write_commit(
            EMPTY_TREE, parents, message, author=who.author, committer=who.committer
        )

    repo.objects.write("tree", b"")
    root = write(codec.encode_root(lane, number))
    return write(codec.encode_entry(entry, repo.redactor.value), root, state.tip)
