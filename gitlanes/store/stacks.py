"""Stacks to journal entries and back: each is in full in the entry that changed it last."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from gitlanes import ids
from gitlanes.models.plain import plain, replace
from gitlanes.models.records import HERE, Lane, LaneState
from gitlanes.models.stacks import (
    GROUPS,
    MATCHES,
    ORPHANS,
    SAID,
    Approval,
    Block,
    Config,
    Item,
    Remark,
    Stack,
)
from gitlanes.store import in_full
from gitlanes.store.validity import require_oids, require_uuid

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# The member of an entry's details that has stacks in full.
DETAILS = "stack"

_KNOWN = {*Config.fields, "blocks", "source", "target", "since", "excluded", "exported"}
_ITEM = ("lane", "commit", "change_id", "title")


def read(repo: LaneRepo, state: LaneState) -> dict[str, Stack]:
    """Return a lane's stacks by name, as people left them; one round trip finds their entries.

    Raises CorruptRecord for one whose entry does not have it.
    """
    lane = state.record
    details = in_full.details_of(repo, lane.stacks.values(), DETAILS, ("stack", "review"))
    return {
        name: in_full.part(
            f"stack '{name}' of lane '{lane.name}'", oid, details, partial(_stack, name, lane)
        )
        for name, oid in lane.stacks.items()
    }


def with_stacks(
    lane: Lane, changed: Mapping[str, Stack | None]
) -> tuple[Lane, dict[str, dict[str, Any]]]:
    """Return a lane's record that names the entry to be written, and that entry's details.

    A stack that is None is no more.
    """
    kept = {name: oid for name, oid in lane.stacks.items() if name not in changed}
    here = {name: HERE for name, stack in changed.items() if stack is not None}
    details = {DETAILS: {name: _body(x) for name, x in changed.items() if x is not None}}
    for name in here:
        in_full.require("a stack", partial(_stack, name, lane), details)
    return replace(lane, stacks=dict(sorted({**kept, **here}.items()))), details


def _body(stack: Stack) -> dict[str, Any]:
    """Return what is stored: what people said, and which changes that was about."""
    body = {
        **stack.extra,
        **plain(stack.config),
        "blocks": [_block_body(x) for x in stack.blocks],
        "source": stack.source,
        "target": stack.target,
        "since": stack.since,
        "excluded": [_item_body(x) for x in stack.excluded],
        "exported": stack.exported,
    }
    return {key: x for key, x in body.items() if x not in (None, [], {})}


def _block_body(block: Block) -> dict[str, Any]:
    body = {
        "title": block.title if block.titled else None,
        "description": block.description,
        "status": block.said,
        "items": [_item_body(x) for x in block.items],
        "approvals": plain(block.approvals, absent=False),
        "remarks": plain(block.remarks, absent=False),
    }
    return {key: x for key, x in body.items() if x not in (None, [])}


def _item_body(item: Item) -> dict[str, Any]:
    return {key: getattr(item, key) for key in _ITEM if getattr(item, key) is not None}


def _stack(name: str, lane: Lane, details: Mapping[str, Any]) -> Stack:
    body = details[DETAILS][name]
    config = Config(**{key: body[key] for key in Config.fields if key in body})
    config = replace(config, reviewers=tuple(map(_text, config.reviewers)))
    require_uuid(body.get("source"), body.get("target"))
    require_oids(body.get("since"))
    _check_config(config)
    return Stack(
        name,
        lane.name,
        config,
        blocks=tuple(_block(n, x) for n, x in enumerate(body.get("blocks", ()), 1)),
        source=body.get("source"),
        target=body.get("target"),
        since=body.get("since"),
        excluded=tuple(map(_item, body.get("excluded", ()))),
        exported={_text(key): _oids(x) for key, x in body.get("exported", {}).items()},
        extra={key: x for key, x in body.items() if key not in _KNOWN},
    )


def _check_config(config: Config) -> None:
    words = ((config.group, GROUPS), (config.match, MATCHES), (config.orphans, ORPHANS))
    if not all(word in known for word, known in words) or type(config.approvals) is not int:
        raise ValueError("a stack is configured in a way that is not known")


def _block(number: int, body: dict[str, Any]) -> Block:
    items = tuple(map(_item, body["items"]))
    if body["status"] not in SAID or not items:
        raise ValueError("a block has no known status, or no change")
    title = body.get("title")
    approvals = (
        Approval(_text(x["by"]), _text(x["time"]), tuple(_oids(x["commits"])))
        for x in body.get("approvals", ())
    )
    remarks = (
        Remark(_text(x["by"]), _text(x["time"]), _maybe(x.get("text")), _maybe(x.get("status")))
        for x in body.get("remarks", ())
    )
    return Block(
        number,
        items[0].title if title is None else _text(title),
        body["status"],
        items,
        said=body["status"],
        titled=title is not None,
        description=_maybe(body.get("description")),
        approvals=tuple(approvals),
        remarks=tuple(remarks),
    )


def _item(body: dict[str, Any]) -> Item:
    change = body.get("change_id")
    require_oids(body["commit"])
    require_uuid(body["lane"])
    if change is not None and not ids.CHANGE_ID.fullmatch(change):
        raise ValueError("a change has no Change-Id")
    return Item(body["lane"], body["commit"], change, _text(body["title"]))


def _oids(found: Any) -> list[str]:
    require_oids(*found)
    return list(found)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a text is none")
    return value


def _maybe(value: Any) -> str | None:
    return None if value is None else _text(value)
