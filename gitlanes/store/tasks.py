"""Tasks to journal entries and back: each is in full in the entry that changed it last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from gitlanes import ids
from gitlanes.errors import CorruptRecord
from gitlanes.models.plain import plain, replace
from gitlanes.models.records import HERE, Lane
from gitlanes.models.tasks import ENDED, STATUSES, Task
from gitlanes.store import codec, in_full, layout
from gitlanes.store.claims import owner_of
from gitlanes.store.validity import require_oids, require_uuid

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

# The members of an entry's details: tasks in full, and where those that ended before are.
DETAILS = "task"
EARLIER = "ended"
_VERBS = ("task",)

# What is not stored: where the task is found says it, or the time of reading.
_TOLD = ("id", "lane", "stale", "extra")
_KNOWN = set(Task.fields) - set(_TOLD)
_TEXTS = ("title", "status", "created")
_MAYBE = (
    *("description", "by", "agent", "worker", "started", "finished", "reason", "attempt"),
    *("worker_uuid", "commit"),
)


def read(repo: LaneRepo, lanes: Iterable[Lane]) -> list[Task]:
    """Return the tasks of these lanes that have not ended; one round trip finds their entries.

    Raises CorruptRecord for one whose entry does not have it.
    """
    named = [(lane, key, oid) for lane in lanes for key, oid in lane.tasks.items()]
    details = in_full.details_of(repo, (oid for _, _, oid in named), DETAILS, _VERBS)
    return [_found(lane, key, oid, details) for lane, key, oid in named]


def read_ended(repo: LaneRepo, lane: Lane) -> Iterator[Task]:
    """Yield a lane's tasks that ended, the newest first as far as one clone ended them.

    Where two clones ended the same task, it is as the completed one of both if there is one.
    """
    told: dict[str, Task] = {}
    passed: set[str] = set()
    todo = list(lane.ended)
    while todo:
        details = in_full.details_of(repo, todo, DETAILS, _VERBS)
        passed.update(todo)
        following: list[str] = []
        for oid in todo:
            told_there = details.get(oid, {})
            following += _oids(told_there.get(EARLIER, ()), oid)
            for key in told_there.get(DETAILS, ()):
                task = _found(lane, key, oid, details)
                if task.status in ENDED and (key not in told or task.commit):
                    told[key] = task
        todo = [x for x in dict.fromkeys(following) if x not in passed]
    yield from told.values()


def with_tasks(lane: Lane, changed: Iterable[Task]) -> tuple[Lane, dict[str, Any]]:
    """Return a lane's record that names the entry to be written, and that entry's details."""
    changed = list(changed)
    bodies = {x.id: _body(x) for x in changed}
    kept = {key: oid for key, oid in lane.tasks.items() if key not in bodies}
    here = {x.id: HERE for x in changed if x.status not in ENDED}
    details: dict[str, Any] = {DETAILS: bodies}
    for key in bodies:
        in_full.require("a task", partial(_task, key, lane.name), details)
    made = replace(lane, tasks=dict(sorted({**kept, **here}.items())))
    if len(here) < len(changed):
        made, details = replace(made, ended=(HERE,)), {**details, EARLIER: list(lane.ended)}
    return made, details


def _body(task: Task) -> dict[str, Any]:
    said = {key: plain(getattr(task, key), absent=False) for key in _KNOWN}
    body = {**task.extra, **said}
    return {key: x for key, x in body.items() if x not in (None, [], {})}


def _oids(found: Any, entry: str) -> list[str]:
    try:
        require_oids(*found)
        return list(map(str, found))
    except (ValueError, TypeError) as error:
        raise CorruptRecord(
            f"journal entry {entry[:12]} names no entry where tasks ended before",
            hint=f"look at it with: git cat-file commit {entry[:12]}",
        ) from error


def _found(lane: Lane, key: str, oid: str, details: Mapping[str, in_full.Details]) -> Task:
    what = f"task '{codec.one_line(key, 20)}' of lane '{lane.name}'"
    return in_full.part(what, oid, details, partial(_task, key, lane.name))


def _task(key: str, lane: str, details: in_full.Details) -> Task:
    body = details[DETAILS][key]
    known = {name: body[name] for name in _KNOWN if name in body}
    lists = {name: tuple(body.get(name, ())) for name in ("former", "former_uuids", "collisions")}
    claim = owner_of(body.get("claim"))
    task = Task(
        **{
            **known,
            **lists,
            "id": key,
            "lane": lane,
            "claim": claim,
            "extra": {name: x for name, x in body.items() if name not in (*_KNOWN, *_TOLD)},
        }
    )
    _check(task)
    return task


def _check(task: Task) -> None:
    """Raise ValueError for what no task can be: ids, names and numbers are trusted later."""
    texts = [getattr(task, x) for x in _TEXTS]
    texts += [x for x in (getattr(task, key) for key in _MAYBE) if x is not None]
    if not all(isinstance(x, str) for x in (*texts, *task.former, *task.collisions)):
        raise ValueError("a text is none")
    counts = (task.priority, task.tries, 0 if task.retries is None else task.retries)
    if not all(type(x) is int for x in counts):
        raise ValueError("a number is none")
    require_uuid(task.worker_uuid, *task.former_uuids)
    require_oids(task.commit)
    if not ids.TASK_ID.fullmatch(task.id) or task.status not in STATUSES:
        raise ValueError("a task has no id, or no known status")
    if task.worker is not None and not layout.is_lane_name(task.worker):
        raise ValueError("a task's lane has no name")
