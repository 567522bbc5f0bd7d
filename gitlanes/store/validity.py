"""Records as they may be trusted: what they name goes into git's arguments and into paths.

A journal may come from anywhere, so an id that is no id, or a branch with a line break in it,
must stop at the door. Raises ValueError, which the reader turns into CorruptRecord.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from gitlanes import ids
from gitlanes.errors import BadName
from gitlanes.models.records import COUNTERS, EPOCH, LIMITED, STATUSES, Attempt, Entry, Lane
from gitlanes.store import layout

if TYPE_CHECKING:
    from gitlanes.models.reconciled import Match
    from gitlanes.models.rewrites import Rewrite

_OID = re.compile(r"[0-9a-f]{40}")
_BRANCH = re.compile(layout.BRANCHES + r"[^\x00-\x20\x7f~^:?*\[\\]+")
_AMOUNT = re.compile(r"[0-9]{1,30}(\.[0-9]{1,30})?(E[+-]?[0-9]{1,3})?")
# A sum of them, to as many digits as sums are exact to.
_TOTAL = re.compile(r"[0-9]{1,210}(\.[0-9]{1,210})?(E[+-]?[0-9]{1,4})?")
# More than anything takes, and every reader's integers can hold it.
MOST = 2**53
_TYPES: dict[str, type] = {
    **dict.fromkeys(("agent", "meta"), dict),
    **dict.fromkeys(("tags", "context"), list),
    **dict.fromkeys(COUNTERS, int),
    **dict.fromkeys(("attempt", "kind", "prompt", "model", "time", "replaces"), str),
    **dict.fromkeys(("name", "by", "reason", "amount", "currency"), str),
    **dict.fromkeys(("amount_source", "coverage", "provider", "stage"), str),
    "replaced": list,
    "raw": dict,
    **dict.fromkeys(("tree", "definition", "output", "output_digest"), str),
    **dict.fromkeys(("exit_code", "duration_ms", "output_bytes", "tries"), int),
    **dict.fromkeys(("passed", "required", "timed_out", "flaky", "cached"), bool),
    "data": dict,
}
_AGENT = ("id", "type", "version")
# A verdict on nothing tells nothing.
_EVALUATION = "gitlanes.evaluation/1"
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z")
_UUID = re.compile(r"[0-9a-zA-Z-]{1,64}")
# What attempts say and nothing else asks of them.
_SAID = ("uuid", "kind", "title", "agent", "time", "by", "reason", "decided", "change_id")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def checked_lane(lane: Lane) -> Lane:
    """Return the lane if its name, ids and branch are what they claim to be."""
    try:
        layout.check_lane_name(lane.name)
        for stack in lane.stacks:
            layout.check_stack_name(stack)
    except BadName as error:
        raise ValueError(error.message) from None
    landed = [x for where in lane.landed.values() for x in (*where.bases, where.at, where.source)]
    require_oids(*(lane.head, *lane.begins, lane.conflict, *lane.former, *lane.namesakes), *landed)
    require_uuid(lane.uuid, lane.origin, *lane.parents)
    if lane.branch is not None:
        _require(_BRANCH, lane.branch)
    if (fault := unsound_said(lane.description, lane.meta, lane.mode, lane.why)) is not None:
        raise ValueError(f"a lane's {fault} is not text")
    if not all(isinstance(x, str) and directory_fault(x) is None for x in lane.sparse):
        raise ValueError("a sparse directory is none")
    if not isinstance(lane.mingled, bool):
        raise ValueError("whether a lane is mingled is no truth value")
    if not _is_budget(lane.budget) or not _is_spent(lane.spent):
        raise ValueError("a budget or what was spent is none")
    if not _are_exports(lane.exports) or not isinstance(lane.imported, str | None):
        raise ValueError("what was exported or imported is none")
    for one in lane.taken_back.values():
        require_oids(one["by"], *(x for old, new in one["ways"] for x in (old, new)))
    for task in lane.tasks:
        _require(ids.TASK_ID, task)
    require_uuid(*lane.queue)
    if lane.batch is not None:
        _require(ids.BATCH_ID, lane.batch)
    if not _is_run(lane.run):
        raise ValueError("what ran in a lane is none")
    named = (*lane.stacks.values(), *lane.tasks.values(), *lane.ended, *lane.queue.values())
    for entry in named:
        _require(_OID, entry)
    return lane


def checked_details(body: dict[str, Any]) -> Any:
    """Return an entry's details, if what begins an epoch there is what it claims to be."""
    details = body.get("details", {})
    if EPOCH not in details:
        return details
    told = details[EPOCH]
    _require(_OID, told["of"])
    sound = type(told["number"]) is int and isinstance(told["attempts"], list)
    if body["previous"] or not sound:
        raise ValueError("what begins an epoch is none")
    return details


