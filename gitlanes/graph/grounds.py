"""What a sync lays anew, and on what: a lane's own commits, and the heads that it follows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from gitlanes import ids
from gitlanes.combine.assembly import plan_landing
from gitlanes.errors import LanesError, Refused
from gitlanes.git.trailers import add_change_id
from gitlanes.landing.bases import bases_for
from gitlanes.models.records import NOT_LANDED, LaneState
from gitlanes.review import rewriting
from gitlanes.store import namesakes
from gitlanes.store.adopt import require_adopted_lane
from gitlanes.store.ancestry import independent, is_ancestor, merge_bases
from gitlanes.store.attribution import colliding_paths, collision

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Onto(NamedTuple):
    """A lane that another one is laid on, and the head that it had then."""

    uuid: str
    lane: str
    head: str


class Basis(NamedTuple):
    """A lane, those that it is to be laid on, its own commits, and the commit below those then.

    The oldest of the commits comes first. ``onto`` are the parents as records name them.
    """

    lane: LaneState
    parents: tuple[LaneState, ...]
    own: tuple[str, ...]
    ground: str
    onto: tuple[Onto, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The parents' names."""
        return tuple(x.lane for x in self.onto)


class _Part(NamedTuple):
    """A commit that goes into the ground: a parent's head, or None's."""

    commit: str
    lane: LaneState | None


def parents_of(repo: LaneRepo, state: LaneState, onto: str | None) -> list[LaneState]:
    """Return the lanes that a lane is synced with: that named, its parents, the adopted one.

    Raises Refused for a bound lane, for itself, and for a parent that is no more.
    """
    lane = state.record
    if onto is not None:
        found = [repo.view.lane(onto)]
    elif lane.parents:
        found = [_parent(repo, state, uuid) for uuid in lane.parents]
    else:
        found = [require_adopted_lane(repo, "name the lane with --onto LANE")]
    if any(x.record.uuid == lane.uuid for x in found):
        raise Refused(
            f"lane '{lane.name}' cannot be synced with itself",
            hint="name another lane with --onto LANE",
        )
    if lane.bound:
        raise _instead(state, found, f"lane '{lane.name}' is bound to a branch")
    return found


def stands_on(repo: LaneRepo, state: LaneState, parents: Sequence[LaneState]) -> bool:
    """Say whether a lane has the heads of all these lanes: in its history, or by record.

    What was merged and changed nothing made no commit.
    """
    lane = state.record
    return all(
        x.landed.get(lane.uuid, NOT_LANDED).source == x.head
        or _has(repo, (str(lane.head),), str(x.head))
        for x in (parent.record for parent in parents)
    )


def basis(repo: LaneRepo, state: LaneState, parents: Sequence[LaneState]) -> Basis:
    """Return what is to be laid on what.

    Raises Refused for a lane that cannot be laid anew, Collision where the parents collide with
    each other: both are named.
    """
    lane, heads = state.record, [str(x.record.head) for x in parents]
    bases = [bases_for(repo, state, x) for x in parents]
    whole = any(lane.head in found for found in bases)
    landed = (lane.landed.get(x.record.uuid, NOT_LANDED).source for x in parents)
    known = {x for found in bases for x in found} | {x for x in landed if x}
    own, under = ((), str(lane.head)) if whole else _own(repo, state, parents, known)
    for parent, found in zip(parents, bases, strict=False):
        if not all(_has(repo, (under, *lane.former), x) for x in found):
            name = parent.record.name
            raise _instead(state, [parent], f"lane '{lane.name}' has merged lane '{name}'")
    rest = [] if whole or under in known else _rest(repo, state, under, known, heads)
    onto = tuple(Onto(x.record.uuid, x.record.name, str(x.record.head)) for x in parents)
    return Basis(state, tuple(parents), own, _ground(repo, state, parents, rest), onto)


@contextmanager
def movable(repo: LaneRepo, basis: Basis) -> Iterator[Callable[[], None]]:
    """Yield what raises Refused for commits that others have; git looks while the block goes on.

    It is to be asked before anything moves. What else the block raises comes second to it.
    """
    if not basis.own:
        yield lambda: None
        return
    lane, oldest = basis.lane.record, basis.own[0]
    with rewriting.looking(repo, lane, oldest) as looked:
        where_gone = cache(looked)

        def require() -> None:
            if (where := where_gone()) is not None:
                what = f"{oldest[:12]} of lane '{lane.name}' cannot move: {where}"
                raise _instead(basis.lane, basis.parents, what)

        try:
            yield require
        except LanesError:
            require()
            raise


