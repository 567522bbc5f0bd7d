"""Which lanes follow which: set, taken back, and told."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from gitlanes.errors import Negative, Refused
from gitlanes.lanes.wanted import by_lane
from gitlanes.models.graph import Followed, Graph, Node, Relatives
from gitlanes.models.plain import replace
from gitlanes.models.records import RENAMED, Lane, LaneState
from gitlanes.store import codec, namesakes
from gitlanes.store.ancestry import merge_base
from gitlanes.store.expectation import check_expected, require_active, require_commit
from gitlanes.store.transaction import transaction
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# The status of a lane that another one follows, and that was deleted or never fetched.
UNKNOWN = "unknown"
# {uuid: record}
Lanes = Mapping[str, Lane]
# Returns the uuids of the parents that a lane has after it.
_Change = Callable[["LaneRepo", Lanes, LaneState, list[str]], list[str]]


def add(
    repo: LaneRepo, lane: str | None, on: Iterable[str], *, expect: str | None = None
) -> Followed:
    """Let a lane follow others, too; the first one that it follows is its target.

    Raises Refused where that would be a cycle, Negative where it follows them all already,
    Raced if it is not at `expect`.
    """
    return _changed(repo, lane, on, expect, _added)


def remove(
    repo: LaneRepo, lane: str | None, on: Iterable[str], *, expect: str | None = None
) -> Followed:
    """Let a lane go on without others that it follows, be they deleted.

    Where its target is among them, the next one is that. Raises Negative where it follows none
    of them, Raced if it is not at `expect`.
    """
    return _changed(repo, lane, on, expect, _removed)


def relatives(repo: LaneRepo, lane: str | None = None) -> Relatives:
    """Return the lanes that one follows, and those that follow it; raises NotFound."""
    record = finding.lane_or_present(repo, lane).record
    known = _known(repo)
    above = (
        _node(known[x], known) if x in known else Node(x, x, UNKNOWN, None, (), ())
        for x in record.parents
    )
    below = (_node(x, known) for x in known.values() if x.live and record.uuid in x.parents)
    return Relatives(record.name, tuple(above), tuple(below))


def graph(repo: LaneRepo) -> Graph:
    """Return all live lanes that follow others, are followed or have tasks, with those.

    Each comes after its first parent. Archived lanes are left out unless such a one follows them.
    """
    known = _known(repo)
    hidden = shelved(known)
    live = [x for x in known.values() if x.live and x.uuid not in hidden]
    above = {x.uuid: [known[y] for y in x.parents if y in known] for x in live}
    linked = {y.uuid for x in live for y in (x, *above[x.uuid]) if above[x.uuid]}
    linked |= {x.uuid for x in live if x.tasks}
    shown = [x for x in known.values() if x.uuid in linked]
    below: dict[str | None, list[Lane]] = {}
    for lane in shown:
        parents = above.get(lane.uuid, [])
        below.setdefault(parents[0].uuid if parents else None, []).append(lane)
    found: list[Lane] = []
    todo = below.get(None, [])[::-1]
    while todo:
        lane = todo.pop()
        found.append(lane)
        todo += below.get(lane.uuid, [])[::-1]
    # Two clones can have made a circle, which has no first one.
    found += [x for x in shown if x not in found]
    tasks = by_lane(repo, [x for x in found if x.live and x.tasks])
    nodes = (replace(_node(x, known), tasks=tasks.get(x.name, ())) for x in found)
    return Graph(tuple(nodes))


def lineage(repo: LaneRepo, lane: str | None = None) -> tuple[str, ...]:
    """Return the names of the lanes that one follows, and that those follow: the nearest first."""
    record = finding.lane_or_present(repo, lane).record
    known = _known(repo)
    return tuple(known[x].name for x in _above(known, record.uuid) if x in known)


def common_base(repo: LaneRepo, one: str, other: str) -> str | None:
    """Return the newest commit that the heads of two lanes have in common; None without one."""
    heads = [str(repo.view.lane(x).record.head) for x in (one, other)]
    return merge_base(repo, *heads)


def dependants(known: Lanes, uuid: str) -> list[str]:
    """Return the uuids of the live lanes that follow a lane, and that follow those."""
    found: list[str] = []
    todo = [uuid]
    while todo:
        here = todo.pop(0)
        for lane in known.values():
            if lane.live and here in lane.parents and lane.uuid not in (*found, uuid):
                found.append(lane.uuid)
                todo.append(lane.uuid)
    return found


def circle(known: Lanes, uuid: str) -> list[str]:
    """Return the lanes on a way along parents from one back to itself, named first and last.

    Empty where there is none.
    """
    ways = (_way(known, x, uuid) for x in known[uuid].parents)
    return next(([uuid, *way] for way in ways if way), [])


def shelved(known: Lanes) -> set[str]:
    """Return the uuids of archived lanes that no other than archived ones follow, nor those.

    Tasks that were completed leave many of them.
    """
    todo = [x for x in known.values() if x.live and not x.away]
    needed = {x.uuid for x in todo}
    while todo:
        above = {x for x in todo.pop().parents if x in known} - needed
        needed |= above
        todo += [known[x] for x in above]
    return {x.uuid for x in known.values() if x.away} - needed


def _changed(
    repo: LaneRepo,
    lane: str | None,
    on: Iterable[str],
    expect: str | None,
    change: _Change,
) -> Followed:
    check_expected(expect)
    name = finding.lane_or_present(repo, lane).record.name
    with transaction(repo, "depend") as tx:
        state = repo.view.lane(name)
        require_commit(f"lane '{name}'", state.record.head, expect)
        known = _known(repo)
        parents = change(repo, known, state, list(dict.fromkeys(on)))
        record = replace(state.record, parent=next(iter(parents), None), beside=tuple(parents[1:]))
        names = tuple(known[x].name if x in known else x for x in parents)
        tx.description = f"lane {name} follows {', '.join(names) or 'none'}"
        tx.lane(state, record)
    return Followed(record, names)


def _added(repo: LaneRepo, known: Lanes, state: LaneState, on: list[str]) -> list[str]:
    lane = state.record
    require_active(lane)
    wanted = [repo.view.lane(x).record for x in on]
    for other in wanted:
        _require_no_cycle(known, lane, other)
    parents = [*lane.parents, *(x.uuid for x in wanted)]
    if len(set(parents)) == len(lane.parents):
        names = _quoted(x.name for x in wanted)
        raise Negative(f"nothing to add: lane '{lane.name}' follows {names} already")
    return list(dict.fromkeys(parents))


def _removed(repo: LaneRepo, known: Lanes, state: LaneState, on: list[str]) -> list[str]:
    del repo
    parents = state.record.parents
    names = {known[x].name: x for x in parents if x in known} | {x: x for x in parents}
    gone = {names[x] for x in on if x in names}
    if not gone:
        raise Negative(
            f"nothing to remove: lane '{state.record.name}' does not follow {_quoted(on)}",
            hint=f"see 'git lanes dep list {state.record.name}'",
        )
    return [x for x in parents if x not in gone]


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f"'{codec.one_line(x, 60)}'" for x in names)


def _require_no_cycle(known: Lanes, lane: Lane, other: Lane) -> None:
    """Raise Refused where `other` follows the lane already, or is it."""
    way = _way(known, other.uuid, lane.uuid)
    if way is not None:
        names = [known[x].name for x in (lane.uuid, *way)]
        raise Refused(
            f"lane '{lane.name}' cannot follow '{other.name}': "
            f"{' -> '.join(names)} would be a cycle",
            hint="see 'git lanes dep graph'",
            data={"cycle": names},
        )


def _way(known: Lanes, start: str, end: str) -> list[str] | None:
    """Return the lanes on a way along parents from one to another, both included."""
    ways = {start: [start]}
    todo = [start]
    while todo and end not in ways:
        here = todo.pop(0)
        for above in known[here].parents if here in known else ():
            if above not in ways:
                ways[above] = [*ways[here], above]
                todo.append(above)
    return ways.get(end)


def _above(known: Lanes, uuid: str) -> Iterator[str]:
    found = {uuid}
    todo = [uuid]
    while todo:
        here = todo.pop(0)
        for above in known[here].parents if here in known else ():
            if above not in found:
                found.add(above)
                todo.append(above)
                yield above


def _known(repo: LaneRepo) -> dict[str, Lane]:
    """Return every lane by its uuid, deleted ones included, and parents whose name others have."""
    every = [x for x in repo.view.lanes(deleted=True) if x.record.status != RENAMED]
    known = {x.record.uuid: x.record for x in every}
    if all(parent in known for x in every if x.record.live for parent in x.record.parents):
        return known
    live = {x.record.name for x in every if x.record.live}
    found = (x.record for x in namesakes.with_former(repo, every).values())
    return {x.uuid: replace(x, name=namesakes.called(x, live)) for x in found}


def _node(lane: Lane, known: Lanes) -> Node:
    parents = tuple(known[x].name if x in known else x for x in lane.parents)
    waiting = tuple(x.id for x in lane.open)
    return Node(lane.name, lane.uuid, lane.status, lane.head, parents, waiting)
