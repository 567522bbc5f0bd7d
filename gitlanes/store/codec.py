"""Records to bytes and back: journal entries and the lines of notes. See docs/format.md."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

from gitlanes import errors
from gitlanes.errors import BadValue, CorruptRecord, Unsupported
from gitlanes.models.plain import Model, plain, replace
from gitlanes.models.records import EPOCH, HERE, Attempt, Entry, Landed, Lane, RefChange
from gitlanes.store.validity import checked_attempt, checked_details, checked_lane, is_sound

ENTRY_SCHEMA = "gitlanes.entry/1"
ROOT_SCHEMA = "gitlanes.journal/1"

_ATTEMPT_FIELDS = set(Attempt.fields) - {"extra"}
_LANDED_FIELDS = set(Landed.fields) - {"extra"}
_LANE_FIELDS = set(Lane.fields) - {"extra"}
_LONGEST_AGENT = 200
# What goes wrong in reading what is not as the format asks.
_DAMAGE = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
# Members of entries that hold names, ids and times, and no text of anybody's.
_NO_TEXTS = (
    *("schema", "operation", "verb", "time", "previous", "refs", "lanes", "name", "lane", "uuid"),
    *("id", "kind", "status", "commit", "base", "tree", "change_id", "landed", "head", "fork"),
    *("created", "decided", "origin", "parent", "beside", "branch", "mode", "sparse", "merged"),
    *("on", "superseded_by", "change", "host", "budget", "spent", "promotion", "forced"),
    *("renamed", "stacks", "exported", "source", "target", "commits"),
    *("exports", "imported", "rewritten", "ground", "former", "conflict", "sync", "undo"),
    *("tasks", "ended", "claim", "worker", "worker_uuid", "former_uuids"),
    *("started", "attempt"),
    *("queue", "batch", "namesakes", "taken_back", "repository"),
)
_NO_TEXTS_OF_NOTES = (
    *("id", "attempt", "attempt_uuid", "kind", "change_id", "operation", "time", "commits"),
    *("promotion", "tree", "definition", "output_digest", "replaces", "replaced", "restores"),
)
_IN_ENTRIES, _IN_NOTES = frozenset(_NO_TEXTS), frozenset(_NO_TEXTS_OF_NOTES)
# What stands where a secret was begins like this.
_REDACTED = "[redacted: "
# Takes JSON's values, and the keys of what it leaves as it is.
Clean = Callable[[Any, Collection[str]], Any]
# Members that are absent rather than empty: most lanes have none of them.
_RARE = (
    *("meta", "sparse", "mingled", "budget", "spent", "beside", "why", "stacks", "exports"),
    *("former", "namesakes", "taken_back", "tasks", "ended", "queue", "run"),
)
# Members of a lane that are tuples of texts.
_LISTS = ("sparse", "beside", "former", "namesakes", "ended")


def _as_is(value: Any, _: Collection[str]) -> Any:
    return value


def dump(value: Any) -> str:
    """Return JSON on one line, in ASCII, keys sorted, absent instead of null."""
    return _json(_stored(value))


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def one_line(text: str, limit: int = 200) -> str:
    """Return text fit for a subject: one line without control characters, cut at `limit`."""
    line = re.sub(r"[\x00-\x20\x7f-\x9f]+", " ", text).strip()
    return line if len(line) <= limit else line[: limit - 3] + "..."


def check_agent(name: str) -> str:
    """Return `name` if an agent, or whoever decides, may be recorded by it; raises BadValue."""
    if name.isprintable() and name.strip() and len(name) <= _LONGEST_AGENT:
        return name
    raise BadValue(
        f"bad agent id '{errors.line(name, 60)}'",
        hint=f"use printable characters, at most {_LONGEST_AGENT} of them",
    )


def _reason(error: Exception) -> str:
    """Return what is wrong with a record, in words of ours for what Python says of its own."""
    if isinstance(error, json.JSONDecodeError):
        return "it is no JSON"
    if isinstance(error, KeyError):
        return f"it has no {error}"
    return str(error) if type(error) is ValueError else "it is of another form"


def encode_entry(entry: Entry, clean: Clean = _as_is) -> str:
    """Return the commit message that stores an entry: description, blank line, JSON.

    ``clean`` takes out of it what is not to be recorded.
    """
    subject, body = clean(entry.description, ()), clean(_body_of(entry), _IN_ENTRIES)
    return f"{one_line(subject)}\n\n{_counted(body)}\n"


def _counted(body: dict[str, Any]) -> str:
    """Return a plain record as JSON, with the number of secrets that were taken out of it."""
    text = _json(body)
    redacted = text.count(_REDACTED)
    return _json({**body, "redacted": redacted}) if redacted else text


def _body_of(entry: Entry) -> dict[str, Any]:
    """Return an entry as it is stored: plain, and absent instead of null."""
    return {
        "schema": ENTRY_SCHEMA,
        "operation": entry.operation,
        "verb": entry.verb,
        "actor": _actor(entry),
        "time": entry.time,
        "previous": list(entry.previous),
        "refs": {change.name: [change.old or "", change.new or ""] for change in entry.refs},
        "lanes": entry.lanes,
        "record": _lane_body(entry.record),
        "attempts": [_stored_body(x) for x in entry.attempts],
        "details": _stored(entry.details),
    }


def _actor(entry: Entry) -> dict[str, Any]:
    told = {"agent": entry.actor, "host": entry.host, "repository": entry.repository or None}
    stored: dict[str, Any] = _stored(told)
    return stored


def encode_root(lane: Lane, epoch: int = 1) -> str:
    """Return the message of the commit that a journal begins with, before its first entry."""
    body = {"schema": ROOT_SCHEMA, "lane": lane.name, "uuid": lane.uuid, "epoch": epoch}
    return f"journal of lane {lane.name}\n\n{dump(body)}\n"


def is_root(message: bytes) -> bool:
    """Say whether a commit's message is that of a journal's beginning."""
    return message.partition(b"\n\n")[2].startswith(b'{"epoch":')


def decode_entry(oid: str, message: bytes) -> Entry:
    """Return the entry in a journal commit's message; raises CorruptRecord or Unsupported."""
    subject, _, text = message.partition(b"\n\n")
    try:
        body = _entry_body(oid, text)
        return Entry(
            oid=oid,
            operation=body["operation"],
            verb=body["verb"],
            description=subject.decode("utf-8", "replace"),
            actor=body["actor"].get("agent"),
            host=body["actor"].get("host", ""),
            time=body["time"],
            previous=tuple(body["previous"]),
            refs=tuple(
                RefChange(name, old or None, new or None)
                for name, (old, new) in body["refs"].items()
            ),
            lanes=body["lanes"],
            record=_lane(body["record"], oid),
            attempts=tuple(_attempt(x) for x in body.get("attempts", ())),
            details=checked_details(body),
            was=body.get("was"),
            repository=body["actor"].get("repository", ""),
        )
    except _DAMAGE as error:
        raise _damaged(oid, error) from error


