"""What a lane has of other lanes' work, by whatever way that came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.models.plain import replace
from gitlanes.models.records import Attempt, Landed, Lane, LaneState
from gitlanes.store import histories, journal, namesakes
from gitlanes.store.ancestry import Graph, is_ancestor, merge_base

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# All lanes by uuid, deleted ones too.
Known = Mapping[str, "LaneState"]


class Holding(NamedTuple):
    """The work of a lane, by its uuid, up to one of its commits; ``sure`` if that is certain."""

    lane: str
    commit: str
    sure: bool


def shared(
    repo: LaneRepo, source: Lane, target: Lane, lanes: Sequence[LaneState]
) -> Iterator[tuple[str, bool]]:
    """Yield commits whose content both lanes have, and whether that is certain.

    Beside what landed from one on the other: what git's history shows, and what records tell of
    squashes, replays and agents' own merges. `lanes` are all there are, deleted ones too, but for
    those whose names others have now.
    """
    known = namesakes.with_former(repo, lanes)
    both = histories.merge_bases(repo, str(source.head), str(target.head), _records(known))
    yield from ((x, True) for x in both)
    there: dict[str, list[Holding]] = {}
    for holding in _held(repo, target, source, known):
        there.setdefault(holding.lane, []).append(holding)
    for lane, commit, sure in _held(repo, source, target, known):
        for _, other, certain in there.get(lane, ()):
            if base := merge_base(repo, commit, other):
                yield base, sure and certain


def merged_into(repo: LaneRepo, state: LaneState, commit: str) -> list[str]:
    """Return the other lanes' commits that agents had merged into a lane up to one of its own."""
    then = _standing(repo, state, commit).values()
    return [where.at for where in then if where.at is not None and where.at in where.bases]


def _held(repo: LaneRepo, lane: Lane, beside: Lane, known: Known) -> Iterator[Holding]:
    """Yield what a lane has, its own work first; but not what it has by way of `beside`.

    Nothing is said of commits that `beside` has in its history: git sees those.
    """
    level = [Holding(lane.uuid, x, True) for x in (*lane.former, str(lane.head))]
    seen: set[Holding] = set()
    while level:
        yield from level
        seen.update(level)
        own = (x for x in level if x.lane != beside.uuid)
        further = {x.lane: x for x in sorted(own, key=lambda x: x.sure)}
        heads = [x.commit for x in further.values()]
        graph = histories.beyond(repo, heads, str(beside.head), _records(known))
        taken = dict.fromkeys(_taken(repo, further, known, graph))
        level = [x for x in taken if x not in seen]


def _records(known: Known) -> Iterator[Lane]:
    return (x.record for x in known.values())


def _taken(
    repo: LaneRepo, level: Mapping[str, Holding], known: Known, graph: Graph
) -> Iterator[Holding]:
    """Yield what these lanes started from, what their agents merged, and what landed on them."""
    for uuid, (_, commit, sure) in level.items():
        lane = known[uuid].record
        # Laid anew, a lane stands on its start no more.
        if lane.origin in known and lane.fork and is_ancestor(repo, lane.fork, commit):
            yield Holding(str(lane.origin), lane.fork, sure)
        for other, where in _standing(repo, known[uuid], commit).items():
            if other in known and where.at in (None, *where.bases):  # not landed there, but merged
                yield from (Holding(other, x, sure and x == where.at) for x in where.bases)
    for other, state in known.items():
        landed = state.record.landed
        for uuid in landed.keys() & level.keys():
            where = landed[uuid]
            if where.source and where.at in graph:
                yield Holding(other, where.source, level[uuid].sure)


def _standing(repo: LaneRepo, state: LaneState, commit: str) -> Mapping[str, Landed]:
    """Return how a lane stood towards others at a commit: what it merged later is no part of it."""
    now = state.record.landed
    if state.record.head == commit or not any(x.at in x.bases for x in now.values()):
        return now
    merges: list[Attempt] = []
    for entry in journal.walk(repo.refs, state.tip):
        if entry.record.head == commit:
            return entry.record.landed
        merges += [x for x in entry.attempts if x.landed and x.merged]
    found: dict[str, Landed] = {}
    for uuid, where in now.items():
        by = [str(x.landed) for x in merges if x.merged.get(uuid) == where.at]
        if (then := _as_far(repo, where, by, commit, str(state.record.head))) is not None:
            found[uuid] = then
    return found


def _as_far(
    repo: LaneRepo, where: Landed, by: Sequence[str], commit: str, head: str
) -> Landed | None:
    """Return a standing as it was at a commit that no entry knows; None where it came later.

    `by` are the commits with which it came, as attempts say: git does not show what an agent
    merged. Where neither tells, it is not certain.
    """
    if where.at not in where.bases or any(is_ancestor(repo, x, commit) for x in (where.at, *by)):
        return where
    return None if by or is_ancestor(repo, where.at, head) else replace(where, at=None)
