"""The attempts of one lane or all, newest first, as the journals tell them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from itertools import chain, islice
from typing import TYPE_CHECKING

from gitlanes import clock
from gitlanes.errors import BadValue, NotFound, line
from gitlanes.models.history import History, Told
from gitlanes.models.plain import Model
from gitlanes.models.records import RENAMED, STATUSES, Attempt, Entry
from gitlanes.store import journal, records
from gitlanes.store.validity import promotion_of

if TYPE_CHECKING:
    from gitlanes.cache.database import Database
    from gitlanes.store.lane_repo import LaneRepo

# Attempts whose notes are read at a time: few enough to stop soon, enough to share directories.
_BATCH = 64
# Attempts that are looked at before the cache is asked: most limits end among them.
_WALKED = 512
_PROMOTIONS = ("promotion", "replay")


class Filter(Model):
    """Which attempts to tell of; ``since`` is a date as git understands it.

    With ``promotions`` those alone that bring one lane's work to another; ``source`` is the lane
    that they come from, ``into`` the one that they land on.
    """

    lane: str | None = None
    status: str | None = None
    agent: str | None = None
    tag: str | None = None
    since: str | None = None
    limit: int | None = None
    promotions: bool = False
    source: str | None = None
    into: str | None = None


# An attempt in its newest state, with the entry that says so.
_Found = tuple[Attempt, Entry]


def history(repo: LaneRepo, wanted: Filter | None = None) -> History:
    """Return attempts with their intents, costs and evaluations, deleted lanes' included.

    Raises BadValue for a status that there is not, a negative limit, and no date.
    """
    wanted = wanted or Filter()
    check(wanted.status, wanted.limit)
    since = moment(repo, wanted.since) if wanted.since is not None else None
    lane = wanted.lane or wanted.into
    tips = tips_of(repo, lane)
    found = _attempts(repo, tips, since, one=lane is not None)
    fits = _promotions(repo, wanted)
    batch = _BATCH if wanted.limit is None else min(_BATCH, wanted.limit)

    def told(some: Iterable[_Found]) -> Iterator[Told]:
        matching = (x for x, entry in some if _matches(x, wanted) and fits(x, entry))
        return (x for x in _with_notes(repo, matching, batch) if _tagged(x, wanted.tag))

    answer = list(islice(told(islice(found, _WALKED)), wanted.limit))
    if len(answer) == wanted.limit or (further := next(found, None)) is None:
        return History(tuple(answer))
    known = _from_cache(repo, wanted, tips, since)
    if known is not None:
        some = (x for x in known if _matches(x, wanted))
        fitting = (x for x in _with_notes(repo, some, batch) if _tagged(x, wanted.tag))
        return History(tuple(islice(fitting, wanted.limit)))
    rest = told(chain([further], found))
    return History((*answer, *islice(rest, _less(wanted.limit, answer))))


def attempts(repo: LaneRepo, lane: str | None = None) -> Iterator[Attempt]:
    """Return the attempts of all lanes, or of one, newest first, each read when asked for."""
    return (x for x, _ in _attempts(repo, tips_of(repo, lane), None, one=lane is not None))


def each(repo: LaneRepo, wanted: Filter | None = None) -> Iterator[Told]:
    """Return what `history` does, one after the other, each read when it is asked for.

    What is asked wrongly raises at once; what happens meanwhile is not told.
    """
    wanted = wanted or Filter()
    check(wanted.status, wanted.limit)
    since = moment(repo, wanted.since) if wanted.since is not None else None
    lane = wanted.lane or wanted.into
    found = _attempts(repo, tips_of(repo, lane), since, one=lane is not None)
    fits = _promotions(repo, wanted)
    some = (x for x, entry in found if _matches(x, wanted) and fits(x, entry))
    told = (x for x in _with_notes(repo, some) if _tagged(x, wanted.tag))
    return islice(told, wanted.limit)


def _less(limit: int | None, answer: list[Told]) -> int | None:
    return None if limit is None else limit - len(answer)


def _from_cache(
    repo: LaneRepo, wanted: Filter, tips: list[str], since: float | None
) -> list[Attempt] | None:
    """Return the attempts that may fit, if the cache is there and can tell."""
    selective = (wanted.status, wanted.agent, wanted.tag) != (None, None, None)
    if not selective or wanted.promotions or wanted.source or wanted.into:
        return None
    from gitlanes.cache import asking, places  # 15 ms, and most questions end before

    lane = journal.read_entry(repo.refs, tips[0]).record.uuid if wanted.lane else None
    asked = places.Wanted(lane, wanted.status, wanted.agent, wanted.tag, since)

    def look(db: Database) -> list[Attempt] | None:
        found = places.in_order(db, asked)
        return None if found is None else list(places.attempts_at(repo, found[: wanted.limit]))

    return asking.ask_present(repo, look)


def check(status: str | None, limit: int | None) -> None:
    """Raise BadValue for a status that there is not, and for a negative limit."""
    if limit is not None and limit < 0:
        raise BadValue(f"limit {limit} is negative")
    if status is not None and status not in STATUSES:
        raise BadValue(
            f"unknown status '{line(status, 60)}'",
            hint=f"one of {', '.join(STATUSES)}",
        )


def operations(repo: LaneRepo, operation: str) -> list[Entry]:
    """Return the entries of one operation, by its id or a unique beginning; raises NotFound."""
    found = [
        entry
        for entry in journal.walk_all(repo.git, tips_of(repo, None), repo.warn)
        if entry.operation.startswith(operation)
    ]
    _require_one("operation", operation, {x.operation for x in found})
    return found


def _require_one(what: str, beginning: str, found: Collection[str | None]) -> None:
    """Raise NotFound unless a beginning fits exactly one."""
    if len(found) != 1:
        hint = (
            f"it fits {len(found)} of them: give more of it" if found else "see 'git lanes history'"
        )
        raise NotFound(what, beginning, hint=hint)


def of_change(repo: LaneRepo, change: str) -> list[Told]:
    """Return all attempts of one change, newest first."""
    from gitlanes.cache import asking, places

    attempts: Iterable[Attempt] | None = asking.ask_present(
        repo, lambda db: list(places.attempts_at(repo, places.of_change(db, change)))
    )
    if attempts is None:
        attempts = (x for x, _ in _attempts(repo, tips_of(repo, None), None))
    return list(_with_notes(repo, (x for x in attempts if x.change_id == change)))


def of_beginning(repo: LaneRepo, change: str) -> list[Told]:
    """Return the attempts of the one change whose id begins like that; raises NotFound."""
    every = (x.change_id for x, _ in _attempts(repo, tips_of(repo, None), None))
    found = {x for x in every if x and x.startswith(change)}
    _require_one("change", change, found)
    return of_change(repo, found.pop())


def tell(repo: LaneRepo, attempt: Attempt) -> Told:
    """Return one attempt with its records."""
    return next(tell_all(repo, [attempt]))


def tell_all(repo: LaneRepo, attempts: Iterable[Attempt]) -> Iterator[Told]:
    """Yield attempts with their records."""
    return _with_notes(repo, iter(attempts))


def tips_of(repo: LaneRepo, lane: str | None) -> list[str]:
    """Return the newest entries of all journals, or of one lane's; raises NotFound."""
    if lane is not None:
        state = repo.view.find(lane)
        there = state is not None and state.record.status != RENAMED
        return [state.tip] if state and there else [repo.view.lane(lane).tip]
    tips = journal.read_tips(repo.git, repo.warn)
    if not tips:
        repo.view.require_adopted()
    return tips


