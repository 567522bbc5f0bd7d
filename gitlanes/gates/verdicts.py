"""What gates said of trees before: files that may be deleted, so that none is judged twice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from gitlanes.git.replacing import replace_file
from gitlanes.models.notes import Evaluation
from gitlanes.models.plain import plain, replace
from gitlanes.store.validity import is_sound

if TYPE_CHECKING:
    from gitlanes.models.gates import Gate
    from gitlanes.store.lane_repo import LaneRepo

_DIRECTORY = "verdicts"
# Of each of the 256 directories: the oldest go.
_MOST = 64


def known(repo: LaneRepo, tree: str, gate: Gate) -> Evaluation | None:
    """Return what this very gate said of that tree, None if it was never asked, or forgotten."""
    definition = gate.definition
    try:
        body = json.loads(_path(repo, tree, definition).read_bytes())
        fits = (body["tree"], body["definition"], body["name"]) == (tree, definition, gate.name)
        if not fits or not isinstance(body["passed"], bool) or not is_sound({**body, "id": ""}):
            return None
        told = {key: value for key, value in body.items() if key in Evaluation.fields}
        return replace(Evaluation(**told), cached=True, required=gate.required)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None


def keep(repo: LaneRepo, found: Evaluation) -> None:
    """Remember a verdict. Where that fails, the gate is asked again some day."""
    path = _path(repo, str(found.tree), str(found.definition))
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, json.dumps(plain(found, absent=False)))
        _prune(path.parent)


def old(repo: LaneRepo, before: float) -> list[Path]:
    """Return the files of verdicts that were written before a moment."""
    found = []
    for path in files(repo):
        with suppress(OSError):
            found += [path] if path.stat().st_mtime < before else []
    return sorted(found)


def files(repo: LaneRepo) -> Iterator[Path]:
    """Yield the files of all verdicts."""
    yield from Path(repo.state_directory, _DIRECTORY).glob("*/*")


def forget(which: Iterable[Path]) -> None:
    """Delete verdicts: the gates are asked again, should they be needed."""
    for path in which:
        path.unlink(missing_ok=True)


def _path(repo: LaneRepo, tree: str, definition: str) -> Path:
    place = Path(repo.state_directory, _DIRECTORY, tree[:2])
    return place / f"{tree[2:]}-{definition[:16]}"


def _prune(directory: Path) -> None:
    files = list(directory.iterdir())
    if len(files) > _MOST:
        files.sort(key=lambda x: x.stat().st_mtime)
        for old in files[: len(files) - _MOST // 2]:
            old.unlink(missing_ok=True)