def _is_run(run: object) -> bool:
    """Say whether that tells of an agent's run: texts, and a number that it ended with."""
    if not isinstance(run, dict):
        return False
    texts = {key: x for key, x in run.items() if key != "code"}
    return all(isinstance(x, str) for x in texts.values()) and type(run.get("code", 0)) is int


def _are_exports(exports: object) -> bool:
    """Say whether those are branches, each with its form and the commits that it may be at."""
    if not isinstance(exports, dict):
        return False
    commits = [x for one in exports.values() for x in (*one["commits"], one.get("base"))]
    require_oids(*commits)
    words = (x for one in exports.values() for x in (one["form"], one["trailers"]))
    return all(isinstance(x, str) for x in (*exports, *words))


def _is_budget(budget: object) -> bool:
    """Say whether that is a lane's budget, with those of agents and days that it may hold."""
    if not isinstance(budget, dict):
        return False
    agents = budget.get("agents", {})
    limits = (budget.get("lane", {}), budget.get("day", {}))
    return isinstance(agents, dict) and all(map(_are_limits, (*limits, *agents.values())))


def _are_limits(limits: object) -> bool:
    return (
        isinstance(limits, dict)
        and all(is_count(limits.get(x, 0)) for x in (*LIMITED, "alert"))
        and is_amount(limits.get("amount", "0"))
        and isinstance(limits.get("currency", ""), str)
    )


def _is_spent(spent: object) -> bool:
    """Say whether those are running totals, of a lane and by agent, parent and day."""
    if not isinstance(spent, dict):
        return False
    day, agents, former = (spent.get(x, {}) for x in ("day", "agents", "former"))
    if not all(isinstance(x, dict) for x in (day, agents, former)):
        return False
    parts = (spent, day, *former.values())
    if not all(isinstance(x, dict) for x in parts):
        return False
    words = (day.get("date", ""), *(x.get("parent", "") for x in former.values()))
    sums = (*(x.get("total", {}) for x in parts), *agents.values())
    return all(isinstance(x, str) for x in words) and all(map(_are_sums, sums))


def _are_sums(sums: object) -> bool:
    amounts = sums.get("amounts", {}) if isinstance(sums, dict) else None
    return (
        isinstance(sums, dict)
        and isinstance(amounts, dict)
        and all(isinstance(sums.get(x, 0), int) for x in LIMITED)
        and all(isinstance(x, str) and _TOTAL.fullmatch(x) for x in amounts.values())
    )


def unsound_said(description: object, meta: object, mode: object, why: object = None) -> str | None:
    """Return which of the things that people say of a lane is no text, or None."""
    pairs = meta.items() if isinstance(meta, dict) else [(None, None)]
    texts = {
        "description": (description or "",),
        "meta": (x for pair in pairs for x in pair),
        "mode": (mode or "",),
        "why": (why or "",),
    }
    odd = (kind for kind, found in texts.items() if not all(isinstance(x, str) for x in found))
    return next(odd, None)