def _attempts(
    repo: LaneRepo, tips: list[str], since: float | None, *, one: bool = False
) -> Iterator[_Found]:
    """Yield every attempt once, in the state that its last entry gives it.

    Of `one` lane's journal only what is its own: before the tombstone of another lane that goes
    on under another name, only that one's journal knows how things ended.
    """
    told: set[str] = set()
    others: set[str] = set()
    own = ""
    for entry in journal.walk_all(repo.git, tips, repo.warn):
        if since is not None and clock.from_utc_text(entry.time) < since:
            return
        own = own or entry.record.uuid
        if one and (entry.oid in others or _is_of_another(entry, own)):
            others.update(entry.follows)
            continue
        for attempt in sorted(entry.attempts, key=lambda x: -x.number):
            if attempt.uuid not in told:
                told.add(attempt.uuid)
                yield attempt, entry


def _is_of_another(entry: Entry, lane: str) -> bool:
    return entry.record.status == RENAMED and entry.record.uuid != lane


def _with_notes(repo: LaneRepo, attempts: Iterator[Attempt], size: int = _BATCH) -> Iterator[Told]:
    while batch := list(islice(attempts, size)):
        notes = records.read(repo, [x.commit for x in batch])
        yield from (Told(x, notes[x.commit]) for x in batch)


def _matches(attempt: Attempt, wanted: Filter) -> bool:
    return wanted.status in (None, attempt.status) and wanted.agent in (None, attempt.agent)


def _promotions(repo: LaneRepo, wanted: Filter) -> Callable[[Attempt, Entry], bool]:
    """Return what says whether an attempt is a promotion of the kind that is wanted."""
    if not wanted.promotions and wanted.source is None and wanted.into is None:
        return lambda attempt, entry: True  # noqa: ARG005 - one of two
    source = _known(repo, wanted.source) if wanted.source is not None else None
    into = _known(repo, wanted.into) if wanted.into is not None else None

    def fits(attempt: Attempt, entry: Entry) -> bool:
        if attempt.kind not in _PROMOTIONS:
            return False
        if into is not None and entry.record.uuid != into:
            return False
        told = attempt.promotion or promotion_of(entry.details) or {}
        return source is None or told.get("lane_uuid") == source

    return fits


def _known(repo: LaneRepo, name: str) -> str:
    """Return the uuid of a lane, deleted ones included; raises NotFound."""
    state = repo.view.find(name)
    return (state or repo.view.lane(name)).record.uuid


def _tagged(told: Told, tag: str | None) -> bool:
    return tag is None or any(tag in x.get("tags", ()) for x in told.notes.intents)


def moment(repo: LaneRepo, text: str) -> float:
    """Return epoch seconds for a date as git understands it, '2 days ago' included.

    Raises BadValue for what git does not understand, and takes for now without a word.
    """
    before = int(clock.now())
    said = repo.git.run("rev-parse", f"--since={text}").text
    found = float(said.removeprefix("--max-age="))
    meant = any(x.isdigit() for x in text) or text.strip().lower() in ("now", "today")
    if found >= before and not meant:
        raise BadValue(f"bad date '{line(text, 60)}'", hint="write 2026-01-31, or '2 days ago'")
    return found
