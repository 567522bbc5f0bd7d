"""Attempts found by words in prompts, titles, messages, reasons, tags and metadata."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gitlanes.cache import asking, fulltext, places
from gitlanes.history import log, touched
from gitlanes.models.asking import Hit, Passage, Search
from gitlanes.models.plain import Model
from gitlanes.models.records import Attempt

if TYPE_CHECKING:
    from gitlanes.cache.database import Database
    from gitlanes.store.lane_repo import LaneRepo

USUAL = 20
# Attempts that are read at a time.
_STEP = 64


class Filter(Model):
    """Which attempts to search; ``path`` is a file or directory, from the top, that they touch.

    ``since`` is a date as git understands it: attempts that changed after it.
    """

    lane: str | None = None
    status: str | None = None
    agent: str | None = None
    tag: str | None = None
    since: str | None = None
    path: bytes | None = None
    limit: int = USUAL


def search(repo: LaneRepo, query: str, wanted: Filter | None = None) -> Search:
    """Return the attempts that have all words and "phrases" of the query, the best first.

    Raises BadValue for a query without a word, NotFound for a lane that there is not.
    """
    wanted = wanted or Filter()
    asked = fulltext.expression(query)
    where = places_of(repo, wanted)
    most = None if wanted.path is not None else fulltext.MOST_RANKED

    def look(db: Database) -> tuple[list[tuple[Attempt, fulltext.Match, Passage]], bool]:
        found = fulltext.matches(db, asked, where, most)
        fitting = attempts_in(repo, db, [(x.key, x.place) for x in found.found], wanted)
        by_key = {x.key: x for x in found.found}
        best: list[tuple[Attempt, fulltext.Match, Passage]] = []
        for key, attempt in fitting:
            if len(best) == wanted.limit:
                return best, True
            best.append((attempt, by_key[key], _passage(fulltext.passage(db, asked, key))))
        return best, found.more

    best, more = asking.ask(repo, look)
    told = log.tell_all(repo, [attempt for attempt, _, _ in best])
    hits = (
        Hit(x.attempt, x.notes, round(match.score, 9), passage)
        for x, (_, match, passage) in zip(told, best, strict=True)
    )
    return Search(query, tuple(hits), more)


def places_of(repo: LaneRepo, wanted: Filter) -> places.Wanted:
    """Return what the cache is asked for; raises BadValue and NotFound."""
    log.check(wanted.status, wanted.limit)
    lane = None
    if wanted.lane is not None:
        state = repo.view.find(wanted.lane)
        lane = (state or repo.view.lane(wanted.lane)).record.uuid
    since = log.moment(repo, wanted.since) if wanted.since else None
    return places.Wanted(lane, wanted.status, wanted.agent, wanted.tag, since)


def attempts_in(
    repo: LaneRepo, db: Database, found: list[tuple[int, places.Place]], wanted: Filter
) -> Iterator[tuple[int, Attempt]]:
    """Yield (key, attempt) of what was found, as the journals have it, and with the path asked."""
    for start in range(0, len(found), _STEP):
        some = found[start : start + _STEP]
        attempts = places.attempts_at(repo, [place for _, place in some])
        keyed = [(key, x) for (key, _), x in zip(some, attempts, strict=True)]
        if wanted.path is not None:
            repo.progress("looking at changed paths", start, len(found))
            keyed = list(touched.those(repo, db, keyed, wanted.path))
        yield from keyed
    repo.progress("looking at changed paths", len(found), len(found))


def _passage(found: tuple[str, str]) -> Passage:
    """Return a passage with its marks as places in the text."""
    source, marked = found
    text, marks, start = "", [], 0
    for character in marked:
        if character == fulltext.BEGIN:
            start = len(text)
        elif character == fulltext.END:
            marks.append((start, len(text)))
        else:
            text += character
    return Passage(source, text, tuple(marks))
