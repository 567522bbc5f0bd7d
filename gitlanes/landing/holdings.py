"""What a lane has of other lanes' work, by whatever way that came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.models.records import Lane, LaneState
from gitlanes.store.ancestry import Graph, beyond, merge_base, merge_bases

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


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
    squashes, replays and agents' own merges. `lanes` are all there are, deleted ones too.
    """
    yield from ((x, True) for x in merge_bases(repo, str(source.head), str(target.head)))
    known = {x.record.uuid: x.record for x in lanes}
    there: dict[str, list[Holding]] = {}
    for holding in _held(repo, target, source, known):
        there.setdefault(holding.lane, []).append(holding)
    for lane, commit, sure in _held(repo, source, target, known):
        for _, other, certain in there.get(lane, ()):
            if base := merge_base(repo, commit, other):
                yield base, sure and certain


def _held(repo: LaneRepo, lane: Lane, beside: Lane, known: Mapping[str, Lane]) -> Iterator[Holding]:
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
        graph = beyond(repo, [x.commit for x in further.values()], str(beside.head))
        taken = dict.fromkeys(_taken(further, known, graph))
        level = [x for x in taken if x not in seen]


def _taken(
    level: Mapping[str, Holding], known: Mapping[str, Lane], graph: Graph
) -> Iterator[Holding]:
    """Yield what these lanes started from, what their agents merged, and what landed on them."""
    for uuid, (_, _, sure) in level.items():
        lane = known[uuid]
        if lane.origin is not None and lane.origin in known and lane.fork is not None:
            yield Holding(lane.origin, lane.fork, sure)
        for other, where in lane.landed.items():
            if other in known and where.at in (None, *where.bases):  # not landed there, but merged
                yield from (Holding(other, x, sure and x == where.at) for x in where.bases)
    for other, record in known.items():
        for uuid in record.landed.keys() & level.keys():
            where = record.landed[uuid]
            if where.source and where.at in graph:
                yield Holding(other, where.source, level[uuid].sure)
