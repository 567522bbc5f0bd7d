"""Which texts a person has read, by their SHA-256: of all others nothing runs, or is copied."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from gitlanes.git.replacing import replace_file
from gitlanes.store.transaction import locked

if TYPE_CHECKING:
    from gitlanes.store.lane_repo import LaneRepo

_FILE = "trusted"


def are_trusted(repo: LaneRepo, digests: Iterable[str | None]) -> bool:
    """Say whether all of these texts are trusted in this clone."""
    known = _known(repo)
    return all(x in known for x in digests)


def trust(repo: LaneRepo, digests: Iterable[str]) -> None:
    """Remember texts as trusted."""
    _write(repo, [*digests], [*digests])


def distrust(repo: LaneRepo, digests: Iterable[str]) -> None:
    """Forget them."""
    _write(repo, [*digests], [])


def _known(repo: LaneRepo) -> list[str]:
    try:
        return (repo.state_directory / _FILE).read_text("ascii", "replace").split()
    except FileNotFoundError:
        return []


def _write(repo: LaneRepo, without: list[str], with_: list[str]) -> None:
    with locked(repo):
        lines = [*(x for x in _known(repo) if x not in without), *with_]
        replace_file(repo.state_directory / _FILE, "".join(f"{x}\n" for x in lines))
