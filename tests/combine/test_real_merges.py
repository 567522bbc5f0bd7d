"""Merges that people really made, landed by promotion and compared with git's own merge."""

from __future__ import annotations

import gzip
import json
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from gitlanes import Collision
from tests.support.repos import TestRepo

Row = dict[str, Any]

DATA = Path(__file__).parent.parent / "data" / "real-merges.jsonl.gz"
# A repository holds some rows: one for each would take longer, one for all has too many lanes.
BATCH = 61
EVERY = 15


def load() -> list[Row]:
    """Return all merges."""
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def is_disjoint(row: Row) -> bool:
    """Say whether both sides can have their way."""
    return not row["same"] and not row["df"]


def quoted(path: str) -> str:
    """Spell a path for fast-import."""
    return '"' + path.replace("\\", "\\\\").replace('"', '\\"') + '"'


def file_lines(mode: str, oid: str, path: str) -> Iterator[str]:
    """Yield what makes a file whose content is its shortened object id."""
    if mode == "160000":
        yield f"M {mode} {oid:0<40} {quoted(path)}"
    else:
        yield from (f"M {mode} inline {quoted(path)}", f"data {len(oid)}", oid)


def commit_lines(name: str, parent: str, edits: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Yield a commit's stream; an edit with mode 000000 deletes."""
    yield f"commit refs/heads/{name}"
    yield "committer Test Person <person@example.com> 1700000000 +0000"
    yield from (f"data {len(name)}", name, f"from {parent}")
    for mode, oid, path in edits:
        if mode == "000000":
            yield f"D {quoted(path)}"
        else:
            yield from file_lines(mode, oid, path)


def row_lines(number: int, row: Row, root: str) -> Iterator[str]:
    """Yield the base of a merge and both sides of it."""
    sides = [*row["ours"], *row["theirs"]]
    base = {path: (mode, oid, path) for _, mode, _, oid, _, path in sides if mode != "000000"}
    yield from commit_lines(f"base-{number}", root, list(base.values()))
    for side in ("ours", "theirs"):
        edits = [(mode, oid, path) for _, _, mode, _, oid, path in row[side]]
        # Deletions first: a directory may stand where a file was.
        edits.sort(key=lambda edit: edit[0] != "000000")
        yield from commit_lines(f"{side}-{number}", f"refs/heads/base-{number}", edits)


def rebuild(repo: TestRepo, rows: Sequence[Row]) -> None:
    """Write the rows' commits, as branches base-N, ours-N and theirs-N."""
    root = repo.rev("HEAD")
    lines = [line for n, row in enumerate(rows) for line in row_lines(n, row, root)]
    subprocess.run(
        ["git", "fast-import", "--quiet", "--done"],
        cwd=repo.path,
        env=repo.environ,
        input="\n".join([*lines, "done", ""]).encode(),
        check=True,
    )


def replay(repo: TestRepo, number: int, row: Row) -> None:
    """Promote a lane with their side into a lane with ours, and compare with git."""
    ours, theirs = f"ours-{number}", f"theirs-{number}"
    about = f"{row['repo']} {row['merge']}"
    for lane in (ours, theirs):
        repo.lanes.new(lane, start=repo.rev(f"refs/heads/{lane}"), workspace=False)
    head = repo.lanes.head(ours)
    if is_disjoint(row):
        landed = repo.lanes.promote(theirs, into=ours)
        merged = repo.git(
            "merge-tree", "--write-tree", f"refs/heads/{ours}", f"refs/heads/{theirs}"
        )
        assert repo.rev(f"{landed.head}^{{tree}}") == merged, about
        assert repo.lanes.head(ours) == landed.head, about
        return
    with pytest.raises(Collision) as refused:
        repo.lanes.promote(theirs, into=ours)
    clashes = refused.value.data["collisions"]
    named = {name for clash in clashes for name in (clash["path"], clash["other"]) if name}
    assert named == {*row["same"], *(path for pair in row["df"] for path in pair)}, about
    assert repo.lanes.head(ours) == head, about


def replay_all(repo: TestRepo, rows: Sequence[Row]) -> None:
    """Rebuild some merges in one repository, and replay each."""
    rebuild(repo, rows)
    for number, row in enumerate(rows):
        replay(repo, number, row)
    repo.fsck()


def test_a_sample_of_real_merges_lands_as_git_merges(make_repo: Callable[..., TestRepo]) -> None:
    """Every fifteenth merge lands with git's own tree, or collides on exactly its paths."""
    rows = load()[::EVERY]
    assert {is_disjoint(row) for row in rows} == {True, False}
    replay_all(make_repo({}), rows)


@pytest.mark.slow
@pytest.mark.parametrize("start", range(0, 915, BATCH))
def test_every_real_merge_lands_as_git_merges(
    make_repo: Callable[..., TestRepo], start: int
) -> None:
    """All merges land with git's own tree, or collide on exactly their paths."""
    rows = load()
    assert (len(rows), sum(map(is_disjoint, rows))) == (915, 462)
    replay_all(make_repo({}), rows[start : start + BATCH])
