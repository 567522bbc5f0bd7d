"""Which attempts touched a path: found out for those that are asked about, and remembered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gitlanes.errors import NotFound
from gitlanes.git.trees import changed_paths

if TYPE_CHECKING:
    from gitlanes.cache.database import Database
    from gitlanes.models.records import Attempt
    from gitlanes.store.lane_repo import LaneRepo


def those(
    repo: LaneRepo, db: Database, attempts: Sequence[tuple[int, Attempt]], path: bytes
) -> Iterator[tuple[int, Attempt]]:
    """Yield those (key, attempt) that changed a file, or something in a directory; b'' is any."""
    marks = ", ".join("?" * len(attempts))
    query = f"SELECT attempt, paths FROM paths WHERE attempt IN ({marks})"
    known: dict[int, bytes] = dict(db.rows(query, *(key for key, _ in attempts)))
    new = {key: _paths(repo, x) for key, x in attempts if key not in known}
    db.remember("INSERT OR REPLACE INTO paths VALUES (?, ?)", list(new.items()))
    known.update(new)
    for key, attempt in attempts:
        if any(_within(x, path) for x in known[key].split(b"\0")):
            yield key, attempt


def _paths(repo: LaneRepo, attempt: Attempt) -> bytes:
    """Return the paths that an attempt changed, with a NUL between; none where it has no base."""
    if attempt.base is None:
        return b""
    try:
        before = repo.refs.commit(attempt.base).tree
        return b"\0".join(changed_paths(repo.objects, repo.git, before, attempt.tree))
    except NotFound:
        repo.warn(f"the content of {attempt.id} is not in this repository")
        return b""


def _within(path: bytes, place: bytes) -> bool:
    return bool(path) and (place in (b"", path) or path.startswith(place + b"/"))