class Brief(NamedTuple):
    """An entry as far as it says what became of which attempt, none of it checked.

    ``lane`` is the uuid of the record, ``status`` its status; ``attempts`` are their members.
    ``previous`` are those that it follows, ``earlier`` is that of them which ends an epoch.
    """

    oid: str
    time: str
    previous: tuple[str, ...]
    lane: str
    status: str
    attempts: list[dict[str, Any]]
    earlier: tuple[str, ...] = ()


def decode_brief(oid: str, message: bytes) -> Brief:
    """Return an entry in a third of the time; raises as `decode_entry`, but misses more faults.

    For who reads very many, and takes nothing from it before it was read in full.
    """
    try:
        body = _entry_body(oid, message.partition(b"\n\n")[2])
        record, previous = body["record"], tuple(body["previous"])
        earlier: tuple[str, ...] = ()
        if EPOCH in (details := checked_details(body)):
            previous = earlier = (details[EPOCH]["of"],)
        texts = (body["time"], record["uuid"], record["status"], *previous)
        if not all(isinstance(x, str) for x in texts):
            raise TypeError("a text is none")
        attempts = body.get("attempts", [])
        return Brief(oid, texts[0], previous, texts[1], texts[2], attempts, earlier)
    except _DAMAGE as error:
        raise _damaged(oid, error) from error


def brief(entry: Entry) -> Brief:
    """Return the same of an entry that was read in full."""
    record = entry.record
    attempts = [_body(x) for x in entry.attempts]
    return Brief(entry.oid, entry.time, entry.follows, record.uuid, record.status, attempts)


def index_of(attempts: Iterable[Attempt]) -> list[dict[str, Any]]:
    """Return attempts as the beginning of an epoch has them."""
    return [_body(x) for x in attempts]


def indexed(entry: Entry) -> dict[str, Attempt]:
    """Return {id: attempt} that the beginning of an epoch has; of other entries none.

    Raises CorruptRecord.
    """
    told = entry.details.get(EPOCH)
    if told is None:
        return {}
    try:
        return {x.id: x for x in map(_attempt, told["attempts"])}
    except _DAMAGE as error:
        raise _damaged(entry.oid, error) from error


