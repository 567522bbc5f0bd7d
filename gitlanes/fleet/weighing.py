"""What is told of a candidate: how much it changes, and what gates say of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from gitlanes.models.batches import Entrant, Verdict
from gitlanes.models.plain import plain, replace

if TYPE_CHECKING:
    from gitlanes.models.gates import Gate
    from gitlanes.models.notes import Evaluation
    from gitlanes.store.lane_repo import LaneRepo


def verdicts_of(
    gates: Iterable[Gate], said: Mapping[str, Evaluation | None]
) -> tuple[Verdict, ...]:
    """Return what gates say by what was heard of them, by name; of some nothing."""
    heard = ((x, said[x.name]) for x in gates)
    return tuple(
        Verdict(x.name, y.passed if y else None, x.required, y.reason if y else None)
        for x, y in heard
    )


def sized(repo: LaneRepo, entrant: Entrant, before: str, after: str) -> Entrant:
    """Return it with the paths and lines that lie between two trees."""
    rows = list(_numbers(repo, before, after))
    return replace(
        entrant,
        paths=tuple(sorted(path for path, _, _ in rows)),
        added=sum(x for _, x, _ in rows),
        removed=sum(x for _, _, x in rows),
    )


def _numbers(repo: LaneRepo, before: str, after: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield each path with its lines that come and go; a binary file has none."""
    out = repo.git.run("diff-tree", "-r", "-z", "--numstat", "--no-renames", before, after).out
    for row in filter(None, out.split(b"\0")):
        added, removed, path = row.split(b"\t", 2)
        yield path, _number(added), _number(removed)


def _number(digits: bytes) -> int:
    return int(digits) if digits.isdigit() else 0


def shown(paths: tuple[bytes, ...]) -> str:
    """Return paths as a reason tells them: the first few."""
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return ", ".join(str(plain(x)) for x in paths[:3]) + more
