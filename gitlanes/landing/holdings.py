"""What a lane has of other lanes' work, by whatever way that came."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from gitlanes.models.records import Lane, LaneState
from gitlanes.store import journal
from gitlanes.store.ancestry import Graph, beyond, is_ancestor, merge_base, merge_bases

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
    squashes, replays and agents' own merges. `lanes` are all there are, deleted ones too.
    """
    yield from ((x, True) for x in merge_bases(repo, str(source.head), str(target.head)))
    known = {x.record.uuid: x for x in lanes}
    there: dict[str, list[Holding]] = {}
    for holding in _held(repo, target, source, known):
        there.setdefault(holding.lane, []).append(holding)
    for lane, commit, sure in _held(repo, source, target, known):
        for _, other, certain in there.get(lane, ()):
            if base := merge_base(repo, commit, other):
                yield base, sure and certain


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
        graph = beyond(repo, [x.commit for x in further.values()], str(beside.head))
        taken = dict.fromkeys(_taken(repo, further, known, graph))
        level = [x for x in taken if x not in seen]


def _taken(
    repo: LaneRepo, level: Mapping[str, Holding], known: Known, graph: Graph
) -> Iterator[Holding]:
    """Yield what these lanes started from, what their agents merged, and what landed on them."""
    for uuid, (_, commit, sure) in level.items():
        lane = known[uuid].record
        if lane.origin is not None and lane.origin in known and lane.fork is not None:
            yield Holding(lane.origin, lane.fork, sure)
        for other, where in lane.landed.items():
            if other not in known or where.at not in (None, *where.bases):
                continue  # it landed there, and merged nothing
            if where.at is None or _had(repo, known[uuid], commit, other, where.at):
                yield from (Holding(other, x, sure and x == where.at) for x in where.bases)
    for other, state in known.items():
        landed = state.record.landed
        for uuid in landed.keys() & level.keys():
            where = landed[uuid]
            if where.source and where.at in graph:
                yield Holding(other, where.source, level[uuid].sure)


def _had(repo: LaneRepo, state: LaneState, commit: str, other: str, merged: str) -> bool:
    """Say whether a lane had merged another one's commit when it was at one of its own.

    What an agent merged by hand git does not show; the attempt says it.
    """
    head = str(state.record.head)
    if commit == head or is_ancestor(repo, merged, commit):
        return True
    if is_ancestor(repo, merged, head):
        return False
    made = (x for entry in journal.walk(repo.refs, state.tip) for x in entry.attempts)
    found = {x.landed for x in made if x.landed and x.merged.get(other) == merged}
    return any(is_ancestor(repo, x, commit) for x in found)
