"""Why something is as it is: from a line or a commit to all that was tried."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitlanes import ids
from gitlanes.errors import Negative, NotFound
from gitlanes.history import log
from gitlanes.history.blame import blame
from gitlanes.history.landings import landings
from gitlanes.history.origins import of_change, origins
from gitlanes.models.asking import BlamedLine, Origin, Why
from gitlanes.models.history import Told
from gitlanes.models.plain import plain
from gitlanes.store import codec
from gitlanes.usage.sums import total

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitlanes.store.lane_repo import LaneRepo

_LINE = re.compile(r"(?P<path>.+):(?P<line>[1-9][0-9]{0,8})", re.S)


def why(
    repo: LaneRepo,
    asked: str,
    state: str | None = None,
    *,
    place: Callable[[str], bytes] = str.encode,
) -> Why:
    """Return what is behind a commit, an attempt, a Change-Id, or a line given as PATH:LINE.

    The line is one of the file in this workspace, or of `state`. ``place`` turns PATH into a
    path from the top. Raises NotFound, Negative for a line that is not saved.
    """
    repo.view.require_adopted()
    if ids.ATTEMPT_ID.fullmatch(asked):
        told = log.tell(repo, repo.view.attempt(asked))
        return _why(repo, asked, _origin(repo, told.attempt.commit), told)
    if ids.CHANGE_ID.fullmatch(asked):
        found = of_change(repo, asked)
        if found is None:
            raise NotFound("change", asked, hint="see 'git lanes history'")
        return _why(repo, asked, _origin(repo, found.attempt.commit), found)
    match = _LINE.fullmatch(asked)
    if match:
        return _of_line(repo, asked, place(match["path"]), int(match["line"]), state)
    commit = repo.view.commit_of(asked)
    return _of_commit(repo, asked, _origin(repo, commit))


def _of_line(repo: LaneRepo, asked: str, path: bytes, number: int, state: str | None) -> Why:
    found = blame(repo, path, state, lines=(number, number))
    (line,) = found.lines
    if line.made is None:
        raise Negative(
            f"line {number} of '{codec.one_line(str(plain(path)))}' is not saved yet",
            hint="commit it first",
        )
    return _of_commit(repo, asked, found.origins[line.made], path, line)


def _of_commit(
    repo: LaneRepo,
    asked: str,
    origin: Origin,
    path: bytes | None = None,
    line: BlamedLine | None = None,
) -> Why:
    told = None
    if origin.attempt is not None:
        try:
            told = log.tell(repo, repo.view.attempt(origin.attempt))
        except NotFound:  # its lane's journal was never fetched
            told = None
    return _why(repo, asked, origin, told, path, line)


def _why(
    repo: LaneRepo,
    asked: str,
    origin: Origin,
    told: Told | None,
    path: bytes | None = None,
    line: BlamedLine | None = None,
) -> Why:
    change = told.attempt.change_id if told else origin.change_id
    tried = [told] if told else []
    if change is not None:
        known = log.of_change(repo, change)
        tried = known if told is None or told.attempt in [x.attempt for x in known] else [told]
    landed = list(log.tell_all(repo, landings(repo, told.attempt))) if told else []
    brought = {x.attempt.uuid for x in landed}
    tried = [x for x in tried if x.attempt.uuid not in brought]
    return Why(
        asked=asked,
        commit=origin.commit,
        origin=origin,
        attempt=told,
        path=path,
        line=line,
        change_id=change,
        tried=tuple(tried),
        landings=tuple(landed),
        cost=total(record for x in tried for record in x.notes.costs),
    )


def _origin(repo: LaneRepo, commit: str) -> Origin:
    return origins(repo, [commit])[commit]
