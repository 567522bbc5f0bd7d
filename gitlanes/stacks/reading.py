"""Stacks as they are now: what people said of them, and what their lanes have since."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import Refused
from gitlanes.lanes.targets import target_of
from gitlanes.models.plain import replace
from gitlanes.models.records import Lane, LaneState
from gitlanes.models.stacks import (
    ABANDONED,
    APPROVED,
    DRAFT,
    DROP,
    MERGED,
    PER_CHANGE,
    Block,
    Item,
    Stack,
)
from gitlanes.stacks.changes import Changes, changes, key_of, same_content
from gitlanes.store import stacks as store
from gitlanes.store.adopt import adopted_record

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Reader:
    """Brings stacks up to date; each lane is read once."""

    def __init__(self, repo: LaneRepo, *known: LaneState):
        self._repo = repo
        self._lanes: dict[str, LaneState | None] = {x.record.uuid: x for x in known}
        self._changes: dict[tuple[str, str | None], Changes] = {}

    def lane(self, uuid: str) -> LaneState | None:
        """Return a lane by its uuid, deleted or not; None where it is unknown here."""
        if uuid not in self._lanes:
            adopted = adopted_record(self._repo)
            name = adopted.name if adopted and adopted.uuid == uuid else None
            self._lanes[uuid] = self._repo.view.by_uuid(uuid, name)
        return self._lanes[uuid]

    def target(self, home: LaneState, stack: Stack) -> LaneState | None:
        """Return the lane that a stack is to land on, None where that is unknown here."""
        if stack.target is not None:
            return self.lane(stack.target)
        try:
            return target_of(self._repo, home, None)
        except Refused:
            return None

    def changes(self, uuid: str, target: Lane | None) -> Changes | None:
        """Return a lane's changes towards a target, None where the lane is unknown here."""
        key = uuid, target.uuid if target else None
        if key not in self._changes:
            state = self.lane(uuid)
            if state is None:
                return None
            self._changes[key] = changes(self._repo, state, target)
        return self._changes[key]

    def all_of(self, home: LaneState) -> dict[str, Stack]:
        """Return a lane's stacks by name, as they are now."""
        found = store.read(self._repo, home)
        return {name: self.now(home, stack) for name, stack in found.items()}

    def now(self, home: LaneState, stack: Stack) -> Stack:
        """Return a stack with its changes as its lanes have them, and what that does to it."""
        target = self.target(home, stack)
        lane = target.record if target else None
        match = _Match(self._repo, self, stack, lane)
        blocks = [x for block in stack.blocks if (x := match.block(block)) is not None]
        excluded = [x for x in map(match.item, stack.excluded) if not (x.landed or x.orphaned)]
        own = self.changes(stack.source, lane) if stack.source is not None else None
        waiting = own.waiting if own else ()
        rest = [x for x in waiting if x.commit not in match.taken]
        if stack.config.group == PER_CHANGE:
            blocks += [
                Block(0, x.title, MERGED, (replace(x, landed=True),))
                for x in _landed_since(own.landed if own else (), stack.since)
                if x.commit not in match.taken
            ]
            blocks += [Block(0, x.title, DRAFT, (x,)) for x in rest]
            rest = []
        order = {x.commit: at for at, x in enumerate(waiting)}
        return replace(
            stack,
            blocks=numbered(blocks),
            into=lane.name if lane else None,
            excluded=tuple(excluded),
            unassigned=tuple(sorted((*excluded, *rest), key=lambda x: order.get(x.commit, 0))),
        )


def _landed_since(landed: Sequence[Item], since: str | None) -> Sequence[Item]:
    """Return what a lane landed after one of its commits; all of it where that is not there."""
    at = next((n for n, x in enumerate(landed, 1) if x.commit == since), 0)
    return landed[at:]


class _Match:
    """Finds a stack's changes again among what its lanes have now; each is found once."""

    def __init__(self, repo: LaneRepo, reader: Reader, stack: Stack, target: Lane | None):
        self._repo, self._reader, self._target = repo, reader, target
        self._config = stack.config
        self.taken: set[str] = set()
        # A change that is there unchanged is nobody else's.
        for item in (*stack.items, *stack.excluded):
            if (found := reader.changes(item.lane, target)) is not None:
                self.taken |= {item.commit} & {x.commit for x in (*found.waiting, *found.landed)}

    def block(self, block: Block) -> Block | None:
        """Return a block as it is now, None where nothing is left of it."""
        before = [(item, self.item(item)) for item in block.items]
        if self._config.orphans == DROP:
            before = [(old, new) for old, new in before if not new.orphaned]
        items = tuple(new for _, new in before)
        if not items:
            return None
        said, approvals = block.said, block.approvals
        alive = [(old, new) for old, new in before if not (new.orphaned or new.landed)]
        gone = len(items) < len(block.items)
        changed = gone or not all(same_content(self._repo, o.commit, n.commit) for o, n in alive)
        if changed and said != ABANDONED:
            said, approvals = DRAFT, ()
        commits = {new.commit for _, new in alive}
        title = block.title if block.titled else items[0].title
        return replace(
            block,
            items=items,
            title=title,
            said=said,
            status=MERGED if all(x.landed for x in items) else said,
            approvals=approvals,
            needs_rereview=said == APPROVED and not all(commits <= {*x.commits} for x in approvals),
        )

    def item(self, item: Item) -> Item:
        """Return a change where it stands now."""
        found = self._reader.changes(item.lane, self._target)
        if found is None:
            return item
        if (same := self._in(found.waiting, item)) is not None:
            return same
        if (same := self._in(found.landed, item)) is not None:
            return replace(same, landed=True)
        return replace(item, lane_name=self._name(item), orphaned=True)

    def _in(self, there: Sequence[Item], item: Item) -> Item | None:
        exact = next((x for x in there if x.commit == item.commit), None)
        if exact is not None:
            return exact
        free = (x for x in there if x.commit not in self.taken)
        key = key_of(self._repo, self._config.match, item)
        same = next((x for x in free if key_of(self._repo, self._config.match, x) == key), None)
        if same is not None:
            self.taken.add(same.commit)
        return same

    def _name(self, item: Item) -> str | None:
        state = self._reader.lane(item.lane)
        return state.record.name if state else None


def numbered(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Return blocks that know their place, those that landed first."""
    found = sorted(blocks, key=lambda x: not x.merged)
    return tuple(replace(x, number=n) for n, x in enumerate(found, 1))
