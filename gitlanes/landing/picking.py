"""Which changes are to land, of which lanes, where and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, Negative, Refused
from gitlanes.lanes.targets import target_of
from gitlanes.models.plain import Model
from gitlanes.models.records import LaneState
from gitlanes.models.stacks import Item, Stack
from gitlanes.stacks import approval, naming
from gitlanes.stacks.reading import Reader
from gitlanes.store import stacks
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.landing.promote import Order
    from gitlanes.store.lane_repo import LaneRepo


class Parts(Model):
    """What is to land: the blocks of a stack that wait, or changes of a lane."""

    stack: str | None = None
    changes: tuple[str, ...] = ()


class Picked(Model):
    """Changes to land on a target, in order, and the lanes that they come from.

    ``histories`` has, for each lane by uuid, all of its commits that wait, oldest first.
    """

    target: LaneState
    items: tuple[Item, ...]
    sources: tuple[LaneState, ...]
    histories: dict[str, tuple[str, ...]]
    stack: str | None = None


class Concerned(Model):
    """The lanes that a promotion of parts has to do with, whatever of them waits."""

    target: LaneState
    sources: tuple[LaneState, ...]


def concerned(repo: LaneRepo, lane: str | None, order: Order, parts: Parts) -> Concerned:
    """Return the target and the lanes whose changes are to land, landed ones' included."""
    if parts.stack is None:
        home = finding.lane_or_present(repo, lane)
        return Concerned(target_of(repo, home, order.into), (home,))
    reader, stack = _stack(repo, lane, order, parts.stack)
    lanes = (reader.lane(uuid) for uuid in dict.fromkeys(x.lane for x in stack.items))
    live = tuple(x for x in lanes if x is not None and x.record.live)
    return Concerned(repo.view.lane(str(stack.into)), live)


def picked(repo: LaneRepo, lane: str | None, order: Order, parts: Parts) -> Picked:
    """Return what is to land as lanes and stacks are now.

    Raises NotFound, Negative where nothing waits, Refused for a block that is not to land.
    """
    if parts.stack is None:
        return _of_lane(repo, lane, order, parts)
    reader, stack = _stack(repo, lane, order, parts.stack)
    for block in stack.waiting:
        approval.require_block(stack, block)
    items = tuple(x for block in stack.waiting for x in block.items if not x.landed)
    if not items:
        raise Negative(
            f"nothing to promote: stack '{stack.name}' has nothing that waits",
            hint=f"see 'git lanes stack show {stack.id}'",
        )
    return _picked(reader, repo.view.lane(str(stack.into)), items, stack.id)


def _stack(repo: LaneRepo, lane: str | None, order: Order, name: str) -> tuple[Reader, Stack]:
    keeper, own = naming.home_of(repo, name if lane is None or ":" in name else f"{lane}:{name}")
    home = repo.view.lane(keeper)
    reader = Reader(repo, home)
    stack = reader.now(home, stacks.read(repo, home)[own])
    if stack.into is None:
        raise Refused(
            f"the target of stack '{own}' is not known here", hint="fetch its journal, then repeat"
        )
    if order.into not in (None, stack.into):
        raise BadValue(f"stack '{own}' is to land on '{stack.into}'", hint="leave --into out")
    return reader, stack


def _of_lane(repo: LaneRepo, lane: str | None, order: Order, parts: Parts) -> Picked:
    home = finding.lane_or_present(repo, lane)
    target = target_of(repo, home, order.into)
    reader = Reader(repo, home, target)
    named = naming.items_named(repo, reader, parts.changes, home, order.into)
    other = next((x for x in named if x.lane != home.record.uuid), None)
    if other is not None:
        raise Refused(
            f"{other.attempt or other.commit[:12]} is a change of lane '{other.lane_name}', "
            f"not of '{home.record.name}'",
            hint="several lanes land together as a stack: git lanes stack create NAME ITEM...",
        )
    waiting = naming.waiting(repo, reader, home, order.into)
    return _picked(reader, target, tuple(x for x in waiting if x in named), None)


def _picked(
    reader: Reader,
    target: LaneState,
    items: tuple[Item, ...],
    stack: str | None,
) -> Picked:
    sources, histories = [], {}
    for uuid in dict.fromkeys(x.lane for x in items):
        state = reader.lane(uuid)
        if state is None:
            raise Refused(
                "a change of the stack is of a lane that is not known here",
                hint="fetch its journal, then repeat",
                data={"lane_uuid": uuid},
            )
        sources.append(state)
        histories[uuid] = tuple(x.commit for x in reader.waiting(uuid, target.record))
    return Picked(target, items, tuple(sources), histories, stack)
