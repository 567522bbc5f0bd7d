"""What a sync writes: commits laid anew, the attempts that they are, the lane's record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gitlanes.graph.grounds import Basis, Onto
from gitlanes.graph.laying import Laid
from gitlanes.ids import attempt_id
from gitlanes.models.plain import replace
from gitlanes.models.records import (
    ACCEPTED,
    ACTIVE,
    FORMER,
    NOT_LANDED,
    Attempt,
    Landed,
    Lane,
    LaneState,
)
from gitlanes.review import amend, lineage, standing
from gitlanes.store import journal
from gitlanes.store.ancestry import is_ancestor
from gitlanes.store.validity import promotion_of

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo
    from gitlanes.store.transaction import Transaction

_ELSEWHERE = "what it was synced with has it already"
_DROPPED = "it collided with what it was synced with, and nothing was left of it"


class Outcome(NamedTuple):
    """What became of a lane: its head, {old id: new id}, and the ids of what came to nothing.

    Those are ``elsewhere``, or were ``dropped`` where they collided.
    """

    head: str | None
    laid_again: dict[str, str]
    elsewhere: tuple[str, ...]
    dropped: tuple[str, ...]


def foreseen(repo: LaneRepo, state: LaneState, laid: Sequence[Laid]) -> Outcome:
    """Return what recording these would come to."""
    known = _standing_in(repo, state, [x.old for x in laid])
    moved = [known[x.old].id for x in laid if x.old in known and x.commit is None]
    ids_ = (attempt_id(state.record.name, state.record.next + n) for n in range(len(moved)))
    again = dict(zip(moved, ids_, strict=True))
    return Outcome(None, again, *_come_to_nothing(laid, known))


def _come_to_nothing(
    laid: Sequence[Laid], known: Mapping[str, Attempt]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the ids of what is elsewhere already, and of what was dropped."""
    gone = [x for x in laid if x.old in known and x.commit == ""]
    elsewhere, dropped = (
        tuple(known[x.old].id for x in gone if x.decided is decided) for decided in (False, True)
    )
    return elsewhere, dropped


def write(tx: Transaction, ground: str, laid: Sequence[Laid]) -> list[Laid]:
    """Write the commits that are not there yet, each on the one before; merges stay merges."""
    store, who, below = tx.repo.objects, tx.repo.identity(), ground
    made: list[Laid] = []
    for one in laid:
        if one.commit is None:
            was = store.commit(one.old)
            commit = store.write_own_commit(
                one.tree,
                [below, *was.parents[1:]],
                was.message,
                author=was.author,
                committer=who.committer,
            )
            one = one._replace(commit=commit)
        below = one.commit or below
        made.append(one)
    return made


def record(
    tx: Transaction, basis: Basis, laid: Sequence[Laid], details: Mapping[str, Any]
) -> Outcome:
    """Set the lane's record once all its commits are written; those before stay in the journal."""
    state, ground, onto = basis.lane, basis.ground, basis.onto
    lane = state.record
    below, new, gone = ground, list[Attempt](), list[Attempt]()
    known = _standing_in(tx.repo, state, [x.old for x in laid])
    for one in laid:
        below_now = one.commit or below
        attempt = known.get(one.old)
        if one.commit:
            tx.carry_notes(one.old, one.commit)
        if attempt is not None and one.commit:
            new.append(_successor(tx, lane, attempt, below, one.commit, len(new)))
            gone += standing.replaced([attempt], new[-1], tx.time)
        elif attempt is not None:
            (ended,) = standing.replaced([attempt], None, tx.time)
            gone.append(replace(ended, reason=_DROPPED if one.decided else _ELSEWHERE))
        below = below_now
    if any(known.get(x.old) is None or known[x.old].kind != "work" for x in laid):
        _move_landings(tx, lane, laid, ground)
    _note_met(tx, basis)
    former = (str(lane.head), *lane.former)[:FORMER] if laid else lane.former
    after = replace(
        lane,
        head=below,
        ground=ground,
        former=former,
        next=lane.next + len(new),
        status=ACTIVE,
        why=None,
        conflict=None,
        landed={
            **lane.landed,
            **_by_way_of(tx, basis),
            **{x.uuid: _at(lane, x) for x in onto},
        },
    )
    tx.lane(state, after, parents=[below], attempts=[*new, *gone], details=details)
    again = {old.id: str(old.superseded_by) for old in gone if old.superseded_by}
    return Outcome(below, again, *_come_to_nothing(laid, known))