def _has(repo: LaneRepo, heads: Sequence[str], commit: str) -> bool:
    return any(is_ancestor(repo, commit, x) for x in heads)


def _parent(repo: LaneRepo, state: LaneState, uuid: str) -> LaneState:
    found = namesakes.find(repo, uuid)
    name = state.record.name
    if found is None or not found.record.live:
        gone = namesakes.name_of(repo, found.record) if found else uuid
        raise Refused(
            f"parent '{gone}' of lane '{name}' is no more",
            hint=f"let it go on without: git lanes dep remove {name} --on {gone}",
        )
    return found


def _instead(state: LaneState, parents: Sequence[LaneState], why: str) -> Refused:
    """Return the refusal of a lane that cannot be laid anew, with the way out."""
    ways = [f"git lanes promote {x.record.name} --into {state.record.name}" for x in parents]
    return Refused(f"{why}, so it is not laid anew", hint=f"merge instead: {'; '.join(ways)}")


def _own(
    repo: LaneRepo, state: LaneState, parents: Sequence[LaneState], known: Collection[str]
) -> tuple[tuple[str, ...], str]:
    """Return a lane's own commits, oldest first, and the one below them."""
    found: list[str] = []
    lane = state.record
    commit = str(lane.head)
    while commit not in known and commit not in lane.begins:
        above = repo.objects.commit(commit).parents
        if not above:
            what = f"lane '{lane.name}' does not stand on its start any more"
            raise _instead(state, parents, what)
        found.append(commit)
        commit = above[0]
    return tuple(reversed(found)), commit


def _rest(
    repo: LaneRepo, state: LaneState, under: str, known: Collection[str], heads: Sequence[str]
) -> list[str]:
    """Return what lies below a lane's own commits, and comes from none of its parents."""
    lane, parts = state.record, [under]
    if under == lane.ground:
        above = list(repo.objects.commit(under).parents)
        met = {x for where in lane.landed.values() for x in where.bases}
        if len(above) > 1 and met.issuperset(above):  # a sync combined them
            parts = above
    return [x for x in parts if x not in known and not _has(repo, heads, x)]


def _ground(
    repo: LaneRepo, state: LaneState, parents: Sequence[LaneState], rest: Sequence[str]
) -> str:
    """Return the commit with all that a lane is to stand on, made if there is none."""
    heads = [str(x.record.head) for x in parents]
    wanted = independent(repo, (*heads, *rest))
    lanes = dict(zip(heads, parents, strict=True))
    parts = [_Part(x, lanes.get(x)) for x in wanted]
    if len(parts) == 1:
        return parts[0].commit
    store = repo.objects
    tree = store.commit(parts[0].commit).tree
    for number, part in enumerate(parts[1:], start=1):
        tree = _combined(repo, state, parts[:number], part, tree)
    names = " and ".join(x.lane.record.name for x in parts if x.lane)
    text = f"Combine {names} for lane {state.record.name}\n"
    who = repo.identity()
    return store.write_own_commit(
        tree,
        [x.commit for x in parts],
        add_change_id(text, ids.new_change_id()),
        author=who.author,
        committer=who.committer,
    )


def _combined(
    repo: LaneRepo, state: LaneState, before: Sequence[_Part], part: _Part, tree: str
) -> str:
    """Return the tree of some parts with another one laid on it; raises Collision."""
    bases = tuple(dict.fromkeys(x for other in before for x in _between(repo, part, other)))
    store = repo.objects
    plan = plan_landing(
        store,
        repo.git,
        bases=[store.commit(x).tree for x in bases],
        source=store.commit(part.commit).tree,
        target=tree,
    )
    if plan.tree is not None:
        return plan.tree
    other = before[-1].commit
    paths = colliding_paths(repo, plan, plan.collisions, bases, (part.commit, other))
    names = [x.lane.record.name if x.lane else "what it stands on" for x in (*before, part)]
    raise collision(
        f"what lane '{state.record.name}' follows collides on {len(paths)} "
        f"path{'' if len(paths) == 1 else 's'}: {' and '.join(names)}",
        paths,
        "land one of them on the other first, or let the lane follow one of them alone",
        lane=state.record.name,
        onto=tuple(names),
    )


def _between(repo: LaneRepo, one: _Part, other: _Part) -> tuple[str, ...]:
    if one.lane is not None and other.lane is not None:
        return bases_for(repo, one.lane, other.lane)
    found = merge_bases(repo, one.commit, other.commit)
    if not found:
        raise Refused("what the lane is to stand on has no common history")
    return found