def _entry_body(oid: str, text: bytes) -> dict[str, Any]:
    body: dict[str, Any] = _load(text)
    if body["schema"] != ENTRY_SCHEMA:
        raise Unsupported(
            f"journal entry {oid[:12]} has format '{body['schema']}'",
            hint="it was written by a newer gitlanes: upgrade yours",
        )
    return body


def _damaged(oid: str, error: Exception) -> CorruptRecord:
    return CorruptRecord(
        f"journal entry {oid[:12]} is damaged: {one_line(_reason(error), 80)}",
        hint=f"look at it with: git cat-file commit {oid[:12]}",
    )


def _lane_body(lane: Lane) -> dict[str, Any]:
    body = _stored_body(replace(lane, open=(), landed={}))
    body["open"] = [_stored_body(x) for x in lane.open]
    body["landed"] = {target: _stored_body(x) for target, x in lane.landed.items()}
    return {key: value for key, value in body.items() if value or key not in _RARE}


def _stored(value: Any) -> Any:
    return plain(value, absent=False)


def _stored_body(model: Model) -> dict[str, Any]:
    return _with_extra(_stored(model))


def _body(model: Model) -> dict[str, Any]:
    """Return a model's members, and beside them those that a newer version wrote."""
    return _with_extra(plain(model))


def _with_extra(body: dict[str, Any]) -> dict[str, Any]:
    extra = body.pop("extra")
    return {**extra, **body}


def _lane(body: dict[str, Any], entry: str) -> Lane:
    extra = _unknown(body, _LANE_FIELDS)
    known = {key: value for key, value in body.items() if key not in extra} if extra else {**body}
    known.setdefault("head", None)
    known.setdefault("fork", None)
    known["open"] = tuple(_attempt(x) for x in body.get("open", ()))
    known["landed"] = {
        lane: Landed(
            tuple(where["bases"]),
            where.get("at"),
            where.get("source"),
            extra=_unknown(where, _LANDED_FIELDS),
        )
        for lane, where in body.get("landed", {}).items()
    }
    known |= {key: tuple(body.get(key, ())) for key in _LISTS}
    if body.get("conflict") == HERE:
        known["conflict"] = entry
    for kind in ("stacks", "tasks", "queue"):
        if kind in body:
            there = body[kind].items()
            known[kind] = {name: entry if at == HERE else at for name, at in there}
    known["ended"] = tuple(entry if at == HERE else at for at in known["ended"])
    return checked_lane(Lane(**known, extra=extra))


def _attempt(body: dict[str, Any]) -> Attempt:
    extra = _unknown(body, _ATTEMPT_FIELDS)
    known = {key: value for key, value in body.items() if key not in extra} if extra else {**body}
    for absent in ("base", "change_id", "agent"):
        known.setdefault(absent, None)
    if known.get("waived") is not None:
        known["waived"] = tuple(known["waived"])
    return checked_attempt(Attempt(**known, extra=extra))


def _unknown(body: dict[str, Any], known: set[str]) -> dict[str, Any]:
    """Return the members that only a newer version knows."""
    return {key: body[key] for key in body.keys() - known}


def _load(data: bytes) -> Any:
    """Return what JSON says; raises ValueError for a number that JSON has no word for."""
    return json.loads(data, parse_float=_finite, parse_constant=_finite)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number")
    return number


def clean_line(body: dict[str, Any], clean: Clean) -> dict[str, Any]:
    """Return a record for a note without what is not to be recorded."""
    cleaned: dict[str, Any] = clean(body, _IN_NOTES)
    return cleaned


def encode_line(schema: str, line_id: str, body: dict[str, Any]) -> bytes:
    """Return one line of a note: a JSON record with its schema and its unique id."""
    said = {**body, "schema": f"gitlanes.{schema}/1", "id": line_id}
    return _counted(_stored(said)).encode()


def decode_lines(data: bytes) -> list[dict[str, Any]]:
    """Return the records in a note, skipping lines that are none, for people may add some.

    A record that another one replaces by id is left out; ids are time-ordered, and so is
    the result.
    """
    records: dict[str, dict[str, Any]] = {}
    for line in data.splitlines():
        try:
            record = _load(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(record, dict) and is_sound(record):
            records[record["id"]] = record
    replaced = {record.get("replaces") for record in records.values()}
    return [records[key] for key in sorted(records) if key not in replaced]
