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
from gitlanes.stacks import changes
from gitlanes.stacks.changes import key_of, same_content
from gitlanes.store import stacks as store
from gitlanes.store.adopt import adopted_record

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo


class Reader:
    """Brings stacks up to date; each lane is read once."""

    def __init__(self, repo: LaneRepo, *known: LaneState):
        self._repo = repo
        self._lanes: dict[str, LaneState | None] = {x.record.uuid: x for x in known}
        self._waiting: dict[tuple[str, str | None], tuple[Item, ...]] = {}
        self._landed: dict[tuple[str, str | None, str | None], tuple[Item, ...]] = {}

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

    def waiting(self, uuid: str, target: Lane | None) -> tuple[Item, ...]:
        """Return a lane's changes that wait to land on a target, none of an unknown lane."""
        key, state = (uuid, target.uuid if target else None), self.lane(uuid)
        if state is None:
            return ()
        if key not in self._waiting:
            self._waiting[key] = changes.waiting(self._repo, state, target)
        return self._waiting[key]

    def landed(self, uuid: str, target: Lane | None, since: str | None) -> tuple[Item, ...]:
        """Return a lane's changes that landed there after one of its commits."""
        key, state = (uuid, target.uuid if target else None, since), self.lane(uuid)
        if state is None:
            return ()
        if key not in self._landed:
            found = changes.landed(self._repo, state, target, since)
            self._landed[key] = tuple(replace(x, landed=True) for x in found)
        return self._landed[key]

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
        excluded = [x for x in map(match.item, stack.excluded) if not x.orphaned]
        waiting = self.waiting(stack.source, lane) if stack.source is not None else ()
        rest = [x for x in waiting if x.commit not in match.taken]
        if stack.config.group == PER_CHANGE and stack.source is not None:
            landed = self.landed(stack.source, lane, stack.since)
            others = [x for x in landed if x.commit not in match.taken]
            blocks += [Block(0, x.title, MERGED, (x,)) for x in others]
            blocks += [Block(0, x.title, DRAFT, (x,)) for x in rest]
            rest = []
        order = {x.commit: at for at, x in enumerate(waiting)}
        loose = [x for x in (*excluded, *rest) if not x.landed]
        return replace(
            stack,
            blocks=numbered(blocks),
            into=lane.name if lane else None,
            excluded=tuple(excluded),
            unassigned=tuple(sorted(loose, key=lambda x: order.get(x.commit, 0))),
        )


class _Match:
    """Finds a stack's changes again among what its lanes have now; each is found once."""

    def __init__(self, repo: LaneRepo, reader: Reader, stack: Stack, target: Lane | None):
        self._repo, self._reader, self._target = repo, reader, target
        self._config = stack.config
        self._since = stack.since
        # A change that is there unchanged is nobody else's.
        named = [x for x in (*stack.items, *stack.excluded) if reader.lane(x.lane) is not None]
        self.taken = {x.commit for x in named if x.commit in {y.commit for y in self._here(x)}}

    def _here(self, item: Item) -> Sequence[Item]:
        """Return what waits in a change's lane; if that is not there, what landed of it, too."""
        found = self._reader.waiting(item.lane, self._target)
        if any(x.commit == item.commit for x in found):
            return found
        return (*found, *self._reader.landed(item.lane, self._target, self._since))

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
        """Return a change where it stands now; of an unknown lane it is what it was."""
        state = self._reader.lane(item.lane)
        if state is None:
            return item
        same = self._in(self._here(item), item)
        return same or replace(item, lane_name=state.record.name, orphaned=True)

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


def numbered(blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Return blocks that know their place, those that landed first."""
    found = sorted(blocks, key=lambda x: not x.merged)
    return tuple(replace(x, number=n) for n, x in enumerate(found, 1))
