"""Which operations an undo, a redo or a rollback is about, read from the journals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.errors import Negative, Refused
from gitlanes.history import log
from gitlanes.models.records import Entry
from gitlanes.store import journal, layout

if TYPE_CHECKING:
    from gitlanes.models.records import Lane
    from gitlanes.store.lane_repo import LaneRepo

UNDO, REDO, ROLLBACK = "undo", "redo", "rollback"


class Step(NamedTuple):
    """An operation, with its entries in the journals of all lanes that it touched."""

    entries: tuple[Entry, ...]

    @property
    def id(self) -> str:
        """Return the operation's id."""
        return self.entries[0].operation

    @property
    def verb(self) -> str:
        """Return what was done."""
        return self.entries[0].verb

    @property
    def cancels(self) -> frozenset[str]:
        """Return the operations whose effect it took back."""
        told = self.entries[0].details.get(UNDO)
        of = told.get("of") if isinstance(told, dict) else None
        return frozenset(x for x in of if isinstance(x, str)) if isinstance(of, list) else NONE

    def touches(self, uuid: str) -> bool:
        """Say whether it has an entry in that lane's journal."""
        return any(x.record.uuid == uuid for x in self.entries)

    def moves_head(self, lane: Lane) -> bool:
        """Say whether it brought an existing lane's head elsewhere."""
        return any(
            change.name == layout.head(x.record.name) and change.old is not None
            for x in self.entries
            if x.record.uuid == lane.uuid
            for change in x.refs
        )


NONE: frozenset[str] = frozenset()
# What changes no lane: the form of journals, and what tells that others began or ended.
_FORMAL = ("compact", "purge", "cascade", "run")


def steps(repo: LaneRepo) -> Iterator[Step]:
    """Yield all operations, the newest first, as they are asked for."""
    entries = journal.walk_all(repo.git, log.tips_of(repo, None))
    for _, same in groupby(entries, key=attrgetter("operation")):
        yield Step(tuple(same))


def standing(found: Iterable[Step]) -> Iterator[Step]:
    """Yield the operations that hold still: those that were taken back are left out."""
    cancelled: set[str] = set()
    for step in found:
        if step.id not in cancelled:
            cancelled |= step.cancels
            yield step


def last(repo: LaneRepo, lane: Lane | None) -> Step:
    """Return the last operation of this clone, or on a lane, that can be taken back.

    Raises Negative where there is none.
    """
    for step in standing(steps(repo)):
        mine = _is_ours(repo, step) and (lane is None or step.touches(lane.uuid))
        done = step.cancels or step.verb in _FORMAL or _overtaken(repo, step)
        if mine and not done:
            return step
    raise Negative("nothing to undo", hint="see 'git lanes op log'")


def _is_ours(repo: LaneRepo, step: Step) -> bool:
    """Say whether an operation was done in this clone; earlier versions recorded the host alone."""
    entry = step.entries[0]
    return entry.repository == repo.own_id if entry.repository else entry.host == repo.host


def _overtaken(repo: LaneRepo, step: Step) -> bool:
    """Say whether a queue went on with what an operation did there: that cannot be taken back."""
    for entry in step.entries if step.verb == "queue" else ():
        now, queued = repo.view.by_uuid(entry.record.uuid, entry.record.name), entry.record.queue
        told = entry.details.get("queued")
        known = told if now is not None and isinstance(told, dict) else ()
        if now is not None and any(now.record.queue.get(x) != queued.get(x) for x in known):
            return True
    return False


def last_undone(repo: LaneRepo, lane: Lane | None) -> Step:
    """Return the last undo or rollback since which nothing else was done; raises Negative."""
    for step in standing(steps(repo)):
        if not _is_ours(repo, step) or not (lane is None or step.touches(lane.uuid)):
            continue
        if step.verb in _FORMAL:
            continue
        if not step.cancels:
            break
        if step.verb != REDO:
            return step
    raise Negative(
        "nothing to redo: nothing was undone since the last operation",
        hint="undo an undo by its id: see 'git lanes op log'",
    )


def named(repo: LaneRepo, operation: str, *, cascade: bool) -> list[Step]:
    """Return an operation that holds still, and with `cascade` the later ones on its lanes.

    The newest comes first. Raises NotFound, Refused for one that was taken back already.
    """
    whole = log.operations(repo, operation)[0].operation
    later: list[Step] = []
    for step in standing(steps(repo)):
        if step.id == whole:
            return [*_upon(step, later)] if cascade else [step]
        later.append(step)
    raise Refused(
        f"operation {whole} is undone already", hint="do it again: 'git lanes redo', or undo that"
    )


def _upon(step: Step, later: list[Step]) -> list[Step]:
    """Return an operation and those that touch its lanes, or those of one of them, since."""
    lanes = {x.record.uuid for x in step.entries}
    found = [step]
    for other in reversed(later):
        if not other.cancels and other.verb not in _FORMAL and any(other.touches(x) for x in lanes):
            lanes |= {x.record.uuid for x in other.entries}
            found.insert(0, other)
    return found


def newest(repo: LaneRepo, lane: Lane, count: int | None, to: str | None) -> list[Step]:
    """Return the operations that moved a lane's head, newest first.

    They are the last `count`, those since operation `to`, or all since its fork. Raises Refused
    where there are not so many, or `to` is another lane's, NotFound.
    """
    whole = log.operations(repo, to)[0].operation if to else None
    found: list[Step] = []
    met = False
    for step in standing(steps(repo)):
        if step.id == whole:
            met = step.touches(lane.uuid)
            break
        if step.moves_head(lane) and not step.cancels:
            found.append(step)
        if len(found) == count:
            return found
    if count is not None:
        raise Refused(
            f"lane '{lane.name}' has {len(found)} steps to go back, not {count}",
            hint=f"see 'git lanes op log {lane.name}'",
        )
    if to and not met:
        raise Refused(
            f"operation {whole} is not one that lane '{lane.name}' stands on",
            hint=f"see 'git lanes op log {lane.name}'",
        )
    if not found:
        raise Negative(f"nothing to roll back: lane '{lane.name}' is there already")
    return found