def _note_met(tx: Transaction, basis: Basis) -> None:
    """Let the lanes that it is laid on know that it has their work; most know that already."""
    for on, state in _parents(tx, basis):
        if not state.record.mingled:
            lineage.note_met(tx, {on.uuid: on.head}, basis.lane.record.uuid)


def _parents(tx: Transaction, basis: Basis) -> Iterator[tuple[Onto, LaneState]]:
    known = {x.record.uuid: x for x in basis.parents}
    for on in basis.onto:
        state = known.get(on.uuid) or tx.repo.view.by_uuid(on.uuid, on.lane)
        if state is not None:
            yield on, state


def _by_way_of(tx: Transaction, basis: Basis) -> dict[str, Landed]:
    """Return where the lane stands towards third lanes now, by what it has of them from parents.

    What it began with of them, and does not stand on any more, is there in a newer form.
    """
    repo, lane, ground = tx.repo, basis.lane.record, basis.ground
    heads = [x.head for x in basis.onto]
    below = [ground] if ground in heads else repo.objects.commit(ground).parents
    found: dict[str, list[str]] = {}
    for on, state in _parents(tx, basis):
        for uuid, where in state.record.landed.items():
            before = lane.landed.get(uuid, NOT_LANDED)
            landed = before.at is not None or before.source is not None
            if uuid == lane.uuid or landed or where.bases == before.bases:
                continue
            if is_ancestor(repo, where.bases[-1], on.head):
                known = found.get(uuid) or [x for x in before.bases if _is_in(repo, x, below)]
                kept = [x for x in known if not _is_in(repo, x, where.bases)]
                found[uuid] = [*kept, *where.bases]
    return {uuid: Landed(tuple(bases)) for uuid, bases in found.items()}


def _is_in(repo: LaneRepo, commit: str, heads: Sequence[str]) -> bool:
    return any(is_ancestor(repo, commit, x) for x in heads)


def _at(lane: Lane, on: Onto) -> Landed:
    """Return where the lane stands towards one whose head it is laid on."""
    return replace(lane.landed.get(on.uuid, NOT_LANDED), bases=(on.head,), at=on.head)


def _successor(
    tx: Transaction, lane: Lane, attempt: Attempt, below: str, commit: str, offset: int
) -> Attempt:
    tree = tx.repo.objects.commit(commit).tree
    changes = {"commit": commit, "base": below, "tree": tree}
    return amend.successor(tx, lane, attempt, lane.next + offset, changes)


def _standing_in(repo: LaneRepo, state: LaneState, commits: Sequence[str]) -> dict[str, Attempt]:
    """Return {commit: attempt}, each with what its promotion landed if it is one."""
    found: dict[str, Attempt] = {}
    told: set[str] = set()
    wanted = set(commits)
    for entry in journal.walk(repo.refs, state.tip) if wanted else ():
        promotion = promotion_of(entry.details)
        for attempt in (x for x in entry.attempts if x.uuid not in told):
            told.add(attempt.uuid)
            if promotion and attempt.kind != "work" and not attempt.promotion:
                attempt = replace(attempt, promotion={"forced": [], **promotion})
            if attempt.status == ACCEPTED:
                found[attempt.landed or attempt.commit] = attempt
        if wanted <= found.keys():
            break
    return {x: found[x] for x in commits if x in found}


def _move_landings(tx: Transaction, lane: Lane, laid: Sequence[Laid], ground: str) -> None:
    """Let other lanes know where what they landed on this one stands now."""
    now, below = dict[str, str](), ground
    for one in laid:
        below = now[one.old] = one.commit or below
    for other in tx.repo.view.lanes():
        where = other.record.landed.get(lane.uuid)
        if where is None or where.source is None or where.at in where.bases:
            continue
        if where.at in now and other.record.uuid != lane.uuid:
            landed = {**other.record.landed, lane.uuid: replace(where, at=now[str(where.at)])}
            tx.lane(other, replace(other.record, landed=landed))
