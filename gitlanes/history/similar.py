"""Attempts that are like a text, by what it means or, without an endpoint, by its words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from heapq import nlargest
from itertools import islice
from typing import TYPE_CHECKING

from gitlanes.cache import asking, meanings
from gitlanes.errors import BadValue
from gitlanes.history import log, vectors
from gitlanes.history.embeddings import Endpoint
from gitlanes.history.search import Filter, attempts_in, places_of
from gitlanes.models.asking import Hit, Similar

if TYPE_CHECKING:
    from gitlanes.cache.database import Database
    from gitlanes.models.records import Attempt
    from gitlanes.store.lane_repo import LaneRepo

# Texts that are made into vectors between two looks at how far one is.
_STEP = 64
# What is less alike than this has nothing in common but chance.
_LEAST = 0.05

Maker = Callable[[Sequence[str]], Sequence[Sequence[float]]]


def similar(repo: LaneRepo, query: str, wanted: Filter | None = None) -> Similar:
    """Return the attempts most like a query, by the cosine of their vectors.

    The vectors are those of the configured endpoint, else of words and their parts. They are
    kept in the cache. Raises EndpointFailed, BadValue for an empty query.
    """
    wanted = wanted or Filter()
    if not query.strip():
        raise BadValue("there is nothing to compare with: the query is empty")
    where = places_of(repo, wanted)
    endpoint = Endpoint.of(repo)
    maker: Maker = endpoint.vectors if endpoint else _words
    model = endpoint.model if endpoint else None
    kept_as = f"{endpoint.url} {endpoint.model}" if endpoint else vectors.WORDS
    compass = vectors.Compass(maker([query])[0])

    def look(db: Database) -> list[tuple[Attempt, float]]:
        new = _complete(repo, db, kept_as, maker)
        scored = (
            (compass.cosine(*vector), key, place)
            for key, place, vector in meanings.known(db, kept_as, where, new)
        )
        close = (x for x in scored if x[0] >= _LEAST)
        most = wanted.limit if wanted.path is None else meanings.ALL
        best = nlargest(most, close)
        scores = {key: score for score, key, _ in best}
        fitting = attempts_in(repo, db, [(key, place) for _, key, place in best], wanted)
        return [(x, scores[key]) for key, x in islice(fitting, wanted.limit)]

    found = asking.ask(repo, look)
    told = log.tell_all(repo, [attempt for attempt, _ in found])
    hits = (
        Hit(x.attempt, x.notes, round(score, 4)) for x, (_, score) in zip(told, found, strict=True)
    )
    return Similar(query, "embeddings" if model else "words", model, tuple(hits))


def _words(texts: Sequence[str]) -> list[list[float]]:
    return [vectors.of_words(x) for x in texts]


def _complete(
    repo: LaneRepo, db: Database, model: str, maker: Maker
) -> dict[str, tuple[float, bytes]]:
    """Return the vectors that were missing, by the texts' digests; they are kept if they can be."""
    missing = meanings.missing(db, model)
    found: dict[str, tuple[float, bytes]] = {}
    for start in range(0, len(missing), _STEP):
        repo.progress("comparing attempts", start, len(missing))
        some = missing[start : start + _STEP]
        made = maker([text for _, text in meanings.texts(db, some)])
        rows = {digest: vectors.packed(x) for (digest, _), x in zip(some, made, strict=True)}
        meanings.keep(db, model, rows)
        found.update(rows)
    repo.progress("comparing attempts", len(missing), len(missing))
    return found
