"""Making stacks, configuring and deleting them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import BadValue, Negative, Refused
from gitlanes.lanes.targets import target_of
from gitlanes.models.plain import replace
from gitlanes.models.records import LaneState
from gitlanes.models.stacks import (
    DRAFT,
    GROUPS,
    MANUAL,
    MATCHES,
    ORPHANS,
    PER_CHANGE,
    Block,
    Config,
    Item,
    Stack,
    StackDeleted,
    Unassigned,
)
from gitlanes.stacks import naming
from gitlanes.stacks.reading import Reader, numbered
from gitlanes.stacks.revising import Now, check_order, revise, shown
from gitlanes.store import codec, layout, stacks
from gitlanes.store.adopt import require_adopted_lane
from gitlanes.store.expectation import require_active
from gitlanes.store.transaction import transaction
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_MOST_APPROVALS = 100


def create(
    repo: LaneRepo,
    name: str,
    items: Sequence[str] = (),
    config: Config | None = None,
    *,
    lane: str | None = None,
    into: str | None = None,
) -> Stack:
    """Make a stack of a lane's changes, or of the items named: changes, attempts, whole lanes.

    Without items it is the lane's, and each change that the lane has or gets is a block. Items
    of several lanes make a stack that the target keeps. ``into`` is the lane to land on, by
    default the usual one. Raises BadName, Refused for a name that a stack has there already.
    """
    layout.check_stack_name(name)
    repo.redactor.require_none(name, "a stack's name")
    config = checked(config or Config(group=MANUAL if items else PER_CHANGE))
    with transaction(repo, "stack") as tx:
        reader, home, stack = _planned(repo, name, items, config, lane, into)
        require_active(home.record)
        if name in home.record.stacks:
            raise Refused(
                f"lane '{home.record.name}' has a stack '{name}' already",
                hint=f"see 'git lanes stack show {home.record.name}:{name}'",
            )
        check_order(repo, reader, home, stack)
        tx.description = f"create stack {name} of lane {home.record.name}"
        record, details = stacks.with_stacks(home.record, {name: stack})
        tx.lane(home, record, details=details)
    return shown(repo, f"{home.record.name}:{name}")


def keeper(repo: LaneRepo, items: Sequence[str], lane: str | None, into: str | None) -> str:
    """Return the name of the lane that would keep a stack of these items; see `create`."""
    config = Config(group=MANUAL if items else PER_CHANGE)
    return _planned(repo, "", items, config, lane, into)[1].record.name


def _planned(
    repo: LaneRepo,
    name: str,
    items: Sequence[str],
    config: Config,
    lane: str | None,
    into: str | None,
) -> tuple[Reader, LaneState, Stack]:
    """Return a new stack, the lane that keeps it, and what has read the lanes."""
    wanted = lane is not None or not items
    own = finding.lane_or_present(repo, lane) if wanted else finding.present_lane(repo)
    reader = Reader(repo, *([own] if own else []))
    found = naming.items_named(repo, reader, items, own, into)
    if len({x.lane for x in found}) > 1:
        into = into or require_adopted_lane(repo).record.name
        found = naming.items_named(repo, reader, items, own, into)
    return reader, *_made(repo, name, None if items else own, found, into, config)


def _made(
    repo: LaneRepo,
    name: str,
    own: LaneState | None,
    items: Sequence[Item],
    into: str | None,
    config: Config,
) -> tuple[LaneState, Stack]:
    """Return the lane that keeps a new stack, and the stack."""
    blocks = numbered(Block(0, x.title, DRAFT, (x,)) for x in items)
    if len({x.lane for x in items}) > 1 and into is not None:
        if config.group == PER_CHANGE:
            raise BadValue("a stack of several lanes is grouped by hand", hint="use --group manual")
        keeper = repo.view.lane(into)
        return keeper, Stack(name, keeper.record.name, config, blocks, target=keeper.record.uuid)
    home = repo.view.lane(str(items[0].lane_name)) if items else own
    if home is None:
        raise Negative("nothing to stack: no change waits there", hint="commit work first")
    target = target_of(repo, home, into).record
    landed = home.record.landed.get(target.uuid)
    stack = Stack(
        name,
        home.record.name,
        config,
        blocks,
        source=home.record.uuid,
        target=target.uuid if into else None,
        since=landed.source if landed else None,
    )
    return home, stack


def checked(config: Config) -> Config:
    """Return a configuration if it can be; raises BadValue."""
    words = (
        ("group", config.group, GROUPS),
        ("match", config.match, MATCHES),
        ("orphans", config.orphans, ORPHANS),
    )
    for what, word, known in words:
        if word not in known:
            shown_word = codec.one_line(str(word), 60)
            raise BadValue(f"unknown {what} '{shown_word}'", hint=f"one of {', '.join(known)}")
    if not 0 <= config.approvals <= _MOST_APPROVALS:
        raise BadValue(f"approvals are from 0 to {_MOST_APPROVALS}, not {config.approvals}")
    for reviewer in config.reviewers:
        codec.check_agent(reviewer)
    return config


def configure(
    repo: LaneRepo,
    name: str,
    *,
    group: str | None = None,
    match: str | None = None,
    orphans: str | None = None,
    approvals: int | None = None,
    reviewers: Sequence[str] | None = None,
) -> Stack:
    """Change how a stack is kept; what is None stays. Raises Negative where that is nothing."""
    said = {"group": group, "match": match, "orphans": orphans, "approvals": approvals}
    changes: dict[str, object] = {key: x for key, x in said.items() if x is not None}
    if reviewers is not None:
        changes["reviewers"] = tuple(reviewers)

    def change(now: Now) -> Stack:
        stack = now.stack
        config = checked(replace(stack.config, **changes))
        if config == stack.config:
            raise Negative(f"nothing to change: stack '{stack.name}' is like that already")
        if config.group == PER_CHANGE and stack.source is None:
            raise BadValue("a stack of several lanes is grouped by hand")
        now.tx.description = f"configure stack {stack.name}: {', '.join(changes)}"
        return replace(stack, config=config)

    return revise(repo, name, change)


def delete(repo: LaneRepo, name: str) -> StackDeleted:
    """Let a stack be no more; its changes stay in their lanes, the journal keeps what was said."""
    lane, own = naming.home_of(repo, name)
    with transaction(repo, "stack") as tx:
        state = repo.view.lane(lane)
        if own not in state.record.stacks:
            raise Negative(f"stack '{own}' is deleted already")
        tx.description = f"delete stack {own} of lane {lane}"
        record, details = stacks.with_stacks(state.record, {own: None})
        tx.lane(state, record, details=details)
    return StackDeleted(own, lane)


def list_stacks(repo: LaneRepo, lane: str | None = None) -> list[Stack]:
    """Return the stacks of a lane, or of all live ones, as they are now."""
    if lane is not None:
        states = [repo.view.lane(lane)]
    else:
        repo.view.require_adopted()
        states = repo.view.lanes(where=lambda text: b'"stacks":{' in text)
    reader = Reader(repo, *states)
    return [stack for state in states for stack in reader.all_of(state).values()]


def unassigned(repo: LaneRepo, lane: str | None = None) -> Unassigned:
    """Return the changes that wait in a lane and are in no block of any of its stacks.

    Those of stacks that its usual target keeps count, too.
    """
    state = finding.lane_or_present(repo, lane)
    reader = Reader(repo, state)
    target = target_of(repo, state, None)
    kept = (*reader.all_of(state).values(), *reader.all_of(target).values())
    there = {x.commit for stack in kept for x in stack.items}
    waiting = naming.waiting(repo, reader, state, None)
    return Unassigned(state.record.name, tuple(x for x in waiting if x.commit not in there))
