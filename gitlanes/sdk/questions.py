"""The questions that `gitlanes.Repo` answers about attempts: found by words, behind lines."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from gitlanes.models.asking import Blame, Search, Similar, Why
from gitlanes.sdk.offering import Path_, path_names
from gitlanes.store.lane_repo import LaneRepo

if TYPE_CHECKING:
    from gitlanes.history.search import Filter


class Among(TypedDict, total=False):
    """Which attempts are looked at: `path` is a file or directory from the top, `since` a date
    as git understands it, `limit` how many are told.
    """

    lane: str | None
    status: str | None
    agent: str | None
    tag: str | None
    since: str | None
    path: Path_ | None
    limit: int


class Questions:
    """Methods of `gitlanes.Repo`. What they need is imported when they are called: SQLite and an
    HTTP client take longer to load than most verbs do to run.
    """

    _repo: LaneRepo

    def search(self, query: str, **among: Unpack[Among]) -> Search:
        """Return attempts that have all words and "phrases" of a query, the best first.

        See `Among`. The first search builds a cache, `Repo.history` and later ones use it.
        """
        from gitlanes.history.search import search

        return search(self._repo, query, _filter(among))

    def similar(self, query: str, **among: Unpack[Among]) -> Similar:
        """Return attempts that are like a text: by embeddings if an endpoint is configured."""
        from gitlanes.history.similar import similar

        return similar(self._repo, query, _filter(among))

    def blame(
        self, path: Path_, state: str | None = None, *, lines: tuple[int, int | None] | None = None
    ) -> Blame:
        """Return what is behind each line of a file, its path from the top.

        Without ``state`` it is the file as it is where this was opened. ``lines`` is (first,
        last), from 1.
        """
        from gitlanes.history.blame import blame

        (name,) = path_names([path])
        return blame(self._repo, name, state, lines=lines)

    def why(self, asked: str, state: str | None = None) -> Why:
        """Return what is behind a commit, an attempt, a Change-Id or a line, as PATH:LINE."""
        from gitlanes.history.why import why

        return why(self._repo, asked, state, place=os.fsencode)


def _filter(among: Among) -> Filter:
    from gitlanes.history.search import Filter

    path = among.get("path")
    given: dict[str, Any] = {**among, "path": None if path is None else path_names([path])[0]}
    return Filter(**given)