def directory_fault(name: str) -> str | None:
    """Return why a name cannot be a directory of the tree, or None.

    Git keeps sparse directories one a line, so a control character in one could be another.
    """
    parts = name.split("/")
    rules = (
        (not name, "it is empty"),
        (name.startswith("/"), "it is an absolute path"),
        (".." in parts, "it contains '..'"),
        ("." in parts or "" in parts, "it is not in its shortest form"),
        (_CONTROL.search(name), "it has a control character"),
        (len(name) > 4096, "it is longer than 4096 characters"),
    )
    return next((reason for broken, reason in rules if broken), None)


def checked_attempt(attempt: Attempt) -> Attempt:
    """Return the attempt if its ids are what they claim to be."""
    merged = attempt.merged.values()
    require_oids(attempt.commit, attempt.base, attempt.tree, attempt.landed, *merged)
    match = ids.ATTEMPT_ID.fullmatch(attempt.id)
    if match is None or match["number"] != str(attempt.number):
        raise ValueError("an attempt's id is not its lane's and number's")
    for other in filter(None, (attempt.on, attempt.superseded_by)):
        _require(ids.ATTEMPT_ID, other)
    if attempt.status not in STATUSES:
        raise ValueError("an attempt has no known status")
    if not all(isinstance(x, str) for x in attempt.waived or ()):
        raise ValueError("what was waived is no text")
    if attempt.promotion is not None:
        _require_promotion(attempt.promotion)
    return attempt


def _require_promotion(promotion: dict[str, Any]) -> None:
    """Check what will be landed by whoever accepts it."""
    for oid in (promotion["source"], *promotion["base"]):
        _require(_OID, oid)
    _require(_UUID, promotion["lane_uuid"])
    try:
        layout.check_lane_name(promotion["lane"])
    except BadName as error:
        raise ValueError(error.message) from None
    if not isinstance(promotion["mode"], str) or not promotion["base"]:
        raise ValueError("a promotion has no mode, or no base")
    for one in promotion["forced"]:
        if not isinstance(one["path"], str) or not isinstance(one.get("other", ""), str | None):
            raise ValueError("a forced path is no text")
        if not isinstance(one.get("target"), dict | None):
            raise ValueError("a forced path's target is no object")


def promotion_of(details: object) -> dict[str, Any] | None:
    """Return what an entry's details say of a promotion; None if nothing, or what is unsound."""
    told = details.get("promotion") if isinstance(details, dict) else None
    try:
        if told is not None:
            _require_promotion({**told, "forced": ()})
    except (ValueError, KeyError, TypeError):
        return None
    return told


def reconciled_of(details: object) -> tuple[str, tuple[Match, ...]] | None:
    """Return the lane that an entry's details say work came to, and what was found of it there.

    None if they say nothing, or what is unsound.
    """
    told = details.get("reconciled") if isinstance(details, dict) else None
    try:
        return (str(told["into"]), tuple(map(_match, told["matches"]))) if told else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _match(body: dict[str, Any]) -> Match:
    from gitlanes.models.reconciled import Match  # few entries tell of any

    texts = ("title", "source", "commit", "by")
    if not all(isinstance(body[x], str) for x in texts):
        raise ValueError("a match is of another form")
    known: dict[str, Any] = {x: body[x] for x in Match.fields if x in body}
    return Match(**known)


def rewritten_of(details: object) -> tuple[Rewrite, ...] | None:
    """Return which commits an entry's details say were rewritten; None as `reconciled_of`."""
    told = details.get("rewritten") if isinstance(details, dict) else None
    try:
        return tuple(map(_rewrite, told["commits"])) if told else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _rewrite(body: dict[str, Any]) -> Rewrite:
    from gitlanes.models.rewrites import Rewrite  # few entries tell of any

    new, attempt = body.get("new"), body.get("attempt")
    _require(_OID, body["old"])
    require_oids(new)
    if attempt is not None:
        _require(ids.ATTEMPT_ID, attempt)
    return Rewrite(body["old"], new, attempt, body.get("squash") is True)


