"""What people call stacks, blocks and changes, and what they mean by it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.errors import NotFound, Refused
from gitlanes.history import log
from gitlanes.models.records import ACCEPTED, LaneState
from gitlanes.models.stacks import Block, Item, Stack
from gitlanes.stacks.reading import Reader
from gitlanes.store.view import nearest, shown
from gitlanes.workspaces import finding

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_CHANGE = re.compile(r"I[0-9a-f]{4,40}")
_SEE = "see 'git lanes stack list'"


def home_of(repo: LaneRepo, name: str) -> tuple[str, str]:
    """Return (lane, stack) of a stack's name, ``STACK`` or ``LANE:STACK``.

    Without a lane it is the present workspace's stack, else the only one of that name. Raises
    NotFound, and Refused where several lanes have one.
    """
    lane, colon, stack = name.rpartition(":")
    if colon:
        known = repo.view.find(lane) or repo.view.lane(lane)
        if stack not in known.record.stacks:
            raise _not_found(name, known.record.stacks)
        return known.record.name, stack
    present = finding.present_lane(repo)
    if present is not None and name in present.record.stacks:
        return present.record.name, name
    lanes = [x.record for x in repo.view.lanes(where=lambda text: b'"stacks":{' in text)]
    found = [x.name for x in lanes if name in x.stacks]
    if not found:
        raise _not_found(name, {stack for x in lanes for stack in x.stacks})
    if len(found) > 1:
        names = ", ".join(f"{x}:{name}" for x in found)
        raise Refused(f"several lanes have a stack '{name}'", hint=f"name one of {names}")
    return found[0], name


def _not_found(name: str, known: Iterable[str]) -> NotFound:
    return NotFound("stack", shown(name), nearest=nearest(name, known), hint=_SEE)


def split_block(name: str) -> tuple[str, str]:
    """Return (stack, block) of a block's name, ``STACK/2`` or ``STACK/I8f3a``."""
    stack, slash, block = name.rpartition("/")
    if slash and stack and block:
        return stack, block
    hint = "blocks are named STACK/NUMBER; see 'git lanes stack show'"
    raise NotFound("block", shown(name), hint=hint)


def block_in(stack: Stack, name: str) -> Block:
    """Return a block by its number or the beginning of a Change-Id in it; raises NotFound."""
    if _CHANGE.fullmatch(name):
        found = [x for x in stack.blocks if any(_is(item, name) for item in x.items)]
    else:
        found = [x for x in stack.blocks if str(x.number) == name]
    if len(found) == 1:
        return found[0]
    hint = f"see 'git lanes stack show {stack.id}'"
    raise NotFound("block", shown(f"{stack.name}/{name}"), hint=hint)


def _is(item: Item, change: str) -> bool:
    return (item.change_id or "").startswith(change)


def items_named(
    repo: LaneRepo, reader: Reader, names: Sequence[str], home: LaneState | None, into: str | None
) -> list[Item]:
    """Return the waiting changes that names mean, each once, in the order given.

    A name is a Change-Id or its beginning, an attempt, a commit, or a lane, which stands for all
    of its changes. Those of `home` are looked at first. ``into`` is the target by name. Raises
    NotFound, and Refused for what has landed or was not accepted.
    """
    found = [x for name in names for x in _named(repo, reader, name, home, into)]
    return list(dict.fromkeys(found))


def _named(
    repo: LaneRepo, reader: Reader, name: str, home: LaneState | None, into: str | None
) -> list[Item]:
    if ids.ATTEMPT_ID.fullmatch(name):
        return [_of_attempt(repo, reader, name, into)]
    lane = repo.view.find(name)
    if lane is not None and lane.record.live:
        return list(waiting(repo, reader, lane, into))
    commit = repo.view.target(name, "commit")
    own = _own(repo, reader, home, into)
    same = [x for x in own if x.commit == commit or (_CHANGE.fullmatch(name) and _is(x, name))]
    if len(same) == 1:
        return same
    if _CHANGE.fullmatch(name):
        told = [x.attempt for x in log.of_beginning(repo, name)]
        accepted = [x for x in told if x.status == ACCEPTED and x.kind == "work"] or told
        return [_of_attempt(repo, reader, accepted[0].id, into)]
    hint = "name a Change-Id, an attempt, a lane, or one of the lane's commits"
    raise NotFound("change", shown(name), hint=hint)


def waiting(repo: LaneRepo, reader: Reader, state: LaneState, into: str | None) -> tuple[Item, ...]:
    """Return a lane's changes that wait to land on a target, by default its usual one."""
    from gitlanes.lanes.targets import target_of

    return reader.waiting(state.record.uuid, target_of(repo, state, into).record)


def _own(
    repo: LaneRepo, reader: Reader, home: LaneState | None, into: str | None
) -> tuple[Item, ...]:
    try:
        return waiting(repo, reader, home, into) if home else ()
    except Refused:  # it is the lane that others land on
        return ()


def _of_attempt(repo: LaneRepo, reader: Reader, name: str, into: str | None) -> Item:
    attempt, state = repo.view.attempt_in(name)
    there = waiting(repo, reader, state, into)
    same = [x for x in there if x.commit == attempt.landed]
    same = same or [x for x in there if attempt.change_id and x.change_id == attempt.change_id]
    if same:
        return same[0]
    why = "has landed" if attempt.status == ACCEPTED else f"is {attempt.status}"
    raise Refused(
        f"{name} is no change that waits to land: it {why}",
        hint=f"see what waits: git lanes stack unassigned {state.record.name}",
        data={"attempt": name, "status": attempt.status},
    )
