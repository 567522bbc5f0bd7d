"""One head for a lane whose two sides both went on: by paths, as a landing is made."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitlanes import ids
from gitlanes.combine.assembly import plan_landing
from gitlanes.git.trailers import add_change_id
from gitlanes.models.records import NOT_LANDED, Lane
from gitlanes.models.results import CollidingPath
from gitlanes.store.ancestry import is_ancestor, merge_base
from gitlanes.store.attribution import colliding_paths

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Head(NamedTuple):
    """The head that two sides come to; None, and why, where they touched the same paths."""

    commit: str | None
    made: bool = False
    collisions: tuple[CollidingPath, ...] = ()


def join_heads(repo: LaneRepo, base: Lane | None, ours: Lane, theirs: Lane, remote: str) -> Head:
    """Return the head of a lane whose sides both went on from `base`.

    Where both have work of their own it is a new commit whose parents are theirs and ours, the
    tree made by the rules of landings. Both sides are accepted work: no gate is asked.
    """
    start = base.head if base else None
    if ours.uuid != theirs.uuid or not (ours.live or theirs.live):
        return Head(theirs.head if theirs.live or not ours.live else ours.head)
    own, foreign = str(ours.head), str(theirs.head)
    if foreign in (own, start) or own == start:
        return Head(own if foreign == start else foreign)
    for one, other in ((own, foreign), (foreign, own)):
        # A head that went back, as an amendment takes it, contains less on purpose.
        forward = start is None or is_ancestor(repo, start, one)
        if forward and is_ancestor(repo, one, other):
            return Head(other)
    return _combined(repo, _bases(repo, start, ours, theirs), ours, theirs, remote)


def _bases(repo: LaneRepo, start: str | None, ours: Lane, theirs: Lane) -> tuple[str, ...]:
    """Return the commits from which both sides' changes count.

    Where somebody merged the other side's head by hand, that is what both have.
    """
    found = []
    for lane, other in ((ours, theirs), (theirs, ours)):
        met = lane.landed.get(lane.uuid, NOT_LANDED).at
        known = met and start and is_ancestor(repo, met, start)
        if met and not known and is_ancestor(repo, met, str(other.head)):
            found.append(met)
    if found:
        return tuple(found)
    common = start or merge_base(repo, str(ours.head), str(theirs.head))
    return (common,) if common else ()


def _combined(
    repo: LaneRepo, bases: tuple[str, ...], ours: Lane, theirs: Lane, remote: str
) -> Head:
    if not bases:
        return Head(None)
    store = repo.objects
    ends = str(ours.head), str(theirs.head)
    source, target = (store.commit(x).tree for x in ends)
    trees = [store.commit(x).tree for x in bases]
    plan = plan_landing(store, repo.git, bases=trees, source=source, target=target)
    if plan.tree is None:
        return Head(None, collisions=colliding_paths(repo, plan, plan.collisions, bases, ends))
    text = f"Merge lane {ours.name} of this clone and of {remote}\n"
    who = repo.identity()
    commit = store.write_own_commit(
        plan.tree,
        ends[::-1],
        add_change_id(text, ids.new_change_id()),
        author=who.author,
        committer=who.committer,
    )
    return Head(commit, made=True)