def are_texts(entry: Entry) -> bool:
    """Say whether what an entry says beside its record is of the form that readers expect."""
    moves = [x for move in entry.refs for x in (move.name, move.old or "", move.new or "")]
    lanes = [x for pair in entry.lanes.items() for x in pair]
    texts = (entry.operation, entry.verb, entry.host, entry.repository, *moves, *lanes)
    texts += (entry.was or "", entry.actor or "")
    texts += tuple(getattr(x, key) or "" for x in entry.attempts for key in _SAID)
    counts = (entry.record.next, *(x.number for x in entry.attempts))
    return (
        all(isinstance(x, str) for x in texts)
        and all(type(x) is int and x > 0 for x in counts)
        and isinstance(entry.details, dict)
        and isinstance(entry.time, str)
        and _TIME.fullmatch(entry.time) is not None
    )


class Joined(NamedTuple):
    """What an entry says that joins two journals.

    ``base`` is the newest entry that both had, None without any. ``renumbered`` is
    ``{old id: new id}`` of the attempts that came with the second one.
    """

    base: str | None
    renumbered: dict[str, str]


def joined_of(details: object) -> Joined | None:
    """Return what an entry's details say of two journals; None if nothing, or what is unsound."""
    told = details.get("joined") if isinstance(details, dict) else None
    if not isinstance(told, dict):
        return None
    base, renumbered = told.get("base"), told.get("renumbered", {})
    if not (base is None or (isinstance(base, str) and _OID.fullmatch(base))):
        return None
    found = renumbered if isinstance(renumbered, dict) else {}
    names = [x for pair in found.items() for x in pair]
    if not all(isinstance(x, str) and ids.ATTEMPT_ID.fullmatch(x) for x in names):
        return None
    return Joined(base, found)


def is_sound(record: dict[str, Any]) -> bool:
    """Say whether a note's record has an id, and each field that is read the right type."""
    named = record.get("schema") != _EVALUATION or isinstance(record.get("name"), str)
    return named and isinstance(record.get("id"), str) and unsound_field(record) is None


def unsound_field(record: dict[str, Any]) -> str | None:
    """Return the name of a field that readers would skip the whole record for, or None."""
    wrong = (key for key, kind in _TYPES.items() if not isinstance(record.get(key, kind()), kind))
    if (found := next(wrong, None)) is not None:
        return found
    if not _AMOUNT.fullmatch(record.get("amount", "0")):
        return "amount"
    if (found := next((x for x in COUNTERS if not is_count(record.get(x, 0))), None)) is not None:
        return found
    texts = {
        "replaced": record.get("replaced", ()),
        "tags": record.get("tags", ()),
        "context": record.get("context", ()),
        "agent": [x for key, x in record.get("agent", {}).items() if key in _AGENT],
    }
    return next(
        (k for k, found in texts.items() if not all(isinstance(x, str) for x in found)), None
    )


def is_count(value: object) -> bool:
    """Say whether a value is a number of things that can be added up."""
    return type(value) is int and 0 <= value <= MOST


def is_amount(value: object) -> bool:
    """Say whether a value is an amount of money as records spell it."""
    return isinstance(value, str) and _AMOUNT.fullmatch(value) is not None


def require_oids(*oids: str | None) -> None:
    """Raise ValueError for an object id that is none; None is passed over."""
    for oid in oids:
        if oid is not None:
            _require(_OID, oid)


def require_uuid(*uuids: str | None) -> None:
    """Raise ValueError for a UUID that is none; None is passed over."""
    for uuid in uuids:
        if uuid is not None:
            _require(_UUID, uuid)


def _require(pattern: re.Pattern[str], text: str) -> None:
    if not pattern.fullmatch(text):
        raise ValueError(f"'{text[:60]}' is not what its field asks for")
